"""Periods of calendar days in the time zone of the instance: pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from leadferry.kit.errors import RejectedError

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From a first to a last calendar day, both included."""

    first: date
    last: date

    def bounds(self, zone: ZoneInfo) -> tuple[int, int]:
        """The first and the last millisecond since 1970, UTC."""
        return _starts(self.first, zone), _starts(self.last + _ONE_DAY, zone) - 1


def _starts(day: date, zone: ZoneInfo) -> int:
    midnight = datetime.combine(day, time(), tzinfo=zone)
    return int(midnight.timestamp() * 1000)


def earliest(today: date, days: int) -> date:
    """The first day that can be asked for."""
    return today - timedelta(days=days)


def check_order(period: Period, *, today: date) -> None:
    """Raise RejectedError with a sentence where the period is none, or to come."""
    if period.first > period.last:
        raise RejectedError("The first day of the period comes after its last day.")
    if period.last > today:
        raise RejectedError("The period ends after today.")


def check(period: Period, *, today: date, days: int) -> None:
    """Raise RejectedError with a sentence where the period cannot be asked for."""
    check_order(period, today=today)
    if period.first < earliest(today, days):
        first = earliest(today, days).strftime("%-d %B %Y")
        raise RejectedError(
            f"LinkedIn gives leads of the last {days} days only: "
            f"the earliest day is {first}."
        )
