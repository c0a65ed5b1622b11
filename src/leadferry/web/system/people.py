"""Who signs in to this instance."""

from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts import mail, services
from leadferry.accounts.models import User
from leadferry.accounts.tasks import send_mails
from leadferry.jobs.services import kick
from leadferry.kit.errors import LeadferryError, RejectedError
from leadferry.web.access import MANAGE_USERS, requires
from leadferry.web.system.forms import InvitationForm, PersonForm

_PAGE_SIZE = 50


@requires(MANAGE_USERS)
@require_safe
def user_list(request: HttpRequest) -> HttpResponse:
    """Everybody, by user name, found by what is typed."""
    typed = request.GET.get("search", "")[:100]
    people = User.objects.order_by("username").prefetch_related("groups")
    for word in typed.split():
        people = people.filter(
            Q(username__icontains=word)
            | Q(name__icontains=word)
            | Q(email__icontains=word)
        )
    page = Paginator(people, _PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "typed": typed, "section": "system"}
    return render(request, "web/system/users.html", context)


@requires(MANAGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """A new person, and the way to a first password."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            person, link = services.invite(
                username=values["username"],
                name=values["name"],
                email=values["email"],
                roles=list(values["groups"]),
                by=cast("User", request.user),
            )
        except LeadferryError as exc:
            form.add_error("username", str(exc))
        else:
            return _linked(request, person, link)
    context = {"form": form, "can_send": mail.is_set_up(), "section": "system"}
    status = 422 if form.errors else 200
    return render(request, "web/system/user_new.html", context, status=status)


def _linked(request: HttpRequest, person: User, link: str) -> HttpResponse:
    if link:
        context = {"person": person, "link": link, "section": "system"}
        return render(request, "web/system/user_link.html", context)
    kick(send_mails, key="send-mails")
    text = _("A link to choose a password is on its way to %s.") % person.email
    messages.success(request, text)
    return redirect("user", user_id=person.pk)


def _person(user_id: int) -> User:
    person = User.objects.filter(pk=user_id).first()
    if person is None:
        raise Http404
    return person


@requires(MANAGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def user_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """Name, address, roles, and whether the person may sign in."""
    person = _person(user_id)
    form = PersonForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            services.change_person(
                _person(user_id),
                name=values["name"],
                email=values["email"],
                roles=list(values["groups"]),
                is_active=values["is_active"],
                by=cast("User", request.user),
            )
        except RejectedError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("The changes are applied."))
            return redirect("user", user_id=user_id)
    context = {"form": form, "person": _person(user_id), "section": "system"}
    status = 422 if form.errors else 200
    return render(request, "web/system/user.html", context, status=status)


@requires(MANAGE_USERS)
@require_POST
def password_link(request: HttpRequest, user_id: int) -> HttpResponse:
    """A new way to a password, by email where that is set up."""
    person = _person(user_id)
    try:
        link = services.invite_again(person, by=cast("User", request.user))
    except LeadferryError as exc:
        messages.error(request, str(exc))
        return redirect("user", user_id=user_id)
    return _linked(request, person, link)
