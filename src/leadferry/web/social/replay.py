"""Replay: stored submissions through a mapping, looked at, applied, undone."""

from datetime import date
from typing import cast

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts.models import User
from leadferry.integrations.models import Integration, MappingVersion
from leadferry.integrations.queries import forms_of
from leadferry.kit.errors import RejectedError
from leadferry.sync import replay, replay_queries, services
from leadferry.sync.models import ReplayBatch
from leadferry.sync.periods import Period
from leadferry.sync.replay_queries import ChangeFilter
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social.found import integration_or_404
from leadferry.web.spreadsheets import csv_answer


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Asks for forms, period and mapping; "Preview" starts the replay."""
    integration = integration_or_404(integration_id)
    problem = ""
    if request.method == "POST":
        try:
            batch = _start(integration, request)
        except RejectedError as exc:
            problem = str(exc)
        else:
            return redirect("replay-batch", batch_id=batch.pk)
    asked = request.POST if request.method == "POST" else request.GET
    forms = list(forms_of(integration))
    everything = [str(form.pk) for form in forms]
    chosen = set(asked.getlist("form") if asked else everything)
    context = {
        "integration": integration,
        "forms": [(form, str(form.pk) in chosen) for form in forms],
        "are_all_chosen": len(chosen) == len(forms),
        "versions": replay_queries.versions_to_choose(integration),
        "chosen_version": asked.get("version", ""),
        "first": asked.get("first") or services.earliest_day().isoformat(),
        "last": asked.get("last") or services.today().isoformat(),
        "today": services.today().isoformat(),
        "time_zone": services.time_zone().key,
        "replays": replay_queries.replays_of(integration),
        "problem": problem,
        "section": "system",
    }
    status = 422 if problem else 200
    return render(request, "web/social/replay.html", context, status=status)


def _start(integration: Integration, request: HttpRequest) -> ReplayBatch:
    asked = request.POST
    chosen = [int(one) for one in asked.getlist("form") if one.isdecimal()]
    return replay.start_preview(
        integration,
        forms=list(forms_of(integration).filter(pk__in=chosen)),
        period=_period(asked),
        mapping=_version(integration, asked.get("version", "")),
        by=cast("User", request.user),
    )


def _period(asked: QueryDict) -> Period:
    first, last = asked.get("first", ""), asked.get("last", "")
    try:
        return Period(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as exc:
        raise RejectedError(_("Both days of the period are needed.")) from exc


def _version(integration: Integration, chosen: str) -> MappingVersion | None:
    if not chosen:
        return None
    versions = MappingVersion.objects.filter(integration=integration)
    found = versions.filter(pk=int(chosen)).first() if chosen.isdecimal() else None
    if found is None:
        raise Http404
    return found


def _found(batch_id: int) -> ReplayBatch:
    batch = replay_queries.find_replay(batch_id)
    if batch is None:
        raise Http404
    return batch


@requires(MANAGE_INTEGRATIONS)
@require_safe
def batch_page(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One replay: what it would change, how far it is, what it did."""
    batch = _found(batch_id)
    context: dict[str, object] = {
        "batch": batch,
        "progress": replay_queries.progress_of(batch),
        "is_unworked": replay_queries.is_unworked(batch),
        "section": "system",
    }
    if request.headers.get("HX-Target") == "replay-progress":
        answer = render(request, "web/social/_replay_progress.html", context)
        if not batch.is_at_work:
            # What comes next is more than this part of the page.
            answer["HX-Refresh"] = "true"
    else:
        chosen = _filter(request.GET)
        context |= {
            "counts": replay_queries.counts_of(batch),
            "used": replay_queries.used_mappings(batch),
            "chosen": chosen,
            "query": urlencode(_as_query(chosen)),
        }
        if not batch.is_at_work:
            start = request.GET.get("start", "")
            context["page"] = replay_queries.change_page(batch, chosen, start=start)
        answer = render(request, "web/social/replay_batch.html", context)
    answer["Vary"] = "HX-Target"
    return answer


def _filter(asked: QueryDict) -> ChangeFilter:
    edited = {"yes": True, "no": False}
    return ChangeFilter(
        column=asked.get("column", "")[:50],
        is_edited=edited.get(asked.get("edited", "")),
        is_left=asked.get("left") == "yes",
    )


def _as_query(chosen: ChangeFilter) -> dict[str, str]:
    query = {"column": chosen.column} if chosen.column else {}
    if chosen.is_edited is not None:
        query["edited"] = "yes" if chosen.is_edited else "no"
    if chosen.is_left:
        query["left"] = "yes"
    return query


@requires(MANAGE_INTEGRATIONS)
@require_POST
def tick(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The values of this page that are ticked are to be written."""
    batch = _found(batch_id)
    shown, ticked = (
        [int(one) for one in request.POST.getlist(name) if one.isdecimal()]
        for name in ("shown", "ticked")
    )
    try:
        replay.tick(batch, shown=shown, ticked=ticked)
    except RejectedError as exc:
        messages.warning(request, str(exc))
        return _back(request, batch)
    if request.headers.get("HX-Request"):
        batch.refresh_from_db()
        context = {"batch": batch, "counts": replay_queries.counts_of(batch)}
        return render(request, "web/social/_replay_counts.html", context)
    return _back(request, batch)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def tick_all(request: HttpRequest, batch_id: int) -> HttpResponse:
    """All values of the filter are to be written, or none of them."""
    batch = _found(batch_id)
    is_included = request.POST.get("to") == "yes"
    try:
        replay.tick_all(batch, _filter(request.POST), is_included=is_included)
    except RejectedError as exc:
        messages.warning(request, str(exc))
    return _back(request, batch)


def _back(request: HttpRequest, batch: ReplayBatch) -> HttpResponse:
    address = reverse("replay-batch", kwargs={"batch_id": batch.pk})
    query = _as_query(_filter(request.POST))
    answer = redirect(f"{address}?{urlencode(query)}" if query else address)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": answer["Location"]})
    return answer


@requires(MANAGE_INTEGRATIONS)
@require_POST
def apply(request: HttpRequest, batch_id: int) -> HttpResponse:
    """What is ticked is written."""
    batch = _found(batch_id)
    if not replay.apply(batch, by=cast("User", request.user)):
        messages.warning(request, _("There is nothing to apply: tick values first."))
    return redirect("replay-batch", batch_id=batch.pk)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def undo(request: HttpRequest, batch_id: int) -> HttpResponse:
    """What it wrote is taken back, where nobody wrote since."""
    batch = _found(batch_id)
    if not replay.undo(batch, by=cast("User", request.user)):
        messages.warning(request, _("This replay has nothing to take back."))
    return redirect("replay-batch", batch_id=batch.pk)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def stop(request: HttpRequest, batch_id: int) -> HttpResponse:
    """A preview is given up; an apply stops where it is."""
    batch = _found(batch_id)
    if not replay.stop(batch, by=cast("User", request.user)):
        messages.warning(request, _("There is nothing to stop: it has ended."))
    return redirect("replay-batch", batch_id=batch.pk)


@requires(MANAGE_INTEGRATIONS)
@require_safe
def export(request: HttpRequest, batch_id: int) -> StreamingHttpResponse:
    """The values of the filter as CSV, sent as they are read."""
    batch = _found(batch_id)
    rows = replay_queries.csv_rows(batch, _filter(request.GET))
    return csv_answer(rows, name=f"replay-{batch.pk}.csv")
