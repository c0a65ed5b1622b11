"""The messages of the person who is signed in."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts import mail
from leadferry.accounts.models import User
from leadferry.alerts import queries, services
from leadferry.web.access import signed_in
from leadferry.web.notifications.links import with_links


@signed_in
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """What was told last comes first; unread ones alone, or those with some words."""
    person = cast("User", request.user)
    unread_only = request.GET.get("show") == "unread"
    search = request.GET.get("search", "")[:100]
    page = queries.message_page(
        person,
        unread_only=unread_only,
        search=search,
        before=request.GET.get("before", "")[:60],
    )
    kept = {"show": "unread" if unread_only else "", "search": search}
    context = {
        "system_messages": with_links(person, page.messages),
        "older": page.older,
        "kept": urlencode({name: value for name, value in kept.items() if value}),
        "unread_only": unread_only,
        "search": search,
        "by_mail": bool(person.email and person.wants_mail and mail.is_set_up()),
    }
    return render(request, "web/notifications/list.html", context)


@signed_in
@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """All messages are read."""
    services.mark_read(person=cast("User", request.user))
    return redirect("notifications")


@signed_in
@require_POST
def mark_one(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message is read, or waits again."""
    person = cast("User", request.user)
    if "unread" in request.POST:
        services.mark_unread(person=person, message=message_id)
    else:
        services.mark_read(person=person, message=message_id)
    return redirect("notifications")
