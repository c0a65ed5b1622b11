"""What people decide about a Creatio: values that go together, columns taken over."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
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
from leadferry.destinations import registry
from leadferry.destinations.creatio import services
from leadferry.destinations.creatio.kind import CREATIO
from leadferry.destinations.creatio.metadata import Kind
from leadferry.destinations.creatio.services import MatchedLookup
from leadferry.destinations.models import Destination
from leadferry.integrations.queries import mappings_in_force_naming
from leadferry.kit.errors import RejectedError
from leadferry.leads.models import LookupValue
from leadferry.web.access import MANAGE_INTEGRATIONS, MANAGE_SETTINGS, requires
from leadferry.web.social.destinations import destination_or_404

PAGE_SIZE = 100
_LENGTHS = {"50": 50, "250": 250, "500": 500}


def needed_settings() -> set[str]:
    """The system settings that a Creatio destination lacks credentials without."""
    found: set[str] = set()
    for destination in Destination.objects.filter(kind=CREATIO.code):
        if not destination.settings.get("client_id"):
            found.add(system_settings.IDENTITY_SERVER_CLIENT_ID)
        if not registry.secrets_of(destination).get("client_secret"):
            found.add(system_settings.IDENTITY_SERVER_CLIENT_SECRET)
    return found


def _creatio_or_404(destination_id: int) -> Destination:
    destination = destination_or_404(destination_id)
    if destination.kind != CREATIO.code:
        raise Http404
    return destination


def _lookup_or_404(destination: Destination, code: str) -> MatchedLookup:
    for one in services.matched_lookups(destination.pk):
        if one.lookup.code == code:
            return one
    raise Http404


@requires(MANAGE_INTEGRATIONS)
@require_safe
def lookup_list(request: HttpRequest, destination_id: int) -> HttpResponse:
    """The lookups whose values go to this Creatio."""
    destination = _creatio_or_404(destination_id)
    context = {
        "destination": destination,
        "lookups": services.matched_lookups(destination.pk),
        "section": "system",
    }
    return render(request, "web/social/creatio_lookups.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_safe
def lookup_page(request: HttpRequest, destination_id: int, code: str) -> HttpResponse:
    """Our values of one lookup, each with what it is there."""
    destination = _creatio_or_404(destination_id)
    one = _lookup_or_404(destination, code)
    only_lacking = request.GET.get("show") == "lacking"
    values = services.lacking(one) if only_lacking else services.values_in_use(one)
    page = Paginator(values, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "destination": destination,
        "matched": one,
        "page": page,
        "matches": services.matches(one, list(page.object_list)),
        "only_lacking": only_lacking,
        "section": "system",
    }
    return render(request, "web/social/creatio_lookup.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def value_page(
    request: HttpRequest, destination_id: int, code: str, value_id: int
) -> HttpResponse:
    """Which value of this Creatio one of ours is."""
    destination = _creatio_or_404(destination_id)
    one = _lookup_or_404(destination, code)
    value = LookupValue.objects.filter(pk=value_id, lookup=one.lookup).first()
    if value is None:
        raise Http404
    if request.method == "POST":
        try:
            _choose(request, destination, value)
        except RejectedError as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, _("Leads take it from now on."))
            return redirect("creatio-lookup", destination.pk, code)
    typed = request.GET.get("search", value.name)[:100]
    context = {
        "destination": destination,
        "matched": one,
        "match": services.matches(one, [value])[0],
        "found": services.search_there(one, typed),
        "typed": typed,
        "section": "system",
    }
    return render(request, "web/social/creatio_value.html", context)


def _choose(request: HttpRequest, destination: Destination, value: LookupValue) -> None:
    by = cast("User", request.user)
    chosen = request.POST.get("value", "")
    if not chosen:
        services.choose_nothing(destination.pk, value, by=by)
        return
    try:
        remote_id = UUID(chosen)
    except ValueError as exc:
        raise RejectedError(_("Choose one of the values.")) from exc
    services.choose(destination.pk, value, remote_id=remote_id, by=by)


@requires(MANAGE_INTEGRATIONS)
@require_safe
def column_list(request: HttpRequest, destination_id: int) -> HttpResponse:
    """Columns that only Creatio has, and columns that only we have."""
    destination = _creatio_or_404(destination_id)
    schema = services.schema_of(destination.pk)
    context = {
        "destination": destination,
        "is_known": schema is not None,
        "only_there": [
            {
                "column": column,
                "caption": services.suggested_caption(column.code),
                "is_text": column.kind is Kind.TEXT,
                "is_moment": column.kind is Kind.MOMENT,
            }
            for column in (services.missing_here(schema) if schema else ())
        ],
        "only_here": [
            {"column": column, "is_mapped": bool(mappings_in_force_naming(column.code))}
            for column in (services.missing_there(schema) if schema else ())
        ],
        "section": "system",
    }
    return render(request, "web/social/creatio_columns.html", context)


@requires(MANAGE_SETTINGS)
@require_POST
def column_add(request: HttpRequest, destination_id: int) -> HttpResponse:
    """Leads have this column of Creatio here, too."""
    destination = _creatio_or_404(destination_id)
    posted = request.POST
    try:
        column = services.take_over_column(
            destination.pk,
            services.Wanted(
                code=posted.get("code", ""),
                caption=posted.get("caption", ""),
                length=_LENGTHS.get(posted.get("length", "")),
                is_date=posted.get("type") == "date",
            ),
            by=cast("User", request.user),
        )
    except RejectedError as exc:
        messages.error(request, str(exc))
    else:
        told = _("%(caption)s is a column of leads and can be mapped.")
        messages.success(request, told % {"caption": column.caption})
    return redirect("creatio-columns", destination.pk)
