from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from leadferry.kit.errors import RejectedError
from leadferry.sync.periods import Period, check

TODAY = date(2026, 11, 26)


def at(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, tz=UTC).isoformat()


@pytest.mark.req("D4", "R093")
@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        ("UTC", TODAY, "2026-11-26T00:00:00+00:00", "2026-11-26T23:59:59.999000+00:00"),
        (
            "Asia/Kolkata",
            TODAY,
            "2026-11-25T18:30:00+00:00",
            "2026-11-26T18:29:59.999000+00:00",
        ),
        # The clocks go back: that day has 25 hours.
        (
            "Europe/Berlin",
            date(2026, 10, 25),
            "2026-10-24T22:00:00+00:00",
            "2026-10-25T22:59:59.999000+00:00",
        ),
    ],
)
def test_days_are_whole_in_their_time_zone(
    zone: str, day: date, first: str, last: str
) -> None:
    start, end = Period(day, day).bounds(ZoneInfo(zone))
    assert (at(start), at(end)) == (first, last)


@pytest.mark.req("D4", "R092")
@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (date(2026, 11, 26), date(2026, 11, 25), "after its last"),
        (date(2026, 11, 26), date(2026, 11, 27), "after today"),
        (date(2026, 8, 27), date(2026, 8, 28), "the earliest day is 28 August 2026"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_a_sentence(
    first: date, last: date, why: str
) -> None:
    with pytest.raises(RejectedError, match=why):
        check(Period(first, last), today=TODAY, days=90)


def test_the_whole_of_the_last_90_days_can_be_asked_for() -> None:
    check(Period(date(2026, 8, 28), TODAY), today=TODAY, days=90)
