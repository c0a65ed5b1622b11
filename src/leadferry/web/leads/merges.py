"""Leads are merged: chosen column by column, previewed, taken back."""

from collections.abc import Sequence
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
from leadferry.kit.errors import RejectedError
from leadferry.leads import duplicate_queries as queries
from leadferry.leads import group_merging, merging
from leadferry.leads.duplicate_models import DuplicateGroup, LeadMerge
from leadferry.leads.merging import Plan
from leadferry.leads.models import Lead
from leadferry.leads.similar_queries import ComparedColumn, side_by_side
from leadferry.web.access import requires
from leadferry.web.leads.duplicates import found_run

_CHANGE = "leads.change_lead"
MOST_MERGED = 10
_SURE = 90


@requires(_CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_page(request: HttpRequest) -> HttpResponse:
    """The leads side by side: which one is kept, and whose value each column takes."""
    given = request.POST if request.method == "POST" else request.GET
    group = _group(given.get("group", ""))
    leads = _leads(given.getlist("lead"), group)
    if len(leads) < 2:
        messages.error(
            request, _("These leads were merged or deleted meanwhile. Look again.")
        )
        return redirect("duplicates")
    if request.method == "POST":
        done = _merge(request, leads, group)
        if done is not None:
            return done
    columns = side_by_side(leads)
    context = {
        "leads": leads,
        "group": group,
        "more": max(0, (group.size if group else 0) - len(leads)),
        "rows": [_offered(row, leads) for row in columns if not row.is_same],
        "same": [row for row in columns if row.is_same],
        "section": "leads",
    }
    return render(request, "web/leads/merge.html", context)


def _group(number: str) -> DuplicateGroup | None:
    wanted = int(number) if number.isdecimal() and len(number) < 19 else 0
    rows = DuplicateGroup.objects.filter(pk=wanted, run__tried=None)
    return rows.first()


def _leads(numbers: Sequence[str], group: DuplicateGroup | None) -> list[Lead]:
    wanted = [int(one) for one in numbers if one.isdecimal() and len(one) < 19]
    if group is not None and not wanted:
        return group_merging.leads_of(group)[:MOST_MERGED]
    rows = Lead.objects.filter(pk__in=wanted[:MOST_MERGED], merged_into=None)
    return list(rows.order_by("pk"))


def _offered(row: ComparedColumn, leads: Sequence[Lead]) -> dict[str, object]:
    cells = list(zip(leads, row.texts, strict=True))
    filled = [lead.pk for lead, text in cells if text]
    return {
        "row": row,
        "cells": cells,
        # The oldest keeps its own; what it lacks, the next one gives.
        "chosen": filled[0] if filled else leads[0].pk,
    }


def _merge(
    request: HttpRequest, leads: Sequence[Lead], group: DuplicateGroup | None
) -> HttpResponse | None:
    """Do it; nothing where the page is to be shown again."""
    ids = [lead.pk for lead in leads]
    keep = _number(request.POST.get("keep"))
    if keep not in ids:
        messages.error(request, _("Choose which lead is kept."))
        return None
    choices = {
        row.code: source
        for row in side_by_side(leads)
        if not row.is_same
        and (source := _number(request.POST.get(f"column-{row.code}"))) in ids
    }
    plan = Plan(
        keep=keep,
        absorb=[one for one in ids if one != keep],
        choices=choices,
        revisions={
            one: _number(request.POST.get(f"revision-{one}")) or 0 for one in ids
        },
        group=group.pk if group is not None else None,
    )
    try:
        merging.merge(plan, by=cast("User", request.user))
    except RejectedError as exc:
        messages.error(request, str(exc))
        return None
    messages.success(
        request, _("The leads are one now. It can be taken back on this page.")
    )
    return redirect("lead", lead_id=keep)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


@requires(_CHANGE)
@require_POST
def not_duplicates(request: HttpRequest, group_id: int) -> HttpResponse:
    """No two leads of the group are one."""
    group = _group(str(group_id))
    if group is None:
        raise Http404
    group_merging.say_not_duplicates(group, by=cast("User", request.user))
    messages.success(request, _("It is remembered: they are found no more."))
    return redirect("duplicate-run", run_id=group.run_id)


@requires(_CHANGE)
@require_safe
def merge_list(request: HttpRequest) -> HttpResponse:
    """What was merged, the newest first, and what was taken back."""
    page = queries.merge_page(start=_number(request.GET.get("start")))
    context = {"page": page, "section": "leads"}
    return render(request, "web/leads/merges.html", context)


@requires(_CHANGE)
@require_POST
def undo(request: HttpRequest, merge_id: int) -> HttpResponse:
    """The leads of a merge are several again."""
    made = LeadMerge.objects.filter(pk=merge_id).first()
    if made is None:
        raise Http404
    try:
        merging.undo(merge_id, by=cast("User", request.user))
    except RejectedError as exc:
        messages.error(request, str(exc))
        return redirect("merges")
    messages.success(request, _("The leads are as they were."))
    return redirect("lead", lead_id=made.lead_id)


@requires(_CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_many(request: HttpRequest, run_id: int) -> HttpResponse:
    """What merging all sure groups by the rule would come to; then it is done."""
    run = found_run(run_id)
    if run.tried_id is not None:
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    try:
        least = group_merging.check_least(given.get("from", str(_SURE)))
    except RejectedError as exc:
        messages.error(request, str(exc))
        return redirect("duplicate-run", run_id=run_id)
    by = cast("User", request.user)
    if request.method == "POST":
        if not group_merging.begin_merging(run, least=least, by=by):
            messages.error(request, _("Other work goes on in this search."))
        return redirect("duplicate-run", run_id=run_id)
    context = {
        "run": run,
        "least": least,
        "preview": group_merging.preview(run, least=least),
        "examples": queries.merge_examples(run, least=least),
        "section": "leads",
    }
    return render(request, "web/leads/merge_many.html", context)


@requires(_CHANGE)
@require_POST
def undo_many(request: HttpRequest, run_id: int) -> HttpResponse:
    """Take all merges of a search back, in the background."""
    run = found_run(run_id)
    if not group_merging.begin_undoing(run, by=cast("User", request.user)):
        messages.error(request, _("Other work goes on in this search."))
    return redirect("duplicate-run", run_id=run_id)
