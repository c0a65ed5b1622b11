"""LinkedIn's check of the webhook address."""

import threading
from collections import deque
from urllib.parse import parse_qs

from leadferry.kit import clock
from leadferry.linkedin.signature import challenge_response, is_challenge

_MAX_QUERY = 1000
_PER_MINUTE = 60
_recent: deque[float] = deque()
_lock = threading.Lock()


def read_code(query: str) -> str | None:
    """The one well-formed UUID of the query, or none.

    Both of LinkedIn's proofs use one key: whoever could have any text signed here
    could forge the signature of a notice.
    """
    if len(query) > _MAX_QUERY:
        return None
    codes = parse_qs(query, keep_blank_values=True).get("challengeCode", [])
    if len(codes) != 1 or not is_challenge(codes[0]):
        return None
    return codes[0]


def within_rate() -> bool:
    """Whether this minute has room for one more challenge."""
    now = clock.monotonic()
    with _lock:
        while _recent and now - _recent[0] > 60:
            _recent.popleft()
        if len(_recent) >= _PER_MINUTE:
            return False
        _recent.append(now)
    return True


def answer(code: str, *, secret: str) -> dict[str, str]:
    """What LinkedIn expects within three seconds."""
    return {
        "challengeCode": code,
        "challengeResponse": challenge_response(code, secret=secret),
    }
