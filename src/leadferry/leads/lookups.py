"""Lookup values by name, held in memory until a lookup changes."""

import uuid
from dataclasses import dataclass, field

from leadferry.kit.text import comparable
from leadferry.leads.models import Lookup, LookupValue


@dataclass(frozen=True, slots=True)
class _Held:
    revision: int
    by_name: dict[str, int] = field(default_factory=dict)
    by_guid: dict[uuid.UUID, int] = field(default_factory=dict)
    # Each id, and where it leads since a merge.
    ids: dict[int, int] = field(default_factory=dict)


class LookupValues:
    """The mapping engine's way to lookups; `refresh` once for each page."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._revisions: dict[str, int] = {}

    def refresh(self) -> int:
        """See which lookups were changed; returns a number that any change changes."""
        self._revisions = dict(Lookup.objects.values_list("code", "revision"))
        return sum(self._revisions.values())

    def resolve(self, lookup: str, text: str) -> int | None:
        """A value in use with this name, or with this id of Creatio."""
        held = self._of(lookup)
        found = held.by_name.get(comparable(text))
        if found is None and len(text) == 36:
            try:
                return held.by_guid.get(uuid.UUID(text))
            except ValueError:
                return None
        return found

    def find(self, lookup: str, value_id: int) -> int | None:
        """A value of the lookup, or the one that it was merged into."""
        return self._of(lookup).ids.get(value_id)

    def _of(self, lookup: str) -> _Held:
        revision = self._revisions.get(lookup, 0)
        held = self._held.get(lookup)
        if held is None or held.revision != revision:
            held = _read(lookup, revision)
            self._held[lookup] = held
        return held


def _read(lookup: str, revision: int) -> _Held:
    held = _Held(revision)
    # The first in the lookup's order wins where names are alike.
    rows = LookupValue.objects.filter(lookup__code=lookup).order_by("-position", "-pk")
    for row in rows.iterator():
        stands_for = row.merged_into_id or row.pk
        held.ids[row.pk] = stands_for
        held.by_guid[row.guid] = stands_for
        if row.merged_into_id is not None:
            held.by_name.setdefault(row.name_key, stands_for)
        elif not row.is_retired:
            held.by_name[row.name_key] = row.pk
    return held


def lookups_with_values() -> set[str]:
    """The codes of the lookups that have a value in use."""
    rows = LookupValue.objects.filter(is_retired=False, merged_into=None)
    return set(rows.values_list("lookup__code", flat=True).distinct())
