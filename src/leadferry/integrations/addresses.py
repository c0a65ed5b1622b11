"""The addresses of this instance, and whether LinkedIn may reach them: pure."""

import ipaddress
from urllib.parse import urlsplit

_PRIVATE_ENDINGS = (".local", ".internal", ".lan", ".home.arpa", ".localhost")


def is_public(url: str) -> bool:
    """False for plain http and for hosts that only a private network knows.

    Whether LinkedIn really gets through, only its own check can tell.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" or not host:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_PRIVATE_ENDINGS)
