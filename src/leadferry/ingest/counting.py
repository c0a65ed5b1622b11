"""What the door refused, counted without a write per refusal."""

import threading
from collections import Counter

from django.db import connections

from leadferry.ingest.models import DoorCount
from leadferry.ingest.routers import inbox
from leadferry.kit import clock

BAD_SIGNATURE = "bad signature"
TOO_LARGE = "too large"
CHALLENGE = "challenge"
KINDS = (BAD_SIGNATURE, TOO_LARGE, CHALLENGE)

SLOT_MS = 600_000
# A flood of forged notices must not become a flood of writes.
_MIN_SECONDS_BETWEEN_WRITES = 0.05


class _Tally:
    """Counts of this process that are not on disk yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unwritten: Counter[str] = Counter()
        self._last_write = -1e9

    def add(self, kind: str) -> dict[str, int]:
        """Count one; what is returned is to be written now."""
        with self._lock:
            self._unwritten[kind] += 1
            now = clock.monotonic()
            if now - self._last_write < _MIN_SECONDS_BETWEEN_WRITES:
                return {}
            self._last_write = now
            counts = dict(self._unwritten)
            self._unwritten.clear()
            return counts


_tally = _Tally()


def count(kind: str) -> None:
    """Count one answer; written at once, or with the next one during a flood."""
    _write(_tally.add(kind))


def _write(counts: dict[str, int]) -> None:
    if not counts:
        return
    now = clock.now_ms()
    with connections[inbox()].cursor() as cursor:
        for kind, number in counts.items():
            cursor.execute(
                "INSERT INTO ingest_doorcount (slot, kind, count, last_at) "
                "VALUES (%s, %s, %s, %s) ON CONFLICT (slot, kind) DO UPDATE SET "
                "count = ingest_doorcount.count + excluded.count, "
                "last_at = excluded.last_at",
                [now // SLOT_MS, kind, number, now],
            )


def within_an_hour(kind: str) -> int:
    """How many the door counted within the last sixty to seventy minutes."""
    since = clock.now_ms() // SLOT_MS - 6
    counts = DoorCount.objects.filter(kind=kind, slot__gte=since)
    return sum(counts.values_list("count", flat=True))
