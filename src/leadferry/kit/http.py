"""One way to speak HTTP: timeouts, our name, and no secret in a log."""

import logging
import ssl
from collections.abc import Mapping
from functools import cache

import httpx

import leadferry
from leadferry.kit import clock

logger = logging.getLogger("leadferry.http")

TIMEOUT = httpx.Timeout(connect=5.0, read=30.0, write=10.0, pool=5.0)
USER_AGENT = f"leadferry/{leadferry.__version__}"
_STARTED = "leadferry.started"


def _note_start(request: httpx.Request) -> None:
    request.extensions[_STARTED] = clock.monotonic()


def _log_answer(response: httpx.Response) -> None:
    request = response.request
    started = request.extensions.get(_STARTED, clock.monotonic())
    logger.debug(
        "%s %s%s -> %d in %.0f ms",
        request.method,
        request.url.host,
        request.url.path,  # never the query: it may hold what a person typed
        response.status_code,
        (clock.monotonic() - started) * 1000,
    )


@cache
def _trust() -> ssl.SSLContext:
    # Reading the authorities takes longer than many a call: once is enough.
    return httpx.create_ssl_context(trust_env=False)


def make_client(
    *,
    base_url: str,
    transport: httpx.BaseTransport | None = None,
    auth: httpx.Auth | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Client:
    """A client for one remote system; it follows no redirect and no proxy variable."""
    return httpx.Client(
        base_url=base_url,
        transport=transport,
        auth=auth,
        headers={"User-Agent": USER_AGENT, **(headers or {})},
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        verify=_trust(),
        event_hooks={"request": [_note_start], "response": [_log_answer]},
    )
