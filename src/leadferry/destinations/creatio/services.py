"""What people decide about a Creatio: values that go together, columns taken over."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.destinations.creatio.metadata import (
    Kind,
    RemoteColumn,
    Schema,
    from_json,
)
from leadferry.destinations.creatio.models import (
    ChosenValue,
    CreatioSite,
    RemoteLookup,
    RemoteValue,
)
from leadferry.destinations.creatio.store import name_key
from leadferry.kit.errors import RejectedError
from leadferry.kit.text import comparable
from leadferry.leads import column_services
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.models import LeadColumn, Lookup, LookupValue
from leadferry.mapping.fields import ColumnType

# Kept by the platform, or computed by it; and lookups that are no lists of values.
_NEVER_MAPPED = frozenset(
    {
        "Id", "CreatedOn", "CreatedBy", "ModifiedOn", "ModifiedBy", "ProcessListeners",
        "LeadName", "LeadGenExtendedLeadInfo", "SocialMetadata",
    }
)  # fmt: skip
_NO_LISTS = frozenset(
    {"Contact", "Account", "Lead", "Opportunity", "Order", "Activity", "SysAdminUnit"}
)
_TYPES = {
    Kind.TEXT: ColumnType.TEXT,
    Kind.WHOLE: ColumnType.DECIMAL,
    Kind.DECIMAL: ColumnType.DECIMAL,
    Kind.BOOLEAN: ColumnType.BOOLEAN,
    Kind.MOMENT: ColumnType.DATETIME,
    Kind.LOOKUP: ColumnType.LOOKUP,
}
_SCALES = {Kind.WHOLE: 0, Kind.DECIMAL: 2}
_MOST_VALUES = 5_000
_MOST_FOUND = 50
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True, kw_only=True)
class Match:
    """How one of our values is found at this Creatio."""

    value: LookupValue
    # "chosen", "id", "name", or empty where it is not there.
    by: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class MatchedLookup:
    """One of our lookups that a column of leads uses at this Creatio."""

    lookup: Lookup
    entity_set: str
    captions: str
    remote: RemoteLookup | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A column to take over: what `$metadata` does not tell, a person does."""

    code: str
    caption: str = ""
    # Of text; none is unlimited.
    length: int | None = None
    is_date: bool = False


def schema_of(destination_id: int) -> Schema | None:
    """The columns as they were read last; None before the first time."""
    kept = CreatioSite.objects.filter(pk=destination_id).values_list(
        "schema", flat=True
    )
    found = kept.first()
    return None if found is None else from_json(found)


def matched_lookups(destination_id: int) -> list[MatchedLookup]:
    """The lookups whose values go there, by the names of their columns."""
    schema = schema_of(destination_id)
    if schema is None:
        return []
    used: dict[tuple[str, str], list[str]] = {}
    for code, column in catalogue().items():
        there = schema.lead.get(code)
        if column.lookup and there is not None and there.entity_set:
            pair = (column.lookup, there.entity_set)
            used.setdefault(pair, []).append(str(column.caption))
    ours = {one.code: one for one in Lookup.objects.all()}
    theirs = {
        one.entity_set: one
        for one in RemoteLookup.objects.filter(site_id=destination_id)
    }
    found = [
        MatchedLookup(
            lookup=ours[code],
            entity_set=entity_set,
            captions=", ".join(captions),
            remote=theirs.get(entity_set),
        )
        for (code, entity_set), captions in used.items()
    ]
    return sorted(found, key=lambda one: one.lookup.name)


def matches(one: MatchedLookup, values: list[LookupValue]) -> list[Match]:
    """How each of the values is found there."""
    if one.remote is None:
        return [Match(value=value, by="") for value in values]
    chosen = dict(
        ChosenValue.objects.filter(
            site=one.remote.site_id, value__in=values
        ).values_list("value_id", "remote_id")
    )
    ids = {value.guid for value in values} | set(chosen.values())
    rows = one.remote.values_of.all()
    by_id = dict(rows.filter(remote_id__in=ids).values_list("remote_id", "name"))
    keys = [name_key(value.name) for value in values]
    by_name: dict[str, list[str]] = {}
    for key, name in rows.filter(name_key__in=keys).values_list("name_key", "name"):
        by_name.setdefault(key, []).append(name)
    return [_match(value, chosen, by_id, by_name) for value in values]


def _match(
    value: LookupValue,
    chosen: Mapping[int, UUID],
    by_id: Mapping[UUID, str],
    by_name: Mapping[str, list[str]],
) -> Match:
    remote_id = chosen.get(value.pk)
    if remote_id is not None:
        return Match(
            value=value, by="chosen", name=by_id.get(remote_id, str(remote_id))
        )
    if value.guid in by_id:
        return Match(value=value, by="id", name=by_id[value.guid])
    named = by_name.get(name_key(value.name), [])
    if len(named) == 1:
        return Match(value=value, by="name", name=named[0])
    return Match(value=value, by="")


def values_in_use(one: MatchedLookup) -> QuerySet[LookupValue]:
    """Our values of the lookup, in their order."""
    return LookupValue.objects.filter(
        lookup=one.lookup, merged_into=None, is_retired=False
    ).order_by("position", "name_key", "pk")


def search_there(one: MatchedLookup, typed: str) -> list[RemoteValue]:
    """Some values of Creatio whose name has what is typed, the closest first."""
    if one.remote is None:
        return []
    key = name_key(typed)
    rows = one.remote.values_of.order_by("name_key")
    begins = list(rows.filter(name_key__startswith=key)[:_MOST_FOUND])
    inside = rows.filter(name_key__contains=key).exclude(
        pk__in=[row.pk for row in begins]
    )
    return [*begins, *inside[: _MOST_FOUND - len(begins)]]


def lacking(one: MatchedLookup) -> list[LookupValue]:
    """Our values in use that Creatio does not have, in their order."""
    found: list[LookupValue] = []
    for chunk in _chunks(list(values_in_use(one))):
        found += [match.value for match in matches(one, chunk) if not match.by]
    return found


def _chunks(values: list[LookupValue], size: int = 500) -> Iterator[list[LookupValue]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]


@transaction.atomic
def choose(
    destination_id: int, value: LookupValue, *, remote_id: UUID, by: User
) -> None:
    """From now on our value is that one there; raises RejectedError."""
    known = RemoteValue.objects.filter(lookup__site=destination_id, remote_id=remote_id)
    if not known.exists():
        raise RejectedError(_("Creatio has no such value any more: choose another."))
    ChosenValue.objects.update_or_create(
        site_id=destination_id, value=value, defaults={"remote_id": remote_id}
    )
    audit.record("creatio value chosen", subject=f"{destination_id}/{value.pk}", by=by)


@transaction.atomic
def choose_nothing(destination_id: int, value: LookupValue, *, by: User) -> None:
    """It is found by id or name again."""
    ChosenValue.objects.filter(site_id=destination_id, value=value).delete()
    audit.record("creatio value freed", subject=f"{destination_id}/{value.pk}", by=by)


def missing_here(schema: Schema) -> list[RemoteColumn]:
    """Columns of Creatio's Lead that our catalogue does not have yet."""
    known = catalogue()
    return [
        column
        for code, column in sorted(schema.lead.items())
        if code not in known
        and code not in _NEVER_MAPPED
        and column.kind in _TYPES
        and column.entity_set not in _NO_LISTS
    ]


def missing_there(schema: Schema) -> list[CatalogueColumn]:
    """Columns of ours that this Creatio does not have."""
    return [
        column
        for code, column in catalogue().items()
        if code not in schema.lead and not column.is_retired
    ]


def suggested_caption(code: str) -> str:
    """`UsrBudgetRange` -> `Budget range`."""
    words = [word if word.isupper() else word.lower() for word in _WORD.findall(code)]
    if len(words) > 1 and words[0] == "usr":
        words = words[1:]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


@transaction.atomic
def take_over_column(destination_id: int, wanted: Wanted, *, by: User) -> LeadColumn:
    """A column of Creatio that leads have here, too; raises RejectedError."""
    schema = schema_of(destination_id)
    offered = missing_here(schema) if schema else []
    remote = next((one for one in offered if one.code == wanted.code), None)
    if remote is None:
        raise RejectedError(
            _("This column is here already, or Creatio has it no more.")
        )
    is_date = wanted.is_date and remote.kind is Kind.MOMENT
    column = LeadColumn(
        code=remote.code,
        caption=wanted.caption.strip()[:250] or suggested_caption(remote.code),
        type=(ColumnType.DATE if is_date else _TYPES[remote.kind]).value,
        length=wanted.length if remote.kind is Kind.TEXT else None,
        scale=_SCALES.get(remote.kind),
    )
    if remote.kind is Kind.LOOKUP:
        column.lookup = _lookup_like(destination_id, remote, column.caption)
    return column_services.take_over_column(column, by=by)


def _lookup_like(destination_id: int, remote: RemoteColumn, caption: str) -> Lookup:
    lookup, made = Lookup.objects.get_or_create(
        code=remote.entity_set[:50], defaults={"name": caption}
    )
    if made:
        fill_lookup(destination_id, remote.entity_set)
    return lookup


@transaction.atomic
def fill_lookup(destination_id: int, entity_set: str) -> int:
    """Values of an empty lookup as Creatio has them; how many were added."""
    lookup = Lookup.objects.select_for_update().get(code=entity_set[:50])
    if LookupValue.objects.filter(lookup=lookup).exists():
        return 0
    rows = RemoteValue.objects.filter(
        lookup__site=destination_id, lookup__entity_set=entity_set
    ).order_by("name_key")[:_MOST_VALUES]
    values: dict[str, LookupValue] = {}
    for row in rows:
        key = comparable(row.name)
        if key and key not in values:
            values[key] = LookupValue(
                lookup=lookup,
                name=row.name,
                name_key=key,
                guid=row.remote_id,
                position=len(values),
            )
    LookupValue.objects.bulk_create(values.values(), batch_size=500)
    Lookup.objects.filter(pk=lookup.pk).update(revision=lookup.revision + 1)
    return len(values)
