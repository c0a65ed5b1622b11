"""Signing in and out, and a password of one's own."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from leadferry.accounts import services
from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.web.access import public, signed_in
from leadferry.web.accounts.forms import ChangePasswordForm, SignInForm
from leadferry.web.fields import dress


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
    context = {"form": form, "next": request.GET.get("next", "")}
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
            return redirect("leads")
    dress(form)
    context = {"form": form, "must": user.must_change_password}
    status = 422 if form.errors else 200
    return render(request, "web/accounts/change_password.html", context, status=status)
