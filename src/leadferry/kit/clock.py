"""The only source of time: real, or moved by a file that all processes share."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET_FILE = os.environ.get("LEADFERRY_CLOCK", "")


def _offset_ms() -> int:
    # A test writes milliseconds into the file; every process reads it anew.
    if not _OFFSET_FILE:
        return 0
    try:
        return int(Path(_OFFSET_FILE).read_text(encoding="ascii") or 0)
    except (FileNotFoundError, ValueError):
        return 0


def now_ms() -> int:
    """The time now in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000 + _offset_ms()


def now() -> datetime:
    """The time now, aware, UTC."""
    return from_ms(now_ms())


def from_ms(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC time."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def to_ms(at: datetime) -> int:
    """An aware time as milliseconds since 1970, UTC."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def monotonic() -> float:
    """Seconds of a clock that never goes back; for durations only."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Real seconds pass, whatever the shared clock says."""
    time.sleep(seconds)
