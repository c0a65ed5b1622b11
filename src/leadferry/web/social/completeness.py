"""Completeness: a calendar of proofs, a day with its buckets, a month to keep."""

from datetime import date, timedelta
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts.models import User
from leadferry.integrations.models import Integration
from leadferry.integrations.queries import forms_of
from leadferry.kit.errors import RejectedError
from leadferry.sync import calendars, checks, queries
from leadferry.sync.models import CheckPlan, DayProof
from leadferry.sync.proofs import MENDED
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social.found import integration_or_404
from leadferry.web.spreadsheets import csv_answer

# Bucket -> caption, and what it means for whoever asks whether a lead is lost.
_BUCKETS = {
    "registered": (lazy("Registered"), lazy("They are leads here.")),
    "held_back": (lazy("Held back"), lazy("They wait for a person, with a reason.")),
    "deleted": (lazy("Deleted"), lazy("LinkedIn told that they were deleted.")),
    "discarded": (lazy("Discarded"), lazy("A person decided that they stay out.")),
    "switched_off": (
        lazy("Switched off"),
        lazy("Form or integration was off when they were submitted."),
    ),
    "before_setup": (
        lazy("Before set-up"),
        lazy("They were submitted before the integration was set up."),
    ),
    "on_its_way": (
        lazy("On its way"),
        lazy("Submitted minutes before the check; a later one tells."),
    ),
    "missing": (lazy("Missing"), lazy("They should be here and are being fetched.")),
}
_MOST_FORMS = 50
_WEEK = timedelta(days=7)


def _form_id(request: HttpRequest) -> int:
    chosen = request.GET.get("form", "")
    return int(chosen) if chosen.removeprefix("-").isdecimal() else DayProof.ALL_FORMS


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise Http404 from exc


@requires(MANAGE_INTEGRATIONS)
@require_safe
def completeness(request: HttpRequest, integration_id: int) -> HttpResponse:
    """The calendar of all forms or of one, and what the days add up to."""
    integration = integration_or_404(integration_id)
    form_id = _form_id(request)
    first, last = calendars.window()
    cells = calendars.days_of(integration, form_id=form_id, first=first, last=last)
    plan = CheckPlan.objects.filter(integration=integration).first()
    sums = calendars.sums_of(cells)
    context = {
        "integration": integration,
        "weeks": list(zip(WEEKDAYS_ABBR.values(), calendars.weeks(cells), strict=True)),
        "sums": sums,
        "buckets": _buckets(sums),
        "not_checked": sum(cell.proof is None for cell in cells),
        "forms": calendars.forms_of(
            integration, first=first, last=last, most=_MOST_FORMS
        ),
        "choices": forms_of(integration),
        "form_id": form_id,
        "months": calendars.months_of(integration),
        "checked_at": calendars.checked_at(integration),
        "plan": plan,
        **_progress(integration),
        "section": "system",
    }
    return render(request, "web/social/completeness.html", context)


def _buckets(numbers: dict[str, int]) -> list[tuple[str, object, object, int]]:
    return [
        (bucket, caption, meaning, numbers[bucket])
        for bucket, (caption, meaning) in _BUCKETS.items()
    ]


def _progress(integration: Integration) -> dict[str, object]:
    check = calendars.open_check_of(integration)
    if check is None:
        return {"check": None}
    return {
        "check": check,
        "progress": queries.progress_of(check),
        "is_unworked": queries.is_unworked(check),
    }


@requires(MANAGE_INTEGRATIONS)
@require_safe
def progress(request: HttpRequest, integration_id: int) -> HttpResponse:
    """How far the check is; once it is over, the page is loaded anew."""
    integration = integration_or_404(integration_id)
    context = {"integration": integration, **_progress(integration)}
    answer = render(request, "web/social/_check.html", context)
    if context["check"] is None:
        answer["HX-Refresh"] = "true"
    return answer


@requires(MANAGE_INTEGRATIONS)
@require_POST
def check_now(request: HttpRequest, integration_id: int) -> HttpResponse:
    """LinkedIn is asked for a day, the last week, or all days that it has."""
    integration = integration_or_404(integration_id)
    earliest, today = calendars.window()
    asked = request.POST.get("days", "")
    first, last = {"week": (today - _WEEK, today), "all": (earliest, today)}.get(
        asked
    ) or (_day(asked), _day(asked))
    try:
        checks.start_check(
            integration, first=first, last=last, by=cast("User", request.user)
        )
    except RejectedError as exc:
        messages.error(request, str(exc))
    if first == last:
        return redirect(_address(integration, first, request.POST.get("form", "0")))
    return redirect("completeness", integration_id=integration.pk)


def _address(integration: Integration, day: date, form: str) -> str:
    values = {"integration_id": integration.pk, "day": day.isoformat()}
    address = reverse("completeness-day", kwargs=values)
    return f"{address}?form={form}" if form.removeprefix("-").isdecimal() else address


@requires(MANAGE_INTEGRATIONS)
@require_safe
def day_page(request: HttpRequest, integration_id: int, day: str) -> HttpResponse:
    """One day: its buckets, and the ids in one of them."""
    integration = integration_or_404(integration_id)
    form_id, on = _form_id(request), _day(day)
    proof = calendars.day_of(integration, form_id=form_id, day=on)
    bucket = request.GET.get("bucket", "")
    numbers = {name: getattr(proof, name, 0) for name in (*_BUCKETS, MENDED)}
    context: dict[str, object] = {
        "integration": integration,
        "form_id": form_id,
        "form_name": calendars.names_of([form_id]).get(form_id, ""),
        "day": on,
        "proof": proof,
        "buckets": _buckets(numbers),
        "bucket": bucket,
        "bucket_name": _BUCKETS.get(bucket, (lazy("Mended"), ""))[0],
        "forms": calendars.forms_of(integration, first=on, last=on, most=_MOST_FORMS),
        "can_check": calendars.window()[0] <= on <= calendars.window()[1],
        **_progress(integration),
        "section": "system",
    }
    if bucket == "registered":
        context["named"], context["rest"] = calendars.registered(
            integration, form_id=form_id, day=on, before=_place(request)
        )
    elif bucket == MENDED or bucket in _BUCKETS:
        context["named"] = calendars.named(
            integration, form_id=form_id, day=on, bucket=bucket
        )
    return render(request, "web/social/completeness_day.html", context)


def _place(request: HttpRequest) -> calendars.Place | None:
    at, _dash, pk = request.GET.get("before", "").partition("-")
    return (int(at), int(pk)) if at.isdecimal() and pk.isdecimal() else None


@requires(MANAGE_INTEGRATIONS)
@require_safe
def as_csv(_request: HttpRequest, integration_id: int) -> HttpResponseBase:
    """All proofs of the days that LinkedIn still has."""
    integration = integration_or_404(integration_id)
    first, last = calendars.window()
    return csv_answer(
        calendars.table_of(integration, first=first, last=last),
        name=f"completeness-{integration.ad_account.account_id}-{last}.csv",
    )


@requires(MANAGE_INTEGRATIONS)
@require_safe
def certificate(request: HttpRequest, integration_id: int, month: str) -> HttpResponse:
    """A month, made to be printed or kept."""
    integration = integration_or_404(integration_id)
    first = _day(f"{month}-01")
    next_month = (first + timedelta(days=32)).replace(day=1)
    last = min(next_month - timedelta(days=1), checks.today())
    if first > last:
        raise Http404
    cells = calendars.days_of(
        integration, form_id=DayProof.ALL_FORMS, first=first, last=last
    )
    sums = calendars.sums_of(cells)
    context = {
        "integration": integration,
        "first": first,
        "cells": cells,
        "sums": sums,
        "buckets": _buckets(sums),
        "not_proven": len(cells) - sums["days_proven"],
        "title": _("Certificate of completeness"),
        "person": request.user,
        "checked_at": calendars.checked_at(integration),
    }
    return render(request, "web/social/certificate.html", context)
