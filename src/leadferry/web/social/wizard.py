"""The four pages on which an integration is made."""

from datetime import timedelta
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.integrations import clients, connect, queries, services
from leadferry.integrations.models import AdAccount, LinkedInUser
from leadferry.integrations.sign_in import RETURN_PATH, begin_sign_in
from leadferry.integrations.tasks import look_for_ad_accounts, set_up
from leadferry.jobs import inquiries
from leadferry.jobs.models import Inquiry
from leadferry.kit.errors import LeadferryError, RejectedError
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.problems import problem

STEPS = 4
# The id of the element that asks whether LinkedIn has answered.
WAITING = "waiting"
# Where the tick list leads when it was opened from page "Settings".
SETTINGS = "settings"
_FRESH = timedelta(minutes=1)


def _page(
    request: HttpRequest, step: int, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    """A page of the wizard: alone in the dialog, else whole."""
    in_dialog = request.headers.get("HX-Target") == "wizard"
    template = f"web/social/_wizard_{step}.html"
    whole = {**context, "step": step, "steps": STEPS, "section": "system"}
    if in_dialog:
        answer = render(request, template, whole, status=status)
    else:
        page = {**whole, "page_of_wizard": template}
        answer = render(request, "web/social/wizard.html", page, status=status)
    answer["Vary"] = "HX-Target"
    return answer


@requires(MANAGE_INTEGRATIONS)
@require_safe
def choose_network(request: HttpRequest) -> HttpResponse:
    """Page 1: LinkedIn."""
    return _page(request, 1, {})


@requires(MANAGE_INTEGRATIONS)
@require_safe
def choose_user(request: HttpRequest) -> HttpResponse:
    """Page 2: a user who is connected, or one who signs in now."""
    ready = bool(system_settings.read(system_settings.URL_TO_GET_LEADS))
    context = {"users": queries.linkedin_users(), "is_ready": ready}
    return _page(request, 2, {**context, "linkedin": settings.LINKEDIN_OAUTH})


@requires(MANAGE_INTEGRATIONS)
@require_POST
def sign_in_at_linkedin(request: HttpRequest) -> HttpResponse:
    """On to LinkedIn, in this tab or in the window that asks."""
    url = system_settings.read(system_settings.URL_TO_GET_LEADS)
    number = request.POST.get("user", "")
    expected = _user(int(number)) if number.isdigit() else None
    try:
        _begun, address = begin_sign_in(
            redirect_uri=f"{url}{RETURN_PATH}", expected=expected
        )
    except LeadferryError as exc:
        title = _("Signing in at LinkedIn is not possible yet")
        return problem(request, status=409, title=title, text=str(exc))
    return redirect(address)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def choose_ad_accounts(request: HttpRequest, user_id: int) -> HttpResponseBase:
    """Page 3: tick the ad accounts to be reached through this user."""
    user = _user(user_id)
    topic = connect.offers_topic(user)
    if "again" in request.POST:
        inquiry = inquiries.ask(topic, look_for_ad_accounts, user.pk)
    else:
        inquiry = inquiries.ask_unless_fresh(
            topic, look_for_ad_accounts, user.pk, fresh=_FRESH
        )
    waits = inquiries.is_waiting(inquiry)
    if waits and request.headers.get("HX-Trigger") == WAITING:
        return HttpResponse(status=204)
    then = request.POST.get("then") or request.GET.get("then", "")
    context: dict[str, object] = {"linkedin_user": user, "waits": waits, "then": then}
    if waits:
        return _page(request, 3, context)
    offers = connect.offers_in(inquiry)
    problem_text = inquiry.problem or _overdue(inquiry)
    if not problem_text and request.method == "POST" and "again" not in request.POST:
        ticked = {int(one) for one in request.POST.getlist("account") if one.isdigit()}
        try:
            connect.tick(user, offers, ticked, by=cast("User", request.user))
        except RejectedError as exc:
            problem_text = str(exc)
        else:
            return _after_ticking(request, user_id, then)
    if problem_text:
        context["problem"] = problem_text
    context |= {
        "offers": offers,
        "held": set(queries.ad_accounts_of(user).values_list("account_id", flat=True)),
        "integrated": queries.integration_names(),
    }
    return _page(request, 3, context, status=422 if "problem" in context else 200)


def _overdue(inquiry: Inquiry) -> str:
    if not inquiries.is_overdue(inquiry):
        return ""
    return _("Nobody answered: LinkedIn is slow, or no worker of Leadferry runs.")


def _after_ticking(request: HttpRequest, user_id: int, then: str) -> HttpResponseBase:
    if then != SETTINGS:
        return choose_integration(request, user_id)
    messages.success(request, _("The ad accounts of this user are applied."))
    return _move_on(request, redirect("social-settings"))


def _move_on(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    if request.headers.get("HX-Request"):
        # The whole page moves on, not only the dialog.
        answer.status_code = 204
        answer["HX-Redirect"] = answer["Location"]
    return answer


def _user(user_id: int) -> LinkedInUser:
    user = LinkedInUser.objects.filter(pk=user_id).first()
    if user is None:
        raise Http404
    return user


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def choose_integration(request: HttpRequest, user_id: int) -> HttpResponse:
    """Page 4: the one ad account of this integration, and its name."""
    user = _user(user_id)
    free = queries.ad_accounts_of(user).filter(integration=None)
    taken = queries.ad_accounts_of(user).exclude(integration=None)
    return _page(request, 4, {"linkedin_user": user, "free": free, "taken": taken})


@requires(MANAGE_INTEGRATIONS)
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """The record is made; forms and subscription follow in the background."""
    number = request.POST.get("account", "")
    account = AdAccount.objects.filter(
        account_id=int(number) if number.isdigit() else 0
    ).first()
    if account is None:
        raise Http404
    try:
        clients.user_for(account.account_id)
        integration = services.create_integration(
            account=account,
            name=request.POST.get("name", "").strip()[:255],
            by=cast("User", request.user),
        )
    except LeadferryError as exc:
        title = _("The integration was not made")
        return problem(request, status=409, title=title, text=str(exc))
    inquiries.ask(services.set_up_topic(integration.pk), set_up, integration.pk)
    messages.success(
        request,
        _("%(name)s is on: every new lead of its forms is registered from now.")
        % {"name": integration.name},
    )
    address = reverse("integration", kwargs={"integration_id": integration.pk})
    # Earlier leads are offered there, and never fetched unasked.
    return _move_on(request, redirect(f"{address}?new=1"))
