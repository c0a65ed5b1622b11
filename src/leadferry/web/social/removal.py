"""Deleting LinkedIn users, integrations and ad accounts, each after a question."""

from collections.abc import Sequence
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.integrations import removal as connections
from leadferry.integrations import subscriptions
from leadferry.integrations.models import AdAccount, Integration, LinkedInUser
from leadferry.integrations.tasks import keep_subscribed, withdraw
from leadferry.jobs.services import kick
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.sync import removal
from leadferry.sync.tasks import remove_deleted
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social.found import integration_or_404

Listed = Sequence[tuple[str, Sequence[str]]]
_MOST_WAITING = 20


def _ask(
    request: HttpRequest,
    title: str,
    sentences: Sequence[str],
    *,
    lists: Listed = (),
    back: str,
    refusal: str = "",
) -> HttpResponse:
    """The question before something is deleted, or why it cannot be."""
    context = {
        "title": title,
        "sentences": sentences,
        "lists": [(caption, names) for caption, names in lists if names],
        "back": reverse(back),
        "back_name": _("Settings")
        if back == "social-settings"
        else _("Social leadgen integrations"),
        "refusal": refusal,
        "section": "system",
    }
    status = 409 if refusal and request.method == "POST" else 200
    return render(request, "web/social/confirm_delete.html", context, status=status)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def delete_user(request: HttpRequest, user_id: int) -> HttpResponse:
    """A LinkedIn user goes; what it made at LinkedIn is withdrawn by a worker."""
    user = get_object_or_404(LinkedInUser, pk=user_id)
    if request.method == "POST":
        connections.delete_user(user, by=cast("User", request.user))
        kick(withdraw, key="withdraw")
        messages.success(
            request,
            _("%(name)s is deleted. Its access is being withdrawn at LinkedIn.")
            % {"name": user.name},
        )
        return redirect("social-settings")
    effects = connections.effects_of_deleting(user)
    going_on = [
        _("%(integration)s, through %(names)s")
        % {"integration": one.name, "names": ", ".join(names)}
        for one, names in effects.going_on
    ]
    return _ask(
        request,
        _("Delete %(name)s?") % {"name": user.name},
        [
            _(
                "This LinkedIn user is no longer used to reach any ad account. Its "
                "subscriptions are removed at LinkedIn where nobody else reaches the "
                "ad account, then its token is withdrawn and erased here."
            ),
            _("Registered leads stay. The user can be connected again at any time."),
        ],
        lists=[
            (
                _("Nobody else reaches these: they stop registering leads"),
                [one.name for one in effects.stopping],
            ),
            (_("These go on"), going_on),
        ],
        back="social-settings",
    )


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def delete_integration(request: HttpRequest, integration_id: int) -> HttpResponse:
    """An integration goes; its subscription and rows are removed by a worker."""
    integration = integration_or_404(integration_id)
    if request.method == "POST":
        removal.delete_integration(integration, by=cast("User", request.user))
        kick(withdraw, key="withdraw")
        kick(remove_deleted, key="remove-deleted")
        messages.success(
            request, _("%(name)s is deleted.") % {"name": integration.name}
        )
        return redirect("social-leads")
    return _ask(
        request,
        _("Delete %(name)s?") % {"name": integration.name},
        [
            _(
                "No lead of the ad account %(account)s is registered any more, and "
                "LinkedIn's subscription is removed. A sync or check that is at work "
                "ends."
            )
            % {"account": integration.ad_account.name},
            _(
                "These go for good: its forms with their switches and custom mappings, "
                "the default mapping with all versions, the times when it was on, the "
                "proofs of completeness, syncs and replays."
            ),
            _(
                "Registered leads stay, and it is kept which submissions they came "
                "from: connected again, no lead is registered twice. The ad account "
                "stays connected until it is deleted under “Settings”."
            ),
        ],
        back="social-leads",
    )


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def delete_ad_account(request: HttpRequest, account_id: int) -> HttpResponse:
    """An ad account goes, unless an integration still imports from it."""
    account = get_object_or_404(AdAccount, pk=account_id)
    refusal = ""
    if request.method == "POST":
        try:
            connections.delete_ad_account(account, by=cast("User", request.user))
        except RejectedError as exc:
            refusal = str(exc)
        else:
            messages.success(
                request, _("%(name)s is deleted.") % {"name": account.name}
            )
            return redirect("social-settings")
    else:
        refusal = connections.why_it_stays(account)
    return _ask(
        request,
        _("Delete %(name)s?") % {"name": account.name},
        [
            _(
                "The access to this ad account is lost, for every LinkedIn user who "
                "reaches it, and new leads cannot be registered. Registered leads "
                "stay. It can be ticked again at any time: menu of the user → “Ad "
                "accounts”."
            )
        ],
        back="social-settings",
        refusal=refusal,
    )


def subscription_state() -> dict[str, object]:
    """How many integrations LinkedIn notifies the present address of, and which not."""
    if not system_settings.read(system_settings.URL_TO_GET_LEADS):
        return {}
    total = Integration.objects.count()
    waiting = list(subscriptions.waiting()[:_MOST_WAITING])
    number = subscriptions.waiting().count()
    return {
        "total": total,
        "done": total - number,
        "waiting": [
            (one, clock.from_ms(one.subscribe_due_at) if one.subscribe_due_at else None)
            for one in waiting
        ],
        "is_moving": any(not one.subscribe_problem for one in waiting),
    }


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def subscriptions_again(request: HttpRequest) -> HttpResponse:
    """Every subscription is made again; a look asks how far it is."""
    if request.method == "POST":
        if not system_settings.read(system_settings.URL_TO_GET_LEADS):
            raise Http404
        subscriptions.renew_all(by=cast("User", request.user))
        kick(keep_subscribed, key="keep-subscribed")
        messages.success(request, _("The subscriptions are being made again."))
        return redirect("social-settings")
    context = {"subscriptions": subscription_state()}
    return render(request, "web/social/_subscriptions.html", context)
