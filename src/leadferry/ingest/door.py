"""The webhook door: signature, one row on disk, 200. No network, no rules, no kick.

A bare WSGI function, so that sessions, sign-in and pages cost a notice nothing, and
a second listener can serve it alone.
"""

import hmac
import json
import logging
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from leadferry.ingest import challenge, counting, inbox
from leadferry.integrations.door_keys import DoorKeys
from leadferry.linkedin.signature import verify

logger = logging.getLogger("leadferry.door")

PREFIX = "/linkedin/notices/"
MAX_BODY = 1_000_000

_STATUS = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    429: "429 Too Many Requests",
    503: "503 Service Unavailable",
}
_keys = DoorKeys()


def application(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer one request to the door."""
    try:
        status, body = _answer(environ)
    except Exception:
        # Not 200: LinkedIn may send it again, and polling finds it in any case.
        logger.exception("door failed")
        inbox.reset_connection()
        status, body = 503, b""
    content_type = "application/json" if body else "text/plain"
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    start_response(_STATUS[status], headers)
    return [body]


def _answer(environ: WSGIEnvironment) -> tuple[int, bytes]:
    name = environ["PATH_INFO"].removeprefix(PREFIX)
    if not hmac.compare_digest(name.encode(), _keys.address().encode()):
        return 404, b""
    method = environ["REQUEST_METHOD"]
    if method == "POST":
        return _take_notice(environ), b""
    if method == "GET":
        return _answer_challenge(environ)
    return 405, b""


def _take_notice(environ: WSGIEnvironment) -> int:
    body = _read_body(environ)
    if body is None:
        counting.count(counting.TOO_LARGE)
        return 413
    header = environ.get("HTTP_X_LI_SIGNATURE", "")
    if not _is_signed(body, header):
        counting.count(counting.BAD_SIGNATURE)
        return 401
    inbox.record(body)
    return 200


def _is_signed(body: bytes, header: str) -> bool:
    if not header:
        return False
    return verify(body, header=header, secrets=_keys.secrets()) or verify(
        body, header=header, secrets=_keys.fresh_secrets()
    )


def _read_body(environ: WSGIEnvironment) -> bytes | None:
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > MAX_BODY:
        return None
    size = int(length) if length.isdigit() else MAX_BODY + 1
    body: bytes = environ["wsgi.input"].read(size)
    return body if len(body) <= MAX_BODY else None


def _answer_challenge(environ: WSGIEnvironment) -> tuple[int, bytes]:
    query = environ.get("QUERY_STRING", "")
    code = challenge.read_code(query)
    if code is None:
        return 400, b""
    if not challenge.within_rate():
        return 429, b""
    secrets = _keys.secrets()
    if not secrets:
        return 503, b""
    counting.count(counting.CHALLENGE)
    return 200, json.dumps(challenge.answer(code, secret=secrets[0])).encode()
