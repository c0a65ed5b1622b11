"""Quantiles of counted durations against those of the durations themselves."""

import itertools
import json
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from leadferry.kit.histogram import BOUNDS, Histogram, end_of_step, read_stored

DAYS_MS = 90 * 86_400_000
DURATIONS = st.lists(
    # As many short ones as long ones.
    st.one_of(*(st.integers(0, limit) for limit in (20, 3_000, 600_000, DAYS_MS))),
    min_size=1,
    max_size=300,
)


def counted(durations: list[int]) -> Histogram:
    histogram = Histogram()
    for duration in durations:
        histogram.add(duration)
    return histogram


def exact(durations: list[int], share: float) -> int:
    return sorted(durations)[ceil(share * len(durations)) - 1]


@given(DURATIONS, st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_at_most_a_tenth_off(durations: list[int], share: float) -> None:
    told = counted(durations).quantile(share)
    right = exact(durations, share)
    assert told is not None
    assert abs(told - right) <= 0.1 * right


@given(DURATIONS, DURATIONS)
def test_counts_add_up_as_if_counted_together(
    first: list[int], second: list[int]
) -> None:
    merged = read_stored(json.loads(json.dumps(counted(first).stored())))
    merged.merge(counted(second))
    assert merged == counted([*first, *second])
    assert merged.count == len(first) + len(second)
    assert merged.total_ms == sum(first) + sum(second)


@given(DURATIONS, st.sampled_from(BOUNDS))
def test_how_many_took_no_longer_is_exact_at_the_end_of_a_step(
    durations: list[int], limit: int
) -> None:
    right = sum(duration <= limit for duration in durations)
    assert counted(durations).within(limit) == right


def test_steps_are_fine_enough_and_reach_far_enough() -> None:
    far = [end for end in BOUNDS if end >= 10]
    wide = [high / low for low, high in itertools.pairwise(far)]
    assert max(wide) ** 0.5 < 1.1
    assert far[-1] > DAYS_MS
    assert (end_of_step(10_000), end_of_step(15_000)) == (10_000, 14_000)


def test_nothing_counted_has_no_quantile_and_before_zero_is_zero() -> None:
    assert Histogram().quantile(0.5) is None
    assert counted([-40]).quantile(0.99) == 0
