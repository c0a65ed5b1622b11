"""Signing in and out, and a password of one's own."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from leadferry.accounts import mail, passwords, services
from leadferry.accounts.models import Theme, User
from leadferry.accounts.tasks import send_mails
from leadferry.jobs.services import kick
from leadferry.kit.errors import RejectedError
from leadferry.leads import queries as leads
from leadferry.web.access import MANAGE_INTEGRATIONS, public, signed_in
from leadferry.web.accounts.forms import (
    ChangePasswordForm,
    ChoosePasswordForm,
    ForgottenForm,
    ProfileForm,
    SignInForm,
)
from leadferry.web.fields import dress
from leadferry.web.problems import problem


@public
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """User name, password, and on to where the person wanted to go."""
    if request.user.is_authenticated:
        return redirect("leads")
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return redirect(_wanted(request))
    dress(form)
    context = {
        "form": form,
        "next": request.GET.get("next", ""),
        "can_send": mail.is_set_up(),
    }
    status = 422 if form.errors else 200
    return render(request, "web/accounts/sign_in.html", context, status=status)


def _wanted(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if own else "leads"


@signed_in
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """The session ends."""
    logout(request)
    return redirect("sign-in")


@signed_in
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """A password of the person's own."""
    user = cast("User", request.user)
    form = ChangePasswordForm(user, request.POST.dict() if request.POST else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_password(user=user, new=form.cleaned_data["new"])
        except RejectedError as exc:
            form.add_error("new", str(exc))
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("The password is changed."))
            begins = user.has_perm(MANAGE_INTEGRATIONS) and not leads.has_leads()
            return redirect("first-steps" if begins else "leads")
    dress(form)
    context = {"form": form, "must": user.must_change_password}
    status = 422 if form.errors else 200
    return render(request, "web/accounts/change_password.html", context, status=status)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """An email with a link; the answer is the same for names that do not exist."""
    form = ForgottenForm(request.POST.dict() if request.POST else None)
    if request.method == "POST" and form.is_valid():
        services.forgot_password(name=form.cleaned_data["name"])
        kick(send_mails, key="send-mails")
        return redirect(f"{reverse('forgotten')}?sent=1")
    dress(form)
    context = {
        "form": form, "sent": "sent" in request.GET, "can_send": mail.is_set_up(),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "web/accounts/forgotten.html", context, status=status)


@public
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    """A password by a link of an email or of an administrator."""
    try:
        person = passwords.person_of(token)
    except RejectedError as exc:
        title = _("This link is not good any more")
        return problem(request, status=410, title=title, text=str(exc))
    form = ChoosePasswordForm(request.POST.dict() if request.POST else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.choose_password(token=token, new=form.cleaned_data["new"])
        except RejectedError as exc:
            form.add_error("new", str(exc))
        else:
            messages.success(request, _("The password is set. Sign in with it."))
            return redirect("sign-in")
    dress(form)
    context = {"form": form, "person": person}
    status = 422 if form.errors else 200
    return render(request, "web/accounts/choose_password.html", context, status=status)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, address, language, time zone and theme of the person's own."""
    user = cast("User", request.user)
    form = ProfileForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The profile is applied."))
        return redirect("profile")
    if form.errors:
        # What was typed and refused is not what the frame shows.
        user.refresh_from_db()
    context = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "web/accounts/profile.html", context, status=status)


@signed_in
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """The button beside the bell: light or dark, kept for the person."""
    theme = request.POST.get("theme", "")
    if theme in Theme.values:
        user = cast("User", request.user)
        user.theme = theme
        user.save(update_fields=["theme"])
    return HttpResponse(status=204)
