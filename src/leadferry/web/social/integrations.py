"""The list of integrations, and one of them."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.integrations import queries, services
from leadferry.integrations.models import Integration, LinkedInApplication
from leadferry.integrations.tasks import set_up
from leadferry.jobs.services import kick
from leadferry.leads import queries as leads
from leadferry.web.access import MANAGE_INTEGRATIONS, requires


@requires(MANAGE_INTEGRATIONS)
@require_safe
def integration_list(request: HttpRequest) -> HttpResponse:
    """All integrations; whoever has nothing set up yet comes to "Settings"."""
    url = system_settings.read(system_settings.URL_TO_GET_LEADS)
    if not url or not LinkedInApplication.objects.exists():
        return redirect("social-settings")
    context = {"integrations": queries.integrations(), "section": "system"}
    return render(request, "web/social/list.html", context)


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
    forms = list(queries.forms_of(integration))
    last = leads.last_leads([form.lookup_value_id for form in forms])
    context = {
        "integration": integration,
        "rows": queries.mapping_rows(queries.default_mapping(integration)),
        "forms": [(form, last.get(form.lookup_value_id)) for form in forms],
        "section": "system",
    }
    return render(request, "web/social/integration.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def apply(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Name and switches take effect from now."""
    integration = _integration(integration_id)
    by = cast("User", request.user)
    on_now = set(request.POST.getlist("form_on"))
    services.apply_integration(
        integration,
        name=request.POST.get("name", "").strip()[:255],
        on="is_on" in request.POST,
        forms={
            int(shown): shown in on_now
            for shown in request.POST.getlist("form_shown")
            if shown.isdigit()
        },
        by=by,
    )
    messages.success(request, _("The changes are applied."))
    return redirect("integration", integration_id=integration.pk)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def refresh(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Forms are read from LinkedIn in the background."""
    integration = _integration(integration_id)
    kick(set_up, integration.pk, key=f"set-up-{integration.pk}")
    messages.success(
        request, _("The forms are being read from LinkedIn; look again in a moment.")
    )
    return redirect("integration", integration_id=integration.pk)
