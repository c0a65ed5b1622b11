"""Lookups and their values."""

from typing import cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts.models import User
from leadferry.integrations import queries as integrations
from leadferry.kit.errors import RejectedError
from leadferry.kit.text import comparable
from leadferry.leads import lookup_services as services
from leadferry.leads.models import LEAD_FORMS, LEADGEN_LOOKUPS, Lookup, LookupValue
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.system.forms import LookupForm

PAGE_SIZE = 100
MOST_OFFERED = 500


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def lookup_list(request: HttpRequest) -> HttpResponse:
    """Every lookup with its code and number of values; a new one of one's own."""
    form = LookupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_lookup(
                code=form.cleaned_data["code"],
                name=form.cleaned_data["name"],
                by=cast("User", request.user),
            )
        except RejectedError as exc:
            form.add_error("code", str(exc))
        else:
            messages.success(request, _("The lookup is there: add its values."))
            return redirect("lookup", code=made.code)
    typed = request.GET.get("search", "")[:100]
    in_use = Q(values_of__merged_into=None, values_of__is_retired=False)
    rows = Lookup.objects.annotate(values_count=Count("values_of", filter=in_use))
    words = comparable(typed).split()
    context = {
        "rows": [
            row
            for row in rows.order_by("name", "pk")
            if all(word in comparable(f"{row.name} {row.code}") for word in words)
        ],
        "typed": typed,
        "form": form,
        "section": "system",
    }
    status = 422 if form.errors else 200
    return render(request, "web/system/lookups.html", context, status=status)


def _lookup(code: str) -> Lookup:
    lookup = Lookup.objects.filter(code=code).first()
    if lookup is None:
        raise Http404
    return lookup


def _value(code: str, value_id: int) -> LookupValue:
    rows = LookupValue.objects.select_related("lookup", "merged_into")
    value = rows.filter(lookup__code=code, pk=value_id).first()
    if value is None:
        raise Http404
    return value


@requires(MANAGE_INTEGRATIONS)
@require_safe
def lookup_page(request: HttpRequest, code: str) -> HttpResponse:
    """The values of a lookup in their order, found by what is typed."""
    lookup = _lookup(code)
    typed = request.GET.get("search", "")[:100]
    rows = LookupValue.objects.filter(lookup=lookup, merged_into=None)
    if typed.strip():
        rows = rows.filter(name_key__contains=comparable(typed))
    pages = Paginator(rows.order_by("position", "name_key", "pk"), PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    names = {}
    if lookup.code == LEAD_FORMS:
        names = integrations.names_at_linkedin([row.pk for row in page.object_list])
    context = {
        "lookup": lookup,
        "page": page,
        "typed": typed,
        "is_own": lookup.code not in LEADGEN_LOOKUPS,
        "shows_linkedin": lookup.code == LEAD_FORMS,
        "names": names,
        "section": "system",
    }
    return render(request, "web/system/lookup.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def lookup_change(request: HttpRequest, code: str) -> HttpResponse:
    """A value more, values from a file, or another order."""
    lookup = _lookup(code)
    by = cast("User", request.user)
    try:
        if "sort" in request.POST:
            services.sort_by_name(lookup, by=by)
            said = _("The values are sorted by name.")
        elif "file" in request.FILES:
            said = _imported(request, lookup, by)
        else:
            services.add_value(lookup, name=request.POST.get("name", ""), by=by)
            said = _("The value is added.")
    except RejectedError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, said)
    return redirect("lookup", code=code)


def _imported(request: HttpRequest, lookup: Lookup, by: User) -> str:
    upload = cast("UploadedFile", request.FILES["file"])
    content = upload.read(services.MOST_BYTES + 1)
    done = services.import_values(lookup, content=content, by=by)
    added = ngettext(
        "%(count)s value is added", "%(count)s values are added", done.added
    ) % {"count": done.added}
    known = ngettext(
        "%(count)s was there already.", "%(count)s were there already.", done.known
    ) % {"count": done.known}
    return f"{added}, {known}"


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def value_page(request: HttpRequest, code: str, value_id: int) -> HttpResponse:
    """One value: its name, its place, and whether it is in use."""
    value = _value(code, value_id)
    if request.method == "POST":
        try:
            said = _change_value(request, value)
        except RejectedError as exc:
            messages.error(request, str(exc))
            return redirect("lookup-value", code=code, value_id=value_id)
        messages.success(request, said)
        if "move" in request.POST:
            return redirect("lookup-value", code=code, value_id=value_id)
        return redirect("lookup", code=code)
    is_own = code not in LEADGEN_LOOKUPS
    others = LookupValue.objects.none()
    if is_own:
        listed = LookupValue.objects.filter(lookup=value.lookup, merged_into=None)
        others = listed.exclude(pk=value.pk).order_by("name_key")[:MOST_OFFERED]
    names = integrations.names_at_linkedin([value.pk])
    context = {
        "value": value,
        "is_own": is_own,
        "others": others,
        "merged": value.merged.order_by("name_key"),
        "at_linkedin": names.get(value.pk, ""),
        "section": "system",
    }
    return render(request, "web/system/lookup_value.html", context)


def _change_value(request: HttpRequest, value: LookupValue) -> str:
    by = cast("User", request.user)
    if "retire" in request.POST:
        services.retire_value(value, by=by)
        return _("The value is retired; leads that hold it keep it.")
    if "restore" in request.POST:
        services.restore_value(value, by=by)
        return _("The value is offered again.")
    if "move" in request.POST:
        services.move_value(value, before=request.POST["move"] == "up", by=by)
        return _("The value is moved.")
    if "into" in request.POST:
        into = request.POST["into"]
        keep = _value(value.lookup.code, int(into) if into.isdecimal() else 0)
        services.merge_values(keep=keep, absorb=value, by=by)
        return _("The values are merged.")
    services.rename_value(value, name=request.POST.get("name", ""), by=by)
    return _("The value is applied.")
