"""A lead as it will stand in Creatio: columns by equal code, and what had no place.

Pure: what the instance has and what lookups resolve to is handed in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from leadferry.destinations.base import LookupRef, Named, Note, Parcel, Value
from leadferry.destinations.creatio import columns
from leadferry.destinations.creatio.metadata import (
    EXTENDED,
    Kind,
    RemoteColumn,
    Schema,
)

# Where the macro puts the whole submission, and what has no column of its own.
MACRO_COLUMNS = ("Notes", "Commentary")
EXTENDED_COLUMN = "LeadGenExtendedLeadInfo"
_LONGEST_NAME = 250
# Object -> (its column with LinkedIn's id, lookup of the extended information, caption)
SOURCES = {
    "LeadGenLeadForms": ("SocialFormId", "LeadGenLeadForms", "Lead form"),
    "LeadGenCampaignGroups": (
        "SocialCampaignGroupId",
        "LeadGenCampaignGroups",
        "Campaign group",
    ),
    "LeadGenCampaigns": ("SocialCampaignId", "LeadGenCampaigns", "Campaign"),
    "LeadGenAds": ("SocialAdId", "LeadGenAds", "Ad banner"),
}


def _stock(number: int, lookup: str, guid: str, name: str) -> LookupRef:
    return LookupRef(lookup=lookup, id=-number, guid=UUID(guid), name=name, code="")


# What a new lead of LinkedIn holds unless it says otherwise: Creatio's own default is
# that somebody added it by hand.
DEFAULTS = {
    "RegisterMethod": _stock(
        1,
        "LeadRegisterMethod",
        "2f65913c-ff62-40fb-9d01-1a3e2e893e0e",
        "Created automatically",
    ),
    "LeadSource": _stock(
        2, "LeadSource", "6c7e2194-0b60-4b1c-a084-20a73d8cb06f", "LinkedIn"
    ),
    "LeadMedium": _stock(
        3, "LeadMedium", "fa3f5ad8-56da-4fcf-aa79-7033bdf62178", "Web: social"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the instance has, as far as these leads need it."""

    schema: Schema
    # Of text columns whose length is known: Creatio does not tell.
    lengths: Mapping[str, int] = field(default_factory=dict)
    resolved: Mapping[tuple[str, int], UUID] = field(default_factory=dict)
    sources: Mapping[tuple[str, str], UUID] = field(default_factory=dict)
    with_extended: bool = True


@dataclass(kw_only=True)
class Shaped:
    """One lead, ready to be sent."""

    parcel: Parcel
    remote_id: UUID
    # By code: the column, and what is to stand in it.
    columns: dict[str, RemoteColumn] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    # Stands in a new record only.
    extended: dict[str, Any] | None = None
    notes: list[Note] = field(default_factory=list)

    def put(self, column: RemoteColumn, value: Any) -> None:
        """This is to stand in that column."""
        self.columns[column.code] = column
        self.values[column.code] = value

    def note(self, column: str, kind: str, text: str) -> None:
        """A person may want to know this of the column."""
        self.notes.append(Note(column=column, kind=kind, text=text))

    def body(self, codes: Iterable[str]) -> dict[str, Any]:
        """These columns as they go over the wire."""
        return {self.columns[code].key: self.values[code] for code in codes}

    def canonical(self, code: str) -> str:
        """What is to stand in the column, for comparing."""
        return columns.canonical(self.values[code], self.columns[code].kind)

    def texts(self) -> list[str]:
        """What a person may have typed, to be kept out of messages."""
        return [value for value in self.values.values() if isinstance(value, str)]


def lead_id(parcel: Parcel, *, instance: str) -> UUID:
    """The id in Creatio: of the submission, else of the lead of this instance."""
    if parcel.remote_id:
        return UUID(parcel.remote_id)
    return uuid5(NAMESPACE_URL, parcel.urn or f"{instance}/leads/{parcel.lead_id}")


def extended_id(lead: UUID) -> UUID:
    """The id of a lead's extended information; it follows from the lead's."""
    return uuid5(lead, EXTENDED)


def source_id(entity_set: str, social_id: str) -> UUID:
    """The id that a record of a form or campaign gets when we make it."""
    return uuid5(NAMESPACE_URL, f"urn:li:{entity_set}:{social_id}")


def sources_of(parcel: Parcel) -> dict[str, Named]:
    """Object -> the form, campaign group, campaign and ad that the lead came by."""
    source = parcel.source
    if source is None:
        return {}
    named = {
        "LeadGenLeadForms": source.form,
        "LeadGenCampaignGroups": source.campaign_group,
        "LeadGenCampaigns": source.campaign,
        "LeadGenAds": source.creative,
    }
    return {name: one for name, one in named.items() if one is not None}


def references(parcel: Parcel, context: Context) -> set[tuple[str, LookupRef]]:
    """The lookup values that have to be found at the instance."""
    found: set[tuple[str, LookupRef]] = set()
    for code, value in _values(parcel).items():
        column = context.schema.lead.get(code)
        if column and column.kind is Kind.LOOKUP and isinstance(value, LookupRef):
            found.add((column.entity_set, value))
    return found


def _values(parcel: Parcel) -> dict[str, Value]:
    values = dict(parcel.values)
    if parcel.source is not None and not parcel.remote_id:
        for code, ref in DEFAULTS.items():
            if columns.is_nothing(values.get(code)):
                values[code] = ref
    return values


def shape(parcel: Parcel, *, context: Context, instance: str) -> Shaped:
    """The lead as it is to stand in this Creatio."""
    shaped = Shaped(parcel=parcel, remote_id=lead_id(parcel, instance=instance))
    lines: list[str] = []
    macro = next((c for c in MACRO_COLUMNS if c in context.schema.lead), "")
    values = _values(parcel)
    for code in sorted(values):
        if code != macro:
            _place(shaped, code, values[code], context, lines)
    _fill_strings(shaped, values, context)
    if parcel.source is not None:
        _link(shaped, context, lines)
    if parcel.is_test:
        lines.append("Test lead of LinkedIn")
    _write_macro(shaped, macro, values.get(macro), context, lines)
    return shaped


def _place(
    shaped: Shaped, code: str, value: Value, context: Context, lines: list[str]
) -> None:
    is_empty = columns.is_nothing(value)
    if is_empty and code not in shaped.parcel.sent:
        return
    column = context.schema.lead.get(code)
    if column is None:
        if not is_empty:
            lines.append(f"{code}: {columns.as_text(value)}")
            shaped.note(code, "unknown", "Creatio has no such column: see the notes.")
        return
    if column.kind is Kind.LOOKUP and (is_empty or isinstance(value, LookupRef)):
        _place_reference(shaped, column, value, context)
        return
    _place_value(shaped, column, value, context, lines)


def _place_value(
    shaped: Shaped,
    column: RemoteColumn,
    value: Value,
    context: Context,
    lines: list[str],
) -> None:
    code = column.code
    try:
        wire = columns.encode(value, column.kind)
    except columns.Unfit:
        lines.append(f"{code}: {columns.as_text(value)}")
        shaped.note(code, "type", "It does not fit the column's type in Creatio.")
        return
    most = context.lengths.get(code)
    if column.kind is Kind.TEXT and most is not None and len(wire) > most:
        lines.append(f"{code}: {wire}")
        shaped.note(
            code, "length", f"It is longer than {most} characters: see the notes."
        )
        return
    shaped.put(column, wire)


def _place_reference(
    shaped: Shaped, column: RemoteColumn, value: Value, context: Context
) -> None:
    found = None
    if isinstance(value, LookupRef):
        found = context.resolved.get((column.entity_set, value.id))
    if found is not None:
        shaped.put(column, str(found))
    elif column.code in shaped.parcel.sent:
        # What stands there belongs to a value that the lead holds no more.
        shaped.put(column, columns.EMPTY[Kind.LOOKUP])


def _fill_strings(
    shaped: Shaped, values: Mapping[str, Value], context: Context
) -> None:
    """The names of values that Creatio does not have go to the text columns."""
    for code, value in values.items():
        column = context.schema.lead.get(code)
        if column is None or column.kind is not Kind.LOOKUP:
            continue
        if not isinstance(value, LookupRef):
            continue
        if (column.entity_set, value.id) in context.resolved:
            continue
        beside = context.schema.lead.get(f"{code}Str")
        has_own = not columns.is_nothing(values.get(f"{code}Str"))
        if beside is None or has_own or len(value.name) > _LONGEST_NAME:
            shaped.note(
                code,
                "lookup",
                f"“{value.name[:100]}” is not in Creatio's lookup "
                f"{column.entity_set}: left out.",
            )
            continue
        shaped.put(beside, value.name)
        shaped.note(
            code,
            "lookup",
            f"“{value.name[:100]}” is not in Creatio's lookup {column.entity_set}: "
            f"it stands in {beside.code}.",
        )


def _link(shaped: Shaped, context: Context, lines: list[str]) -> None:
    parcel = shaped.parcel
    if EXTENDED_COLUMN in parcel.sent:
        return
    is_new = not parcel.remote_id
    if is_new and context.with_extended and context.schema.has_extended:
        shaped.extended = _extended(shaped, context)
        return
    for name, one in sources_of(shaped.parcel).items():
        lines.append(f"{SOURCES[name][2]}: {one.name or one.social_id}")


def _extended(shaped: Shaped, context: Context) -> dict[str, Any]:
    known = context.schema.objects[EXTENDED]
    body: dict[str, Any] = {"Id": str(extended_id(shaped.remote_id))}
    if "SocialLeadId" in known and shaped.parcel.source is not None:
        body["SocialLeadId"] = shaped.parcel.source.linkedin_lead_id
    for name, one in sources_of(shaped.parcel).items():
        key = context.sources.get((name, one.social_id))
        column = known.get(SOURCES[name][1])
        if key is not None and column is not None:
            body[column.key] = str(key)
    return body


def _write_macro(
    shaped: Shaped,
    macro: str,
    value: Value,
    context: Context,
    lines: list[str],
) -> None:
    if not macro:
        if lines:
            shaped.note("Notes", "unknown", "Creatio has no column for the notes.")
        return
    own = columns.as_text(value)
    whole = "\n".join([*([own] if own else []), *lines])
    if whole or macro in shaped.parcel.sent:
        shaped.put(context.schema.lead[macro], whole)
