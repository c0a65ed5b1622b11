"""Proofs between LinkedIn and the door; both use the client secret as key."""

import hashlib
import hmac
import re
from collections.abc import Sequence

_PREFIX = "hmacsha256="
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _digest(message: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def sign(body: bytes, *, secret: str) -> str:
    """The bare hex signature of a notice, over the literal prefix and the raw bytes."""
    return _digest(_PREFIX.encode() + body, secret)


def verify(body: bytes, *, header: str, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made this header for exactly these bytes."""
    given = header.strip().removeprefix(_PREFIX).lower().encode("utf-8", "replace")
    matches = [
        hmac.compare_digest(sign(body, secret=secret).encode(), given)
        for secret in secrets
    ]
    return any(matches)


def is_challenge(code: str) -> bool:
    """Whether this is a well-formed UUID; nothing else may ever be signed."""
    return _UUID.fullmatch(code) is not None


def challenge_response(code: str, *, secret: str) -> str:
    """The hex answer to LinkedIn's check of the webhook address."""
    return _digest(code.encode(), secret)
