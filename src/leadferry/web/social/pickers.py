"""What may be chosen in the mapping editor: columns, form fields, values."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.timezone import get_current_timezone, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from leadferry.accounts.models import User
from leadferry.integrations import queries
from leadferry.kit.errors import RejectedError
from leadferry.kit.text import comparable
from leadferry.leads import lookup_services
from leadferry.leads import queries as leads
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.lookups import LookupValues
from leadferry.leads.models import LEADGEN_LOOKUPS, Lookup, LookupValue
from leadferry.mapping.compile import constant_value
from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import ColumnType
from leadferry.mapping.fits import PROFILE_FIELDS, fits
from leadferry.mapping.sources import FieldKind, FieldRef
from leadferry.web.fields import dress
from leadferry.web.social.editor import Place, profile_name

# Before the name of a lookup value that is yet to be added.
NEW = "new:"
MOST_VALUES = 50
LONGEST_TEXT = 10_000


@dataclass(frozen=True, kw_only=True)
class OfferedField:
    """One form field, and what people call it."""

    key: str
    label: str
    also: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields that stand together at LinkedIn."""

    section: str
    name: str
    fields: Sequence[OfferedField]


def columns_to_add(taken: set[str]) -> list[CatalogueColumn]:
    """The columns that the mapping does not have yet, by caption."""
    offered = [
        column
        for code, column in catalogue().items()
        if code not in taken and not column.is_retired
    ]
    return sorted(offered, key=lambda column: comparable(str(column.caption)))


def key_of(ref: FieldRef) -> str:
    """A field as a form control names it."""
    return f"{ref.kind.value}:{ref.key}"


def ref_of(key: str) -> FieldRef | None:
    """The field again; none for what no control of ours names."""
    kind, _colon, name = key.partition(":")
    try:
        return FieldRef(FieldKind(kind), name)
    except ValueError:
        return None


def fields_to_choose(
    place: Place, column: CatalogueColumn, chosen: Sequence[FieldRef]
) -> list[Group]:
    """The form fields that fit the column, grouped as LinkedIn groups them."""
    groups = _profile_of_account(place) if place.form is None else _of_form(place)
    target = column.for_mapping()
    shown = []
    for section, name, offered in groups:
        fields = [
            OfferedField(
                key=key_of(ref), label=label, also=also, is_chosen=ref in chosen
            )
            for ref, label, also in offered
            if fits(ref, target)
        ]
        if fields:
            shown.append(Group(section=section, name=name, fields=fields))
    return shown


_Offered = list[tuple[FieldRef, str, str]]


def _profile_of_account(place: Place) -> list[tuple[str, str, _Offered]]:
    asked = queries.profile_fields_asked(place.integration)
    names = [*PROFILE_FIELDS, *sorted(asked - set(PROFILE_FIELDS))]
    # What the forms really ask for comes first.
    names.sort(key=lambda name: name not in asked)
    offered = [
        (
            FieldRef(FieldKind.PREDEFINED, name),
            profile_name(name),
            "" if name in asked or not asked else _("no form asks for it yet"),
        )
        for name in names
    ]
    return [(_details(), _("Profile information"), offered)]


def _details() -> str:
    return _("Lead details & custom questions")


def _of_form(place: Place) -> list[tuple[str, str, _Offered]]:
    schema = place.schema()
    if schema is None:
        return []
    profile: _Offered = []
    custom: _Offered = []
    for question in schema.questions:
        also = question.name if question.name != question.label else ""
        if question.predefined:
            ref = FieldRef(FieldKind.PREDEFINED, question.predefined)
            name = profile_name(question.predefined)
            also = name if comparable(name) != comparable(question.label) else ""
            profile.append((ref, question.label, also))
        else:
            ref = FieldRef(FieldKind.QUESTION, question.id)
            custom.append((ref, question.label or _("(no text)"), also))
    consents: _Offered = [
        (FieldRef(FieldKind.CONSENT, str(consent.id)), consent.text, "")
        for consent in schema.consents
    ]
    hidden: _Offered = [
        (FieldRef(FieldKind.HIDDEN, field.name), field.name, field.value)
        for field in schema.hidden_fields
    ]
    return [
        (_details(), _("Profile information"), profile),
        (_details(), _("Custom questions"), custom),
        (_("Custom checkboxes"), "", consents),
        (_("Hidden fields"), "", hidden),
    ]


@dataclass(frozen=True, kw_only=True)
class OfferedValues:
    """Values of a lookup; `new` is a name that was typed and that none has."""

    values: Sequence[LookupValue]
    has_more: bool
    chosen: int | None
    typed: str
    new: str


def values_to_choose(
    column: CatalogueColumn, *, typed: str = "", chosen: int | None = None
) -> OfferedValues:
    """The values of the column's lookup that have these letters."""
    rows = LookupValue.objects.filter(
        lookup__code=column.lookup, merged_into=None, is_retired=False
    ).order_by("position", "name_key", "pk")
    if typed.strip():
        rows = rows.filter(name_key__contains=comparable(typed))
    found = list(rows[: MOST_VALUES + 1])
    shown = found[:MOST_VALUES]
    if chosen is not None and all(row.pk != chosen for row in shown):
        shown = [*LookupValue.objects.filter(pk=chosen), *shown]
    name = " ".join(typed.split())
    is_known = any(row.name_key == comparable(name) for row in shown)
    takes_new = column.lookup not in LEADGEN_LOOKUPS and not is_known
    return OfferedValues(
        values=shown,
        has_more=len(found) > MOST_VALUES,
        chosen=chosen,
        typed=name,
        new=name if takes_new else "",
    )


def lookup_value(column: CatalogueColumn, chosen: str, *, by: User) -> str:
    """The id of what was chosen; a value that the person just named is added."""
    if not chosen.startswith(NEW):
        return chosen
    name = chosen.removeprefix(NEW)
    lookup = Lookup.objects.get(code=column.lookup)
    try:
        return str(lookup_services.add_value(lookup, name=name, by=by).pk)
    except RejectedError:
        # It is there already.
        held = leads.value_named(column.lookup, name)
        return str(held.pk) if held is not None else ""


class TextValueForm(forms.Form):
    """A constant, in an input that fits the type of its column."""

    def __init__(
        self, data: dict[str, str] | None, *, column: CatalogueColumn, held: str
    ) -> None:
        super().__init__(data)
        self._column = column
        self.fields["value"] = _input_for(column, held)
        dress(self)

    def clean_value(self) -> str:
        """The constant as the mapping keeps it; what does not fit is said."""
        typed = self.cleaned_data["value"]
        if self._column.type is ColumnType.DATETIME:
            typed = typed.isoformat()
        text = str(typed)
        try:
            constant_value(text, self._column.for_mapping(), LookupValues())
        except MappingError as exc:
            raise forms.ValidationError(_refusal(self._column, text)) from exc
        return text


def _refusal(column: CatalogueColumn, text: str) -> str:
    if column.type is ColumnType.DECIMAL:
        digits = column.scale if column.scale is not None else 8
        return _(
            "“%(text)s” is no number that fits: write it with a point and at most "
            "%(digits)s digits behind it, like 1250.50."
        ) % {"text": text[:60], "digits": digits}
    if column.type is ColumnType.TEXT:
        return _("The column holds %(length)s characters, this has %(has)s.") % {
            "length": column.length,
            "has": len(text),
        }
    return _("“%(text)s” does not fit the column.") % {"text": text[:60]}


def _input_for(column: CatalogueColumn, held: str) -> forms.Field:
    label = str(column.caption)
    if column.type is ColumnType.DATE:
        date_box = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return forms.DateField(label=label, initial=held, widget=date_box)
    if column.type is ColumnType.DATETIME:
        moment_box = forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        )
        moment = parse_datetime(held) if held else None
        if moment is not None and moment.tzinfo is None:
            moment = make_aware(moment)
        return forms.DateTimeField(
            label=label,
            initial=moment.astimezone(get_current_timezone()) if moment else None,
            widget=moment_box,
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
            help_text=_lazy("In your time zone."),
        )
    if column.type in {ColumnType.DECIMAL, ColumnType.INTEGER}:
        number_box = forms.TextInput(attrs={"inputmode": "decimal"})
        return forms.CharField(
            label=label, initial=held, max_length=60, widget=number_box
        )
    long_box = forms.Textarea(attrs={"rows": 4}) if column.length is None else None
    return forms.CharField(
        label=label,
        initial=held,
        max_length=LONGEST_TEXT,
        widget=long_box or forms.TextInput(),
    )
