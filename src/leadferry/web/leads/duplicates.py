"""Find and merge duplicates: searches among all leads, and their groups."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.leads import duplicate_queries as queries
from leadferry.leads import duplicate_runs as runs
from leadferry.leads import group_merging
from leadferry.leads.duplicate_models import DuplicateRun
from leadferry.web.access import requires


def found_run(run_id: int) -> DuplicateRun:
    """The search, or page not found."""
    rows = DuplicateRun.objects.select_related("by", "tried")
    run = rows.filter(pk=run_id).first()
    if run is None:
        raise Http404
    return run


@requires("leads.change_lead")
@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    """The newest search and its groups; where there is none, how to begin."""
    run = queries.last_search()
    if run is not None:
        return redirect("duplicate-run", run_id=run.pk)
    context = {"section": "leads", "rules": queries.shown_rules()}
    return render(request, "web/leads/duplicates.html", context)


@requires("leads.change_lead")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Look among all leads, in the background."""
    try:
        run = runs.start_search(by=cast("User", request.user))
    except RejectedError as exc:
        messages.error(request, str(exc))
        return redirect("duplicates")
    return redirect("duplicate-run", run_id=run.pk)


@requires("leads.change_lead")
@require_safe
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """How far a search is, and what it found, the surest first."""
    run = found_run(run_id)
    context = {
        "run": run,
        "progress": queries.progress_of(run),
        "is_unworked": queries.is_unworked(run),
        "section": "leads" if run.tried is None else "system",
    }
    if request.headers.get("HX-Target") == "search-progress":
        answer = render(request, "web/leads/_search_progress.html", context)
        if not run.is_at_work:
            # It is over: the page shows what was found.
            answer["HX-Refresh"] = "true"
        return answer
    if run.state == DuplicateRun.State.READY:
        start_at = request.GET.get("start", "")[:30]
        context |= {
            "page": queries.group_page(run, start=start_at),
            "rules_changed": queries.rules_changed(run),
            "too_big": queries.too_big_of(run),
            "merges": group_merging.merges_of(run).count(),
        }
    return render(request, "web/leads/duplicate_run.html", context)


@requires("leads.change_lead")
@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Give the search up; it can go on later."""
    if not runs.cancel(found_run(run_id), by=cast("User", request.user)):
        messages.error(request, _("It was over already."))
    return redirect("duplicate-run", run_id=run_id)


@requires("leads.change_lead")
@require_POST
def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    """Go on from where it was cancelled."""
    if not runs.resume(found_run(run_id), by=cast("User", request.user)):
        messages.error(request, _("It cannot go on: another search is at work."))
    return redirect("duplicate-run", run_id=run_id)
