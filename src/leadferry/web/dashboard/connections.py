"""Everything that will stop on a date: a list, what ends first on top, and months."""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.timezone import get_current_timezone
from django.views.decorators.http import require_safe

from leadferry.ingest import queries as ingest
from leadferry.integrations import forecast
from leadferry.integrations.forecast import DAYS_BEFORE, Ending
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social.doctor import page_of

_MOST_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Row:
    """An ending with its number on the page and the page that mends it."""

    number: int
    ending: Ending
    href: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day of a month and what ends on it."""

    day: date
    is_in_month: bool
    rows: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month in which something ends, week by week."""

    first: date
    weeks: Sequence[Sequence[Day]]


@requires(MANAGE_INTEGRATIONS)
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """What ends when, and the leads a day that hang on it."""
    found = forecast.endings(checked_at=ingest.last_challenge())
    rows = [_row(number, one) for number, one in enumerate(found, 1)]
    context = {
        "tab": "connections",
        "section": "dashboard",
        "rows": rows,
        "months": _months(rows),
        "weekdays": [(WEEKDAYS[n], WEEKDAYS_ABBR[n]) for n in range(7)],
        "days_before": ", ".join(map(str, DAYS_BEFORE)),
    }
    return render(request, "web/dashboard/connections.html", context)


def _row(number: int, ending: Ending) -> Row:
    first = ending.integrations[0].pk if ending.integrations else 0
    # The doctor is that of an integration.
    href, caption = page_of(ending.page, first)
    return Row(number=number, ending=ending, href=href, caption=caption)


def _months(rows: Sequence[Row]) -> list[Month]:
    by_day: dict[date, list[Row]] = {}
    for row in rows:
        if row.ending.at is not None and not row.ending.has_ended:
            day = row.ending.at.astimezone(get_current_timezone()).date()
            by_day.setdefault(day, []).append(row)
    firsts = sorted({day.replace(day=1) for day in by_day})[:_MOST_MONTHS]
    return [_month(first, by_day) for first in firsts]


def _month(first: date, by_day: dict[date, list[Row]]) -> Month:
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    return Month(
        first=first,
        weeks=[
            [
                Day(
                    day=day,
                    is_in_month=day.month == first.month,
                    rows=by_day.get(day, []) if day.month == first.month else [],
                )
                for day in week
            ]
            for week in weeks
        ],
    )
