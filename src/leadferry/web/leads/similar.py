"""Two leads that may be one: compared, and told apart."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts.models import User
from leadferry.leads import duplicate_services as services
from leadferry.leads import queries
from leadferry.leads.models import Lead
from leadferry.leads.similar import rules_for_new
from leadferry.leads.similar_queries import (
    are_apart,
    reasons_of,
    rule_names,
    side_by_side,
    why,
)
from leadferry.web.access import requires


def _both(lead_id: int, other_id: int) -> tuple[Lead, Lead]:
    lead, other = queries.find_lead(lead_id), queries.find_lead(other_id)
    if lead is None or other is None or lead_id == other_id:
        raise Http404
    return lead, other


@requires("leads.view_lead")
@require_safe
def compare(request: HttpRequest, lead_id: int, other_id: int) -> HttpResponse:
    """Both side by side, what differs first, and why they may be one."""
    lead, other = _both(lead_id, other_id)
    matched = why(lead_id, other_id, rules_for_new())
    context = {
        "lead": lead,
        "other": other,
        "leads": [lead, other],
        "columns": side_by_side([lead, other]),
        "certainty": matched.certainty if matched is not None else None,
        "reasons": reasons_of(matched, rule_names()) if matched is not None else [],
        "apart": are_apart(lead_id, other_id),
        "section": "leads",
    }
    return render(request, "web/leads/compare.html", context)


@requires("leads.change_lead")
@require_POST
def not_duplicate(request: HttpRequest, lead_id: int, other_id: int) -> HttpResponse:
    """The two are not one; or that is taken back."""
    _both(lead_id, other_id)
    by = cast("User", request.user)
    if "back" in request.POST:
        services.take_not_duplicate_back(lead_id, other_id, by=by)
        messages.success(request, _("The rules count for these two again."))
        return redirect("compare", lead_id=lead_id, other_id=other_id)
    services.say_not_duplicate(lead_id, other_id, by=by)
    messages.success(request, _("It is remembered: they are not shown as similar."))
    return redirect("lead", lead_id=lead_id)
