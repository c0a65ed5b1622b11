"""The list of integrations, and one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.integrations import clients, prerequisites, queries, services
from leadferry.integrations.mappings import MappingChanged, MappingRefused
from leadferry.integrations.models import (
    Integration,
    LeadForm,
    LinkedInApplication,
    LinkedInUser,
    MappingVersion,
)
from leadferry.integrations.tasks import check_prerequisites, set_up
from leadferry.jobs import inquiries
from leadferry.jobs.models import Inquiry
from leadferry.leads import queries as leads
from leadferry.leads.queries import Brought
from leadferry.sync import queries as syncs
from leadferry.sync import removal
from leadferry.sync.services import days_to_sync
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social import creatio, editor, page
from leadferry.web.social.editor import Place
from leadferry.web.social.mapping import diff_in_words
from leadferry.web.social.page import PageState


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
        "being_deleted": list(removal.being_deleted()),
        "prerequisites": prerequisites.prerequisites(needed=creatio.needed_settings()),
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
    """Name and switch, default mapping, forms, and the form that is selected."""
    integration = _integration(integration_id)
    form = _selected(integration, request.GET.get("form", ""))
    back_to = _earlier(integration, form, request.GET.get("version", ""))
    state = page.as_stored(integration, form=form, back_to=back_to)
    return _render_integration(request, integration, state)


def _selected(integration: Integration, chosen: str) -> LeadForm | None:
    forms = queries.forms_of(integration)
    return forms.filter(pk=int(chosen)).first() if chosen.isdecimal() else None


def _earlier(
    integration: Integration, form: LeadForm | None, chosen: str
) -> MappingVersion | None:
    versions = queries.versions_of(integration, form)
    return versions.filter(pk=int(chosen)).first() if chosen.isdecimal() else None


def _render_integration(
    request: HttpRequest,
    integration: Integration,
    state: PageState,
    *,
    conflict: MappingChanged | None = None,
    status: int = 200,
) -> HttpResponse:
    forms = list(queries.forms_of(integration))
    brought = leads.leads_by_form([form.lookup_value_id for form in forms])
    default, custom = Place(integration=integration, form=None), None
    differences: list[tuple[str, str, str]] = []
    if conflict is not None:
        place = Place(integration=integration, form=conflict.form)
        mine = state.default_rows if conflict.form is None else state.custom_rows
        differences = diff_in_words(state.meet(conflict), mine, place)
    if state.form is not None:
        custom = Place(integration=integration, form=state.form)
    context = {
        "integration": integration,
        "state": state,
        "default_place": default,
        "default_editor": editor.show(
            default, state.default_rows, seen=state.default_seen
        ),
        "custom_place": custom,
        "custom_editor": editor.show(custom, state.custom_rows, seen=state.custom_seen)
        if custom is not None and state.custom_on
        else None,
        "forms": _shown_forms(forms, brought, state),
        "users": queries.users_of(integration),
        "in_use": clients.in_use(),
        "refreshing": inquiries.find(services.set_up_topic(integration.pk)),
        "conflict": conflict,
        "is_refused": status == 422,
        "run": syncs.open_run_of(integration),
        "offers_earlier": "new" in request.GET,
        "days_to_sync": days_to_sync(),
        "differences": differences,
        "section": "system",
    }
    return render(request, "web/social/integration.html", context, status=status)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownForm:
    """A form as the list shows it; a page has hundreds, so words are made at once."""

    id: str
    leads_address: str
    name: str
    state: str
    leads: str
    last_at: str
    last: str
    is_on: bool
    is_custom: bool
    is_selected: bool
    changes_address: str
    switch: str


def _shown_forms(
    forms: Sequence[LeadForm], brought: Mapping[int, Brought], state: PageState
) -> list[ShownForm]:
    switch = _("Register leads of %(name)s")
    leads_address = reverse("leads")
    shown = []
    for form in forms:
        came = brought.get(form.lookup_value_id)
        last = came.last if came is not None else None
        name = form.lookup_value.name
        shown.append(
            ShownForm(
                id=str(form.pk),
                leads_address=f"{leads_address}?form={form.lookup_value_id}",
                name=name,
                state=form.state.lower() or "–",  # noqa: RUF001 - the dash
                leads=_leads_words(came.count) if came is not None else "",
                last_at=last.isoformat() if last is not None else "",
                last=_day(last),
                is_on=state.forms_on.get(form.pk, form.is_on),
                is_custom=form.has_custom_mapping,
                is_selected=state.form is not None and form.pk == state.form.pk,
                changes_address=_changes_address(form),
                switch=switch % {"name": name},
            )
        )
    return shown


def _day(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return date_format(moment.astimezone(get_current_timezone()), "j M Y")


def _changes_address(form: LeadForm) -> str:
    """Where the change of a form is seen to; nothing where none waits."""
    if not queries.has_changed(form):
        return ""
    return reverse("form-changes", kwargs={"form_id": form.pk})


def _leads_words(count: int) -> str:
    return ngettext("%(shown)s lead", "%(shown)s leads", count) % {
        "shown": intcomma(count)
    }


@requires(MANAGE_INTEGRATIONS)
@require_POST
def apply(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Name, switches and mappings take effect from now, together."""
    integration = _integration(integration_id)
    state = page.as_posted(integration, request.POST)
    stopping = queries.forms_that_stop(integration, on=state.on, forms=state.forms_on)
    stops_all = integration.is_on and not state.on
    if (stopping or stops_all) and "confirmed" not in request.POST:
        return _ask_before_stop(request, integration, stopping, stops_all=stops_all)
    try:
        services.apply_integration(
            integration, state.changes(), by=cast("User", request.user)
        )
    except MappingRefused:
        # What is wrong stands beside each row.
        return _render_integration(request, integration, state, status=422)
    except MappingChanged as exc:
        return _render_integration(
            request, integration, state, conflict=exc, status=409
        )
    messages.success(request, _("The changes are applied."))
    address = reverse("integration", kwargs={"integration_id": integration.pk})
    return redirect(f"{address}?form={state.form.pk}" if state.form else address)


def _ask_before_stop(
    request: HttpRequest,
    integration: Integration,
    stopping: Sequence[LeadForm],
    *,
    stops_all: bool,
) -> HttpResponse:
    context = {
        "integration": integration,
        "stops_all": stops_all,
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
