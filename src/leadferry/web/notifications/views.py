"""The messages of the person who is signed in."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts.models import User
from leadferry.alerts import queries, services
from leadferry.web.access import signed_in

_SHOWN = 200


@signed_in
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """Newest first; the oldest beyond two hundred are not shown."""
    person = cast("User", request.user)
    context = {"system_messages": queries.messages_of(person)[:_SHOWN]}
    return render(request, "web/notifications/list.html", context)


@signed_in
@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """All messages are read."""
    services.mark_read(person=cast("User", request.user))
    return redirect("notifications")
