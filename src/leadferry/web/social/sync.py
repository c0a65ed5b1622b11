"""Earlier leads: the box with the period, and the run with its progress."""

from datetime import date, timedelta
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts.models import User
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.queries import forms_of
from leadferry.jobs import inquiries
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.sync import expectations, queries, services
from leadferry.sync.models import SyncRun
from leadferry.sync.periods import Period
from leadferry.sync.tasks import count_period
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social.found import integration_or_404

_FRESH = timedelta(minutes=2)


def _form(integration: Integration, chosen: str) -> LeadForm | None:
    if not chosen:
        return None
    found = None
    if chosen.isdecimal():
        found = forms_of(integration).filter(pk=int(chosen)).first()
    if found is None:
        raise Http404
    return found


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def sync_box(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Asks for the period; "Sync" starts the run."""
    integration = integration_or_404(integration_id)
    asked = request.POST if request.method == "POST" else request.GET
    form = _form(integration, asked.get("form", ""))
    earliest = services.earliest_day().isoformat()
    today = services.today().isoformat()
    first = asked.get("first") or earliest
    last = asked.get("last") or today
    context: dict[str, object] = {
        "integration": integration,
        "form": form,
        "first": first,
        "last": last,
        "earliest": earliest,
        "today": today,
        "days": services.days_to_sync(),
        "time_zone": services.time_zone().key,
        "section": "system",
    }
    if request.method == "POST":
        try:
            run = services.start_sync(
                integration,
                period=_period(first, last),
                form=form,
                by=cast("User", request.user),
            )
        except RejectedError as exc:
            context["problem"] = str(exc)
            return _render_box(request, context, status=422)
        return redirect("sync-run", run_id=run.pk)
    return _render_box(request, context)


def _render_box(
    request: HttpRequest, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    is_part = bool(request.headers.get("HX-Request"))
    template = "web/social/_sync_box.html" if is_part else "web/social/sync.html"
    if not is_part:
        context["runs"] = queries.runs_of(cast("Integration", context["integration"]))
    answer = render(request, template, context, status=status)
    # The same address answers with a whole page or a part of it.
    answer["Vary"] = "HX-Request"
    return answer


def _period(first: str, last: str) -> Period:
    try:
        return Period(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as exc:
        raise RejectedError(_("Both days of the period are needed.")) from exc


@requires(MANAGE_INTEGRATIONS)
@require_safe
def expected(request: HttpRequest, integration_id: int) -> HttpResponse:
    """How many leads LinkedIn says the period has; asked in the background."""
    integration = integration_or_404(integration_id)
    form = _form(integration, request.GET.get("form", ""))
    context: dict[str, object] = {"integration": integration, "form": form}
    first, last = request.GET.get("first", ""), request.GET.get("last", "")
    try:
        period = _period(first, last)
        services.check_period(period)
    except RejectedError as exc:
        context["problem"] = str(exc)
        return render(request, "web/social/_expected.html", context)
    held = inquiries.ask_unless_fresh(
        expectations.topic(integration, period),
        count_period,
        integration.pk,
        first,
        last,
        fresh=_FRESH,
    )
    context |= {
        "inquiry": held,
        "expectation": expectations.read(held),
    }
    return render(request, "web/social/_expected.html", context)


def _run(run_id: int) -> SyncRun:
    run = queries.find_run(run_id)
    if run is None:
        raise Http404
    return run


@requires(MANAGE_INTEGRATIONS)
@require_safe
def sync_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: its period, how far it is, cancel and resume."""
    run = _run(run_id)
    is_part = request.headers.get("HX-Target") == "sync-progress"
    template = "web/social/_sync_progress.html" if is_part else "web/social/run.html"
    context = {
        "run": run,
        "progress": queries.progress_of(run),
        "due": clock.from_ms(run.due_at) if run.due_at is not None else None,
        "is_unworked": queries.is_unworked(run),
        "section": "system",
    }
    answer = render(request, template, context)
    answer["Vary"] = "HX-Target"
    return answer


@requires(MANAGE_INTEGRATIONS)
@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """The run reads nothing more; what it registered stays."""
    run = _run(run_id)
    if services.cancel(run, by=cast("User", request.user)):
        messages.success(request, _("The sync is cancelled. What it registered stays."))
    else:
        messages.warning(request, _("The sync had ended already."))
    return redirect("sync-run", run_id=run.pk)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    """The run goes on where it stopped."""
    run = _run(run_id)
    if services.resume(run, by=cast("User", request.user)):
        messages.success(request, _("The sync goes on where it stopped."))
    else:
        messages.warning(request, _("The sync is at work, or it has ended."))
    return redirect("sync-run", run_id=run.pk)
