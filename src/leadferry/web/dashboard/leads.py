"""Leads per day by form, campaign and ad banner; each number leads to its leads."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from leadferry.ingest import queries as ingest
from leadferry.leads import counts, queries
from leadferry.leads.counts import By, CountedBy
from leadferry.leads.models import LookupValue
from leadferry.sync import calendars
from leadferry.sync.periods import Period
from leadferry.sync.services import time_zone, today
from leadferry.web.access import requires
from leadferry.web.dashboard import periods
from leadferry.web.leads.forms import NONE

# More colours than this nobody tells apart.
_DRAWN = 7
_LISTED = 100
_STANDINGS = 3
# How the list of leads calls it, and how people do.
_BY = {
    "form": (By.FORM, gettext_lazy("By form"), gettext_lazy("Form")),
    "campaign": (By.CAMPAIGN, gettext_lazy("By campaign"), gettext_lazy("Campaign")),
    "ad": (By.CREATIVE, gettext_lazy("By ad banner"), gettext_lazy("Ad banner")),
}
_WITHOUT = {
    "campaign": gettext_lazy("No campaign"),
    "ad": gettext_lazy("No ad banner"),
}


@dataclass(frozen=True, slots=True)
class Number:
    """How many leads, and the list of just those; no list of none."""

    count: int
    href: str

    @property
    def shown(self) -> str:
        """As it stands on the page: there are a thousand of them."""
        shown = intcomma(self.count)
        if not self.href:
            return shown
        return format_html('<a href="{}">{}</a>', self.href, shown)


@dataclass(frozen=True, kw_only=True)
class Row:
    """Where leads of the period came from."""

    name: str
    leads: Number
    tests: Number
    percent: float | None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number beside the one before it."""

    caption: str
    now: Number
    then_caption: str
    then: Number
    change: str = ""


class _Told:
    """The counts of a period, and how each is written and linked."""

    def __init__(self, name: str, period: Period) -> None:
        self.name = name
        self.period = period
        self.days = periods.each_day(period)
        by = _BY[name][0]
        spans = [periods.span(Period(day, day)) for day in self.days]
        self.counted = counts.count_by(by, spans)
        self.leads = _sum(one.leads for one in self.counted)
        self.tests = _sum(one.tests for one in self.counted)
        values = {*self.leads, *self.tests}
        named = LookupValue.objects.filter(pk__in=[one for one in values if one])
        self._names = dict(named.values_list("pk", "name"))
        # Those of most leads first.
        self.values = sorted(
            values, key=lambda one: (-self.leads[one], self.name_of(one))
        )
        with_leads = [one for one in self.values if self.leads[one]]
        self.drawn = with_leads[:_DRAWN]
        self.has_others = len(with_leads) > _DRAWN

    def name_of(self, value: int | None) -> str:
        """What people call it."""
        return str(_WITHOUT[self.name]) if value is None else self._names[value]

    def of_value(
        self, value: int | None, count: int, period: Period, *, test: bool = False
    ) -> Number:
        """So many leads of a period that came from there."""
        of = {self.name: NONE if value is None else str(value)}
        return _number(count, period, test=test, **of)


def _sum(counted: Iterable[Mapping[int | None, int]]) -> Counter[int | None]:
    found: Counter[int | None] = Counter()
    for one in counted:
        found.update(one)
    return found


def _number(count: int, period: Period, *, test: bool = False, **of: str) -> Number:
    if not count:
        return Number(0, "")
    query = {
        **of,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "test": "1" if test else "0",
    }
    return Number(count, f"{_list()}?{urlencode(query)}")


@cache
def _list() -> str:
    return reverse("leads")


@requires("leads.view_lead")
@require_safe
def leads(request: HttpRequest) -> HttpResponse:
    """Figures, a picture by day, and the same numbers in tables."""
    asked = request.GET.dict()
    chosen = periods.chosen(asked)
    name = asked.get("by", "") if asked.get("by") in _BY else "form"
    told = _Told(name, chosen.period)
    total, tests = told.leads.total(), told.tests.total()
    context = {
        "tab": "leads",
        "section": "dashboard",
        "by": name,
        "ways": [(key, caption) for key, (_by, caption, _one) in _BY.items()],
        "caption": _BY[name][2],
        "choices": periods.CHOICES,
        "chosen": chosen,
        "kept": _kept(chosen),
        "zone": time_zone().key,
        "figures": _figures(chosen, total),
        "held_back": ingest.held_back_count(),
        "completeness": calendars.standings()[:_STANDINGS],
        "has_leads": bool(total or tests) or queries.has_leads(),
        "total": _number(total, chosen.period),
        "tests": _number(tests, chosen.period, test=True),
        "chart": _chart(told),
        "rows": _rows(told)[:_LISTED],
        "rest": _rest(told),
        "drawn": [told.name_of(one) for one in told.drawn],
        "has_others": told.has_others,
        "days": _days(told),
    }
    return render(request, "web/dashboard/leads.html", context)


def _kept(chosen: periods.Chosen) -> str:
    """The period in an address."""
    if chosen.days is not None:
        return urlencode({"days": chosen.days})
    period = chosen.period
    return urlencode({"first": str(period.first), "last": str(period.last)})


def _figures(chosen: periods.Chosen, total: int) -> list[Figure]:
    now = today()
    day = Period(now, now)
    week = periods.this_week(now)
    earlier = periods.before(chosen.period)
    then = _counted(earlier)
    return [
        Figure(
            caption=_("Today"),
            now=_counted(day),
            then_caption=_("Yesterday"),
            then=_counted(periods.before(day)),
        ),
        Figure(
            caption=_("This week, since Monday"),
            now=_counted(week),
            then_caption=_("Last week"),
            then=_counted(periods.last_week(now)),
        ),
        Figure(
            caption=_period_named(chosen),
            now=_number(total, chosen.period),
            then_caption=_("The days before"),
            then=then,
            change=_change(total, then.count),
        ),
    ]


def _counted(period: Period) -> Number:
    return _number(counts.count_in(periods.span(period)), period)


def _period_named(chosen: periods.Chosen) -> str:
    if chosen.days is not None:
        return _("Last %d days") % chosen.days
    named = [
        date_format(day, "j M Y") for day in (chosen.period.first, chosen.period.last)
    ]
    return _("%(first)s to %(last)s") % {"first": named[0], "last": named[1]}


def _change(now: int, then: int) -> str:
    if not then:
        return ""
    return f"{round((now - then) * 100 / then):+d}\u00a0%"


def _chart(told: _Told) -> dict[str, object]:
    series = [
        {
            "name": told.name_of(value),
            "values": [one.leads.get(value, 0) for one in told.counted],
        }
        for value in told.drawn
    ]
    others = [_others(told, one) for one in told.counted]
    if told.has_others:
        series.append({"name": _("Others"), "values": others})
    return {
        "type": "bar",
        "stacked": True,
        "unit": "",
        "categories": [date_format(day, "j M") for day in told.days],
        "series": series,
    }


def _others(told: _Told, counted: CountedBy) -> int:
    drawn = sum(counted.leads.get(value, 0) for value in told.drawn)
    return sum(counted.leads.values()) - drawn


def _rows(told: _Told) -> list[Row]:
    total = told.leads.total()
    return [
        Row(
            name=told.name_of(value),
            leads=told.of_value(value, told.leads[value], told.period),
            tests=told.of_value(value, told.tests[value], told.period, test=True),
            percent=told.leads[value] * 100 / total if total else None,
        )
        for value in told.values[: _LISTED + 1]
    ]


def _rest(told: _Told) -> dict[str, int] | None:
    rest = told.values[_LISTED:]
    if not rest:
        return None
    return {
        "values": len(rest),
        "leads": sum(told.leads[one] for one in rest),
        "tests": sum(told.tests[one] for one in rest),
    }


def _days(told: _Told) -> list[dict[str, object]]:
    """Each day, the newest first: the drawn values, the others, all, the tests."""
    rows = []
    for day, counted in zip(reversed(told.days), reversed(told.counted), strict=True):
        one = Period(day, day)
        rows.append(
            {
                "day": day,
                "cells": [
                    (
                        told.name_of(value),
                        told.of_value(value, counted.leads.get(value, 0), one),
                    )
                    for value in told.drawn
                ],
                "others": _others(told, counted),
                "leads": _number(sum(counted.leads.values()), one),
                "tests": _number(sum(counted.tests.values()), one, test=True),
            }
        )
    return rows
