"""What is held back: each response with its reason, and what a person does about it."""

from collections.abc import Sequence
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts.models import User
from leadferry.ingest import queries, services
from leadferry.ingest.models import HeldBack
from leadferry.ingest.queries import HeldBackFilter
from leadferry.web.access import requires


@requires("leads.view_lead")
@require_safe
def held_back_list(request: HttpRequest) -> HttpResponse:
    """What waits or was discarded, narrowed by reason."""
    chosen = _chosen(request.GET)
    before = request.GET.get("before", "")
    page = queries.held_back_page(
        chosen, before=int(before) if before.isdecimal() else None
    )
    context = {"page": page, "chosen": chosen}
    return render(request, "web/leads/held_back.html", context)


def _chosen(asked: QueryDict) -> HeldBackFilter:
    reason = asked.get("reason", "")
    return HeldBackFilter(
        reason=reason if reason in HeldBack.Reason.values else "",
        is_discarded=asked.get("state") == "discarded",
    )


@requires("leads.view_lead")
@require_safe
def held_back_page(request: HttpRequest, held_id: int) -> HttpResponse:
    """One response: why it waits, what was submitted, what to press."""
    held = queries.find_held_back(held_id)
    if held is None:
        raise Http404
    context = {"held": held, "submission": queries.raw_submission(held)}
    return render(request, "web/leads/held_back_one.html", context)


@requires("leads.change_lead")
@require_POST
def try_again(request: HttpRequest) -> HttpResponse:
    """The ticked responses, or all that match, are asked of LinkedIn anew."""
    held = _ticked(request)
    if not held:
        messages.warning(request, _("Nothing was ticked, or it is gone already."))
        return _back(request)
    count = services.try_again(held, by=cast("User", request.user))
    messages.success(
        request,
        ngettext(
            "LinkedIn is asked again for %(count)d response; it appears within a "
            "minute, or stays here with its reason.",
            "LinkedIn is asked again for %(count)d responses; they appear within a "
            "minute, or stay here with their reasons.",
            count,
        )
        % {"count": count},
    )
    return _back(request)


@requires("leads.change_lead")
@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """Asks for the reason first; then the responses stay out."""
    held = _ticked(request)
    if not held:
        messages.warning(request, _("Nothing was ticked, or it is gone already."))
        return _back(request)
    reason = request.POST.get("why", "").strip()
    if not reason:
        context = {
            "held": held[:10],
            "count": len(held),
            "more": max(0, len(held) - 10),
            "posted": [
                (name, value)
                for name in ("held", "all", "reason", "state")
                for value in request.POST.getlist(name)
            ],
            "is_missing": "why" in request.POST,
        }
        status = 422 if "why" in request.POST else 200
        return render(request, "web/leads/discard.html", context, status=status)
    count = services.discard(held, reason=reason, by=cast("User", request.user))
    messages.success(
        request,
        ngettext(
            "%(count)d response is discarded.",
            "%(count)d responses are discarded.",
            count,
        )
        % {"count": count},
    )
    return _back(request)


def _ticked(request: HttpRequest) -> Sequence[HeldBack]:
    rows = queries.held_back(_chosen(request.POST))
    if "all" not in request.POST:
        ids = [int(one) for one in request.POST.getlist("held") if one.isdecimal()]
        rows = HeldBack.objects.filter(pk__in=ids)
    return list(rows.defer("raw"))


def _back(request: HttpRequest) -> HttpResponse:
    chosen = _chosen(request.POST)
    query = QueryDict(mutable=True)
    if chosen.reason:
        query["reason"] = chosen.reason
    if chosen.is_discarded:
        query["state"] = "discarded"
    address = reverse("held-back")
    return redirect(f"{address}?{query.urlencode()}" if query else address)
