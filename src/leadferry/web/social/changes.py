"""A form that changed: the difference, and the mapping proposed for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leadferry.accounts.models import User
from leadferry.integrations import drift, queries, services
from leadferry.integrations.mappings import Draft, MappingChanged, MappingRefused
from leadferry.integrations.models import LeadForm
from leadferry.integrations.suggestions import suggest_rows
from leadferry.leads.columns import catalogue
from leadferry.mapping.drift import FieldChange
from leadferry.mapping.suggest import Suggested
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social import editor
from leadferry.web.social.editor import Place

MOST_VERSIONS = 50


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """One row that the mapping may take in."""

    caption: str
    words: str
    why: str
    stored: str


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def form_changes(request: HttpRequest, form_id: int) -> HttpResponse:
    """What is different in a form, what is proposed, and its earlier versions."""
    place = _place(form_id)
    form = cast("LeadForm", place.form)
    problems: Sequence[str] = ()
    if request.method == "POST":
        try:
            return _decide(request, place, form)
        except MappingRefused as exc:
            problems = [f"{one.column}: {one.sentence}" for one in exc.problems]
        except MappingChanged:
            problems = [
                _("Somebody else changed this mapping meanwhile: look at it again.")
            ]
    found = drift.drift_of(form)
    version = queries.effective_mapping(form)
    rows = queries.mapping_rows(version)
    suggested = suggest_rows(place.integration, form=form, rows=rows) if found else []
    context = {
        "place": place,
        "form": form,
        "drift": found,
        "proposed": proposed_rows(place, suggested),
        "seen": version.pk,
        "problems": problems,
        "history": _history(form),
        "section": "system",
    }
    status = 409 if problems else 200
    return render(request, "web/social/form_changes.html", context, status=status)


def _place(form_id: int) -> Place:
    form = LeadForm.objects.select_related("lookup_value").filter(pk=form_id).first()
    if form is None:
        raise Http404
    rows = queries.integrations().filter(ad_account=form.ad_account_id)
    integration = rows.first()
    if integration is None:
        raise Http404
    return Place(integration=integration, form=form)


def proposed_rows(place: Place, suggested: Sequence[Suggested]) -> list[Proposed]:
    """Suggestions as the pages show them."""
    columns = catalogue()
    rows = [one.row for one in suggested]
    words = editor.words_of(rows, columns=columns, labels=place.labels())
    return [
        Proposed(
            caption=str(columns[one.row.column].caption),
            words=words[one.row.column],
            why=editor.reason(one),
            stored=editor.stored_row(one.row),
        )
        for one in suggested
    ]


def _decide(request: HttpRequest, place: Place, form: LeadForm) -> HttpResponse:
    by = cast("User", request.user)
    shown = request.POST.get("version", "")
    version = int(shown) if shown.isdecimal() else 0
    if "leave" in request.POST:
        drift.mark_reviewed(form, version=version, by=by)
        messages.success(request, _("The mapping stays as it is."))
    else:
        ticked = editor.rows_from(request.POST.getlist("row"))
        if not ticked:
            messages.error(request, _("No row was ticked."))
            return redirect("form-changes", form_id=form.pk)
        seen = request.POST.get("seen", "")
        added = Draft(rows=ticked, based_on=int(seen) if seen.isdecimal() else 0)
        services.add_reviewed(form, place.integration, added, version=version, by=by)
        messages.success(request, _("The mapping is applied."))
    address = reverse("integration", kwargs={"integration_id": place.integration.pk})
    return redirect(f"{address}?form={form.pk}#setup")


def _history(form: LeadForm) -> list[tuple[int, datetime, list[FieldChange]]]:
    """(version, when it was read, what was different), newest first."""
    versions = list(form.versions.order_by("-version")[: MOST_VERSIONS + 1])
    told = [
        (new.version, new.read_at, drift.changes_between(old, new))
        for new, old in pairwise(versions)
    ]
    if len(versions) <= MOST_VERSIONS and versions:
        told.append((versions[-1].version, versions[-1].read_at, []))
    return told
