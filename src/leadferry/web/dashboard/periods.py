"""The days that a dashboard shows, and what they are compared with."""

from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from leadferry.leads.counts import Span
from leadferry.sync.periods import Period
from leadferry.sync.services import time_zone, today
from leadferry.web.fields import dress

CHOICES = (7, 30, 90)
MOST_DAYS = 92
_DEFAULT = 30
_ONE_DAY = timedelta(days=1)


class PeriodForm(forms.Form):
    """From a first to a last day."""

    first = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    last = forms.DateField(
        label=_("To"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def clean(self) -> None:
        """The days must be in order, and few enough to be counted at once."""
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first is None or last is None:
            return
        if first > last:
            self.add_error("last", _("The first day comes after the last."))
        elif (last - first).days >= MOST_DAYS:
            self.add_error(
                "last", _("At most %d days can be shown at once.") % MOST_DAYS
            )


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The days to show; `days` where the last so many were chosen."""

    period: Period
    days: int | None
    form: PeriodForm


def chosen(asked: dict[str, str]) -> Chosen:
    """What was asked for; the last thirty days where that cannot be."""
    now = today()
    if "first" in asked or "last" in asked:
        form = PeriodForm(asked)
        dress(form)
        if form.is_valid():
            values = form.cleaned_data
            typed = Period(values["first"], values["last"])
            return Chosen(period=typed, days=None, form=form)
        return Chosen(period=_lately(now, _DEFAULT), days=_DEFAULT, form=form)
    text = asked.get("days", "")
    days = int(text) if text in {str(one) for one in CHOICES} else _DEFAULT
    period = _lately(now, days)
    form = PeriodForm(initial={"first": period.first, "last": period.last})
    dress(form)
    return Chosen(period=period, days=days, form=form)


def _lately(now: date, days: int) -> Period:
    return Period(now - timedelta(days=days - 1), now)


def before(period: Period) -> Period:
    """As many days, just before."""
    length = days_of(period)
    last = period.first - _ONE_DAY
    return Period(last - timedelta(days=length - 1), last)


def days_of(period: Period) -> int:
    """How many days it has."""
    return (period.last - period.first).days + 1


def this_week(now: date) -> Period:
    """From Monday to today."""
    return Period(now - timedelta(days=now.weekday()), now)


def last_week(now: date) -> Period:
    """The whole week before, from Monday to Sunday."""
    monday = now - timedelta(days=now.weekday() + 7)
    return Period(monday, monday + timedelta(days=6))


def each_day(period: Period) -> list[date]:
    """Its days, the oldest first."""
    return [period.first + timedelta(days=n) for n in range(days_of(period))]


def span(period: Period) -> Span:
    """Its first moment, and the first one after it, in the instance's time zone."""
    start, end = period.bounds(time_zone())
    return start, end + 1
