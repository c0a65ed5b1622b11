"""Social lead generation: "Settings" and what is connected."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.accounts.services import ADMINISTRATORS
from leadferry.ingest import queries as ingest
from leadferry.integrations import (
    api_versions,
    clients,
    connect,
    queries,
    removal,
    services,
)
from leadferry.integrations.addresses import is_public
from leadferry.integrations.models import LinkedInApplication
from leadferry.integrations.sign_in import RETURN_PATH
from leadferry.integrations.tasks import keep_subscribed, test_application
from leadferry.jobs import inquiries
from leadferry.jobs.services import kick
from leadferry.kit.errors import RejectedError
from leadferry.linkedin.versions import version_named
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social import destinations
from leadferry.web.social.forms import SettingsForm
from leadferry.web.social.removal import subscription_state


@requires(MANAGE_INTEGRATIONS)
@sensitive_post_parameters("client_secret", "second_secret")
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """The application, the address, the role; stored by "Apply"."""
    application = LinkedInApplication.objects.first()
    form = SettingsForm(
        request.POST.dict() if request.method == "POST" else None,
        application=application,
        initial=_initial(request, application),
    )
    if request.method == "POST" and form.is_valid():
        try:
            _apply(form, by=cast("User", request.user))
        except RejectedError as exc:
            form.add_error("url", str(exc))
        else:
            inquiries.ask(connect.APPLICATION_TOPIC, test_application)
            kick(keep_subscribed, key="keep-subscribed")
            messages.success(request, _("The settings are applied."))
            return redirect("social-settings")
    url = system_settings.read(system_settings.URL_TO_GET_LEADS)
    context = {
        "form": form.dressed(),
        "section": "system",
        "stored_url": url,
        "is_public": is_public(url),
        "addresses": _addresses(url),
        "last_challenge": ingest.last_challenge(),
        "users": queries.linkedin_users(),
        "in_use": clients.in_use(),
        "unreached": queries.unreached_ad_accounts(),
        "endings": removal.endings(),
        "destinations": destinations.listed(),
        "subscriptions": subscription_state(),
        "is_set_up": application is not None and bool(url),
        "test": inquiries.find(connect.APPLICATION_TOPIC),
        "application": application,
        "version": version_named(application.api_version) if application else None,
    }
    status = 422 if form.errors else 200
    return render(request, "web/social/settings.html", context, status=status)


def _initial(
    request: HttpRequest, application: LinkedInApplication | None
) -> dict[str, object]:
    stored_role = system_settings.read(system_settings.NOTIFICATION_ROLE)
    role = Group.objects.filter(pk=int(stored_role)) if stored_role else None
    initial: dict[str, object] = {
        "url": system_settings.read(system_settings.URL_TO_GET_LEADS)
        or request.build_absolute_uri("/").rstrip("/"),
        "role": (role or Group.objects.filter(name=ADMINISTRATORS)).first(),
    }
    if application is not None:
        initial |= {
            "client_id": application.client_id,
            "scopes": application.scopes,
            "api_version": application.api_version,
        }
    return initial


def _apply(form: SettingsForm, *, by: User) -> None:
    values = form.cleaned_data
    services.save_url(values["url"], by=by)
    connect.save_application(
        client_id=values["client_id"],
        client_secret=form.secret_to_store(),
        second_secret=values["second_secret"].strip(),
        scopes=values["scopes"],
        api_version=values["api_version"],
        by=by,
    )
    system_settings.write(
        system_settings.NOTIFICATION_ROLE, str(values["role"].pk), by=by
    )


def _addresses(url: str) -> dict[str, str]:
    if not url:
        return {}
    return {
        _("Redirect address"): f"{url}{RETURN_PATH}",
        _("Webhook address"): services.notices_url(),
    }


@requires(MANAGE_INTEGRATIONS)
@require_POST
def use_version(request: HttpRequest) -> HttpResponse:
    """The newer version that was found to work is used from now on."""
    version = request.POST.get("version", "")
    try:
        api_versions.use_newer(version, by=cast("User", request.user))
    except RejectedError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("API version %s is used now.") % version)
    return redirect("social-settings")


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def application_test(request: HttpRequest) -> HttpResponse:
    """Ask LinkedIn whether it knows the stored application, and show what it says."""
    if request.method == "POST":
        if LinkedInApplication.objects.exists():
            inquiries.ask(connect.APPLICATION_TOPIC, test_application)
        else:
            messages.error(
                request, _("Apply client ID and secret first, then test them.")
            )
        return redirect("social-settings")
    inquiry = inquiries.find(connect.APPLICATION_TOPIC)
    if inquiries.is_waiting(inquiry):
        return HttpResponse(status=204)
    return render(request, "web/social/_application_test.html", {"test": inquiry})
