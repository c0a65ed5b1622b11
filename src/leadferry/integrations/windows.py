"""Whether a response was submitted while its form and its integration were on: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leadferry.leads.models import Fate

# A form is on since ever: only a switch ends it.
FROM_THE_START = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """From a moment on, until another (not included) or open; ms, UTC."""

    on_from: int
    on_until: int | None

    def holds(self, moment: int) -> bool:
        """Whether the moment lies in the interval."""
        return self.on_from <= moment and (
            self.on_until is None or moment < self.on_until
        )


def fate_at(
    submitted_at: int, *, integration: Sequence[Interval], form: Sequence[Interval]
) -> Fate:
    """Registered, switched off or before set-up, by the moment of submission."""
    if _holds(integration, submitted_at) and _holds(form, submitted_at):
        return Fate.REGISTERED
    starts = [interval.on_from for interval in integration]
    if not starts or submitted_at < min(starts):
        return Fate.BEFORE_SETUP
    return Fate.SWITCHED_OFF


def _holds(intervals: Iterable[Interval], moment: int) -> bool:
    return any(interval.holds(moment) for interval in intervals)
