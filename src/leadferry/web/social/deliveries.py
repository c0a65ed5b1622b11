"""Leads that a destination did not take, and another try."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts.models import User
from leadferry.destinations import queries, services
from leadferry.destinations.tasks import kick_delivery, try_rest_again
from leadferry.jobs.services import kick
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social.destinations import destination_or_404


@requires(MANAGE_INTEGRATIONS)
@require_safe
def parked_list(request: HttpRequest, destination_id: int) -> HttpResponse:
    """What was not taken, with the reasons."""
    destination = destination_or_404(destination_id)
    before = request.GET.get("before", "")
    rows, older = queries.parked_page(
        destination, before=int(before) if before.isdecimal() else None
    )
    context = {
        "destination": destination,
        "rows": rows,
        "older": older,
        "section": "system",
    }
    return render(request, "web/social/destination_parked.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def try_all_again(request: HttpRequest, destination_id: int) -> HttpResponse:
    """All of them are sent again."""
    destination = destination_or_404(destination_id)
    if services.try_all_again(destination.pk, by=cast("User", request.user)):
        kick(try_rest_again, destination.pk, key=f"try-rest-{destination.pk}")
    kick_delivery(destination.pk)
    messages.success(request, _("The leads that were not taken are sent again."))
    return redirect("destination", destination_id=destination.pk)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def try_again(request: HttpRequest, destination_id: int, lead_id: int) -> HttpResponse:
    """One lead is sent again."""
    destination = destination_or_404(destination_id)
    if services.try_again(destination.pk, lead=lead_id, by=cast("User", request.user)):
        kick_delivery(destination.pk)
        messages.success(request, _("The lead is sent again."))
    else:
        messages.warning(request, _("There is nothing to send again."))
    if request.POST.get("back") == "lead":
        return redirect("lead", lead_id=lead_id)
    return redirect("destination-parked", destination_id=destination.pk)
