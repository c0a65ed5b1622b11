"""The list of integrations, and one of them."""

from datetime import timedelta
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.integrations import prerequisites, queries, services
from leadferry.integrations.models import (
    Integration,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.integrations.tasks import check_prerequisites, set_up
from leadferry.jobs import inquiries
from leadferry.jobs.models import Inquiry
from leadferry.leads import queries as leads
from leadferry.web.access import MANAGE_INTEGRATIONS, requires


@requires(MANAGE_INTEGRATIONS)
@require_safe
def integration_list(request: HttpRequest) -> HttpResponse:
    """All integrations; whoever has nothing set up yet comes to "Settings"."""
    url = system_settings.read(system_settings.URL_TO_GET_LEADS)
    if not url or not LinkedInApplication.objects.exists():
        return redirect("social-settings")
    inquiry = _looked()
    context = {
        "integrations": list(queries.integrations()),
        "prerequisites": prerequisites.prerequisites(),
        "looked": inquiry,
        "is_safari": _is_safari(request),
        "section": "system",
    }
    return render(request, "web/social/list.html", context)


def _looked() -> Inquiry | None:
    if not LinkedInUser.objects.exists():
        return None
    return inquiries.ask_unless_fresh(
        prerequisites.TOPIC, check_prerequisites, fresh=timedelta(days=1)
    )


def _is_safari(request: HttpRequest) -> bool:
    agent = request.headers.get("User-Agent", "")
    others = ("Chrome", "Chromium", "CriOS", "FxiOS", "Edg", "Android")
    return "Safari/" in agent and not any(name in agent for name in others)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def check_again(request: HttpRequest) -> HttpResponse:
    """LinkedIn is asked in the background; a look asks whether it has answered."""
    if request.method == "POST":
        inquiries.ask(prerequisites.TOPIC, check_prerequisites)
        return redirect("social-leads")
    answer = HttpResponse(status=204)
    if not inquiries.is_waiting(inquiries.find(prerequisites.TOPIC)):
        answer["HX-Refresh"] = "true"
    return answer


def _integration(integration_id: int) -> Integration:
    found = queries.integrations().filter(pk=integration_id).first()
    if found is None:
        raise Http404
    return found


@requires(MANAGE_INTEGRATIONS)
@require_safe
def integration_page(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Name and switch, default mapping, forms."""
    integration = _integration(integration_id)
    return _render_integration(request, integration)


def _render_integration(request: HttpRequest, integration: Integration) -> HttpResponse:
    forms = list(queries.forms_of(integration))
    brought = leads.leads_by_form([form.lookup_value_id for form in forms])
    context = {
        "integration": integration,
        "rows": queries.mapping_rows(queries.default_mapping(integration)),
        "forms": [(form, brought.get(form.lookup_value_id)) for form in forms],
        "users": queries.users_of(integration),
        "refreshing": inquiries.find(services.set_up_topic(integration.pk)),
        "section": "system",
    }
    return render(request, "web/social/integration.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def apply(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Name and switches take effect from now."""
    integration = _integration(integration_id)
    on = "is_on" in request.POST
    on_now = set(request.POST.getlist("form_on"))
    forms = {
        int(shown): shown in on_now
        for shown in request.POST.getlist("form_shown")
        if shown.isdigit()
    }
    stopping = queries.forms_that_stop(integration, on=on, forms=forms)
    if (stopping or (integration.is_on and not on)) and "confirmed" not in request.POST:
        context = {
            "integration": integration,
            "stops_all": integration.is_on and not on,
            "stopping": stopping,
            "posted": [
                (name, value)
                for name, values in request.POST.lists()
                for value in values
                if name != "csrfmiddlewaretoken"
            ],
            "section": "system",
        }
        return render(request, "web/social/confirm_stop.html", context)
    services.apply_integration(
        integration,
        name=request.POST.get("name", "").strip()[:255],
        on=on,
        forms=forms,
        by=cast("User", request.user),
    )
    messages.success(request, _("The changes are applied."))
    return redirect("integration", integration_id=integration.pk)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def refresh(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Forms are read from LinkedIn in the background; a look asks how far it is."""
    integration = _integration(integration_id)
    topic = services.set_up_topic(integration.pk)
    if request.method == "POST":
        inquiries.ask(topic, set_up, integration.pk)
        return redirect("integration", integration_id=integration.pk)
    answer = HttpResponse(status=204)
    if not inquiries.is_waiting(inquiries.find(topic)):
        # What was read stands on the page itself.
        answer["HX-Refresh"] = "true"
    return answer
