"""Durations counted in steps that grow: two counts are added, quantiles remain.

A step is at most 21 % wider than the one before, so that a quantile, told as the
geometric middle of its step, is at most 10 % off.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, sqrt

_STEPS = (10, 12, 14, 16, 18, 20, 24, 29, 35, 42, 50, 60, 72, 86)
# Upper ends in milliseconds: one by one, then by steps to 99 days, longer than
# LinkedIn keeps a lead.
BOUNDS: tuple[int, ...] = (
    *range(10),
    *(step * int(10**power) for power in range(9) for step in _STEPS),
)

# As it is stored: the sum in milliseconds, and the counts by the number of the step.
Stored = list[int | dict[str, int]]


@dataclass
class Histogram:
    """How many durations fell into each step."""

    counts: Counter[int] = field(default_factory=Counter)
    total_ms: int = 0

    def add(self, milliseconds: int) -> None:
        """Count one; before zero is zero: clocks differ a little."""
        held = max(milliseconds, 0)
        self.counts[min(bisect_left(BOUNDS, held), len(BOUNDS) - 1)] += 1
        self.total_ms += held

    def merge(self, other: Histogram) -> None:
        """Count what the other one counted, too."""
        self.counts.update(other.counts)
        self.total_ms += other.total_ms

    @property
    def count(self) -> int:
        """How many were counted."""
        return self.counts.total()

    def quantile(self, share: float) -> float | None:
        """So many milliseconds at most took this share of them; none: none is known."""
        left = ceil(share * self.count)
        for step in sorted(self.counts):
            left -= self.counts[step]
            if left <= 0:
                return _middle(step)
        return None

    def within(self, milliseconds: int) -> int:
        """How many took surely not longer; exact where it is the end of a step."""
        last = bisect_right(BOUNDS, milliseconds) - 1
        return sum(number for step, number in self.counts.items() if step <= last)

    def stored(self) -> Stored:
        """For a JSON column."""
        by_name = {str(step): self.counts[step] for step in sorted(self.counts)}
        return [self.total_ms, by_name]


def _middle(step: int) -> float:
    if step <= 10:
        return float(BOUNDS[step])
    return sqrt(BOUNDS[step - 1] * BOUNDS[step])


def read_stored(stored: Stored) -> Histogram:
    """What `stored` wrote."""
    total, by_name = stored
    counts = by_name if isinstance(by_name, Mapping) else {}
    return Histogram(
        counts=Counter({int(step): number for step, number in counts.items()}),
        total_ms=total if isinstance(total, int) else 0,
    )


def end_of_step(milliseconds: int) -> int:
    """The longest duration up to this one that is told exactly."""
    return BOUNDS[max(bisect_right(BOUNDS, milliseconds) - 1, 0)]
