"""How soon to poll again: pure."""

_MINUTE_MS = 60_000

# Where notices come, polling only makes sure that none was missed.
BEHIND_THE_DOOR_MS = 15 * _MINUTE_MS
# Without them: soon while leads come, seldom while it is quiet.
_SOONEST_MS, _LATEST_MS = 20_000, int(7.5 * _MINUTE_MS)
_SHARE_OF_QUIET = 0.25
# Of a known daily limit polling takes this share at most.
_SHARE_OF_CALLS = 0.3
_DAY_MS = 24 * 60 * _MINUTE_MS
# A page costs a call: many pages in each poll make polls rarer.
_PER_PAGE_MS = 5_000


def next_poll_ms(
    *, quiet_ms: int, door_works: bool, pages: int, calls_per_day: int | None
) -> int:
    """Milliseconds until the next poll of an ad account.

    `quiet_ms` since the last lead; `pages` were read by the last poll.
    """
    if door_works:
        wait = BEHIND_THE_DOOR_MS
    else:
        wait = int(min(max(quiet_ms * _SHARE_OF_QUIET, _SOONEST_MS), _LATEST_MS))
        wait = max(wait, pages * _PER_PAGE_MS)
    if calls_per_day:
        least = _DAY_MS * max(pages, 1) / (calls_per_day * _SHARE_OF_CALLS)
        wait = max(wait, int(least))
    return wait
