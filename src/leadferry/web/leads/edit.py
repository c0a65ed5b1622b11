"""A person edits a lead, and meets what somebody else did meanwhile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leadferry.accounts.models import User
from leadferry.leads import queries
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.edit import LeadChanged, LeadGone, edit_lead
from leadferry.leads.models import Lead
from leadferry.leads.values import read_value, texts_of
from leadferry.mapping.fields import ColumnType
from leadferry.web.access import requires
from leadferry.web.fields import dress

MOST_OFFERED = 500


class LookupByName(forms.CharField):
    """A value of a lookup too long for a list: typed, and found by its name."""

    def __init__(self, *, lookup: str | None, label: str, initial: str) -> None:
        super().__init__(required=False, max_length=500, label=label, initial=initial)
        self._lookup = lookup

    def clean(self, value: object) -> int | None:
        """The id of the value; raises where none has this name."""
        name = super().clean(cast("str", value))
        if not name:
            return None
        found = queries.value_named(self._lookup, name)
        if found is None:
            raise forms.ValidationError(_("The lookup has no value with this name."))
        return found.pk


class LeadForm(forms.Form):
    """Every column that is in use, each in an input that fits its type."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    # What each column held when the page was opened, as the history writes it.
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, str] | None,
        *,
        lead: Lead,
        columns: Mapping[str, CatalogueColumn],
    ) -> None:
        held = {code: read_value(lead, column) for code, column in columns.items()}
        super().__init__(data)
        self._columns = columns
        self._held = held
        for code, column in columns.items():
            self.fields[code] = _field(column, held[code])
        self.fields["revision"].initial = lead.revision
        self.fields["seen"].initial = json.dumps(texts_of(held, dict(columns)))
        dress(self)

    def values(self) -> dict[str, object]:
        """The typed values by column code; what was not touched is as it is held."""
        values = {}
        for code, column in self._columns.items():
            typed = _typed(column, self.cleaned_data[code])
            held = self._held[code]
            values[code] = held if typed == _sent_back(column, held) else typed
        return values

    def of_columns(self) -> list[tuple[forms.BoundField, bool]]:
        """The inputs, and whether each is a box to tick."""
        return [
            (self[code], column.type is ColumnType.BOOLEAN)
            for code, column in self._columns.items()
        ]


def _sent_back(column: CatalogueColumn, held: object) -> object:
    """What a browser sends of a value that nobody touched."""
    if isinstance(held, datetime):
        return held.replace(microsecond=0)
    if isinstance(held, str):
        lines = held.replace("\r\n", "\n").replace("\r", "\n")
        return lines.replace("\n", "") if column.length is not None else lines
    return held


def _typed(column: CatalogueColumn, value: object) -> object:
    if column.type is ColumnType.LOOKUP:
        return int(str(value)) if value not in {"", None} else None
    if column.type is ColumnType.TEXT:
        return str(value or "").replace("\r\n", "\n")
    return value


def _field(column: CatalogueColumn, held: object) -> forms.Field:
    label = str(column.caption)
    match column.type:
        case ColumnType.BOOLEAN:
            return forms.BooleanField(label=label, required=False, initial=held)
        case ColumnType.DATE:
            day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            return forms.DateField(
                label=label, required=False, initial=held, widget=day
            )
        case ColumnType.DATETIME:
            moment = forms.DateTimeInput(
                attrs={"type": "datetime-local", "step": "1"},
                format="%Y-%m-%dT%H:%M:%S",
            )
            return forms.DateTimeField(
                label=label,
                required=False,
                initial=held,
                widget=moment,
                input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"],
            )
        case ColumnType.DECIMAL | ColumnType.INTEGER:
            number = forms.TextInput(attrs={"inputmode": "decimal"})
            return forms.DecimalField(
                label=label,
                required=False,
                initial=held,
                max_digits=18,
                decimal_places=column.scale or 0,
                widget=number,
            )
        case ColumnType.LOOKUP:
            return _lookup_field(column, held)
    long = forms.Textarea(attrs={"rows": 5}) if column.length is None else None
    return forms.CharField(
        label=label,
        required=False,
        initial=held,
        strip=False,
        max_length=column.length,
        widget=long or forms.TextInput(),
    )


def _lookup_field(column: CatalogueColumn, held: object) -> forms.Field:
    label = str(column.caption)
    values = queries.values_of_lookup(column.lookup, most=MOST_OFFERED)
    names = texts_of({column.code: held}, {column.code: column})
    if len(values) > MOST_OFFERED:
        return LookupByName(
            lookup=column.lookup, label=label, initial=names[column.code]
        )
    offered = [
        (str(value.pk), value.name)
        for value in values
        if not value.is_retired or value.pk == held
    ]
    if held is not None and all(key != str(held) for key, _name in offered):
        offered.insert(0, (str(held), names[column.code]))
    return forms.ChoiceField(
        label=label,
        required=False,
        initial="" if held is None else str(held),
        choices=[("", "–"), *offered],  # noqa: RUF001 - a dash for nothing
    )


@dataclass(frozen=True, slots=True)
class Meeting:
    """A column that somebody else changed; `mine` where the person changed it, too."""

    caption: str
    was: str
    now: str
    mine: str | None


@requires("leads.change_lead")
@require_http_methods(["GET", "HEAD", "POST"])
def edit_page(request: HttpRequest, lead_id: int) -> HttpResponse:
    """The lead as a form; whoever was slower sees the difference first."""
    lead = queries.find_lead(lead_id)
    if lead is None:
        raise Http404
    columns = {
        code: column
        for code, column in catalogue().items()
        if not column.is_retired or read_value(lead, column) != column.empty
    }
    data = request.POST.dict() if request.method == "POST" else None
    form = LeadForm(data, lead=lead, columns=columns)
    meetings: list[Meeting] = []
    status = 200
    if request.method == "POST" and not form.is_valid():
        status = 422
    elif request.method == "POST":
        try:
            edit_lead(
                lead_id=lead_id,
                revision=form.cleaned_data["revision"],
                values=form.values(),
                by=cast("User", request.user),
            )
        except LeadGone as exc:
            messages.error(request, str(exc))
            return redirect("leads")
        except LeadChanged:
            form, meetings = _meet(form, lead_id=lead_id, columns=columns)
            status = 409
        else:
            messages.success(request, _("The lead is applied."))
            return redirect("lead", lead_id=lead_id)
    context = {
        "lead": lead,
        "form": form,
        "meetings": meetings,
        "section": "leads",
    }
    return render(request, "web/leads/edit.html", context, status=status)


def _meet(
    form: LeadForm, *, lead_id: int, columns: Mapping[str, CatalogueColumn]
) -> tuple[LeadForm, list[Meeting]]:
    """The form on the lead as it is now, with what the person changed kept."""
    lead = queries.find_lead(lead_id)
    if lead is None:
        raise Http404
    shown = dict(columns)
    held = {code: read_value(lead, column) for code, column in shown.items()}
    now, mine = texts_of(held, shown), texts_of(form.values(), shown)
    seen = _read_seen(form.cleaned_data["seen"])
    changed = {code for code in shown if mine[code] != seen.get(code, mine[code])}
    fresh = LeadForm(None, lead=lead, columns=columns)
    data = {name: _raw(fresh[name].value()) for name in fresh.fields}
    data |= {code: _raw(form[code].value()) for code in changed}
    # A box that is not ticked is not sent.
    data = {name: value for name, value in data.items() if value != ""}
    meetings = [
        Meeting(
            caption=str(column.caption),
            was=seen[code],
            now=now[code],
            mine=mine[code] if code in changed else None,
        )
        for code, column in shown.items()
        if code in seen and now[code] != seen[code]
    ]
    again = LeadForm(data, lead=lead, columns=columns)
    again.is_valid()
    return again, meetings


def _raw(value: object) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    if hasattr(value, "strftime"):
        return (
            str(value.strftime("%Y-%m-%dT%H:%M:%S"))
            if hasattr(value, "hour")
            else str(value)
        )
    return str(value)


def _read_seen(text: str) -> dict[str, str]:
    try:
        seen = json.loads(text)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in seen.items()} if isinstance(seen, dict) else {}
