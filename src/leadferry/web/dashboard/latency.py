"""How long leads take: the target, LinkedIn's part and ours, by hour and form."""

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from leadferry.ingest import latency_queries
from leadferry.ingest.latency import ALL_FORMS, HOUR, HOUR_MS
from leadferry.ingest.latency_queries import MOST_FORMS, Period, Point, Report, Told
from leadferry.ingest.stages import LINKEDINS, OURS, Stage
from leadferry.kit import clock
from leadferry.web.access import requires

_PERIODS = {
    Period.DAY: gettext_lazy("24 hours"),
    Period.WEEK: gettext_lazy("7 days"),
    Period.MONTH: gettext_lazy("30 days"),
}
_PERCENTILES = ("p50", "p95", "p99")
_LONGEST_ID = 19


@requires("leads.view_lead")
@require_safe
def latency(request: HttpRequest) -> HttpResponse:
    """The budget of the target, then the percentiles of a period, of a form or all."""
    period = _period(request.GET.get("period", ""))
    form_id = _form_id(request.GET.get("form", ""))
    report = latency_queries.report(period, form_id=form_id)
    budget = latency_queries.budget()
    limit = {
        "name": _("Target: %(seconds)d s") % {"seconds": budget.seconds},
        "value": budget.seconds,
    }
    context = {
        "tab": "latency",
        "section": "dashboard",
        "budget": budget,
        "report": report,
        "whole": [(Stage(stage).label, told) for stage, told in report.whole.items()],
        "rows": [
            (datetime_of(point), point.stages.get(LINKEDINS), point.stages.get(OURS))
            for point in reversed(report.points)
            if point.stages
        ],
        "forms": [
            (form, *(form.stages.get(one) for one in (LINKEDINS, OURS, Stage.POLLED)))
            for form in report.forms[:MOST_FORMS]
        ],
        "most_forms": MOST_FORMS,
        "ours": {**_chart(report, OURS), "limit": limit},
        "linkedins": _chart(report, LINKEDINS),
        "has_ours": OURS in report.whole,
        "has_linkedins": LINKEDINS in report.whole,
        "periods": _PERIODS.items(),
        "period": period,
        "form_id": form_id,
        "is_by_hour": report.hours == HOUR,
    }
    return render(request, "web/dashboard/latency.html", context)


def _period(text: str) -> Period:
    return Period(text) if text in set(Period) else Period.DAY


def _form_id(text: str) -> int:
    readable = text.isascii() and text.isdecimal() and len(text) < _LONGEST_ID
    return int(text) if readable else ALL_FORMS


def datetime_of(point: Point) -> datetime:
    """When the hour or day of a point begins, UTC."""
    return clock.from_ms(point.hour * HOUR_MS)


def _chart(report: Report, stage: Stage) -> dict[str, object]:
    told = [point.stages.get(stage) for point in report.points]
    return {
        "type": "line",
        "scale": "log",
        "unit": _("s"),
        "categories": [_named(point, report.hours) for point in report.points],
        "series": [
            {"name": name, "values": _seconds(told, name)} for name in _PERCENTILES
        ],
    }


def _named(point: Point, hours: int) -> str:
    return date_format(datetime_of(point), "j M H:i" if hours == HOUR else "j M")


def _seconds(told: Sequence[Told | None], name: str) -> list[float | None]:
    values = (None if one is None else getattr(one, name) for one in told)
    # A logarithm knows no nothing: a millisecond is the least that is measured.
    return [
        None if value is None else max(round(value / 1000, 3), 0.001)
        for value in values
    ]
