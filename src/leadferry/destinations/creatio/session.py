"""What a page of leads needs to know of the instance, asked for where it is missing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from leadferry.destinations.base import (
    LookupRef,
    Named,
    Parcel,
    Rejected,
    SetupProblem,
)
from leadferry.destinations.creatio import columns, shaping, wire
from leadferry.destinations.creatio.client import Client
from leadferry.destinations.creatio.errors import Unclear
from leadferry.destinations.creatio.metadata import Kind, Schema
from leadferry.destinations.creatio.shaping import (
    EXTENDED_COLUMN,
    SOURCES,
    Context,
    Shaped,
)
from leadferry.destinations.creatio.store import LearnedValue, SiteStore
from leadferry.kit.secrets import Keyring

_NETWORKS, _NETWORK = "LeadGenNetworkType", "LinkedIn"
_LONGEST_NAME = 250
# A filter of more ids makes an address longer than servers like.
_IDS_AT_ONCE = 25
# Values that somebody adds at Creatio are found after so long.
_LOOKUP_AGE = timedelta(hours=1)
_NEVER = timedelta(days=36_500)
# Who wrote to a lead, and whether it points to its extended information.
_ALWAYS = ("CreatedById", "ModifiedById", f"{EXTENDED_COLUMN}Id")


class Session:
    """One instance: its client, what is kept of it, and how leads look there."""

    def __init__(
        self,
        *,
        instance: str,
        client: Client,
        store: SiteStore,
        keyring: Keyring,
        lengths: Mapping[str, int],
    ) -> None:
        self.client = client
        self.store = store
        self._keyring = keyring
        self.instance = instance
        self._lengths = lengths
        self._schema: Schema | None = None
        self._may_extend = True

    # Columns

    def schema(self) -> Schema:
        """The columns of leads, as `$metadata` had them within the last day."""
        if self._schema is None:
            self._schema = self.store.schema()
        return self._schema or self.refresh_schema()

    def refresh_schema(self) -> Schema:
        """Read `$metadata` now."""
        self._schema = self.client.schema()
        self.store.keep_schema(self._schema)
        return self._schema

    def refresh_schema_after(self, refusals: Iterable[str]) -> None:
        """Read it after refusals, but seldom where none of them is about a column."""
        if self.store.is_schema_fresh() and not any(map(_is_of_a_column, refusals)):
            return
        self.refresh_schema()

    def digest(self, text: str) -> str:
        """What is kept of a value that was sent: nobody reads it without our key."""
        return self._keyring.digest(text).hex()

    def digests(self, shaped: Shaped) -> dict[str, str]:
        """Of everything that is to stand there, by column."""
        return {code: self.digest(shaped.canonical(code)) for code in shaped.values}

    # Leads

    def shape(self, parcels: Sequence[Parcel]) -> list[Shaped]:
        """How the leads are to stand there; lookups and forms are found first."""
        context = self._context(parcels)
        return [
            shaping.shape(parcel, context=context, instance=self.instance)
            for parcel in parcels
        ]

    def _context(self, parcels: Sequence[Parcel]) -> Context:
        bare = Context(
            schema=self.schema(),
            lengths=self._lengths,
            with_extended=self._may_extend,
        )
        wanted = {
            pair for parcel in parcels for pair in shaping.references(parcel, bare)
        }
        resolved = self.resolve(wanted)
        sources = self._sources(parcels) if self.is_extending else {}
        return Context(
            schema=bare.schema,
            lengths=bare.lengths,
            resolved=resolved,
            sources=sources,
            # Making the records may have shown that we may not.
            with_extended=self._may_extend,
        )

    @property
    def is_extending(self) -> bool:
        """Whether leads get their extended information."""
        return self._may_extend and self.schema().has_extended

    def extend_no_more(self) -> None:
        """From now on names of forms and campaigns go to the notes."""
        self._may_extend = False

    def rows(
        self, shaped: Iterable[Shaped], *, codes: Collection[str] | None = None
    ) -> dict[UUID, dict[str, Any]]:
        """What the leads hold there now, by id; those that are not there are left out.

        A list that fails is no answer: raises Temporary or SetupProblem.
        """
        leads = list(shaped)
        keys = {
            column.key
            for one in leads
            for code, column in one.columns.items()
            if codes is None or code in codes
        }
        try:
            return self._rows(leads, keys)
        except Rejected:
            # A column may have gone since the columns were read.
            self.refresh_schema()
        try:
            return self._rows(leads, keys)
        except Rejected as exc:
            raise Unclear(f"Creatio does not list leads: {exc}") from exc

    def _rows(
        self, leads: Sequence[Shaped], keys: Collection[str]
    ) -> dict[UUID, dict[str, Any]]:
        known = {column.key for column in self.schema().lead.values()}
        select = ["Id", *sorted(known & {*keys, *_ALWAYS})]
        found: dict[UUID, dict[str, Any]] = {}
        for chunk in wire.in_chunks(leads, _IDS_AT_ONCE):
            ids = wire.any_of("Id", (str(one.remote_id) for one in chunk))
            rows = self.client.read("Lead", select=select, where=ids, top=len(chunk))
            found |= {UUID(str(row["Id"])): row for row in rows}
        return found

    def look(
        self, entity_set: str, *, select: Sequence[str], where: str, top: int
    ) -> list[dict[str, Any]]:
        """Records of a filter; a refusal of the list is no answer, but Unclear."""
        try:
            return self.client.read(entity_set, select=select, where=where, top=top)
        except Rejected as exc:
            raise Unclear(f"Creatio does not list {entity_set}: {exc}") from exc

    # Lookups

    def resolve(
        self, wanted: Collection[tuple[str, LookupRef]]
    ) -> dict[tuple[str, int], UUID]:
        """The remote ids; a lookup is read where it is unknown or lacks a value."""
        if not wanted:
            return {}
        sets = {entity_set for entity_set, _ref in wanted}
        self.learn(self.store.stale_lookups(sets, age=_NEVER))
        found = self.store.remote_values(wanted)
        lacking = {name for name, ref in wanted if (name, ref.id) not in found}
        if lacking and self.learn(self.store.stale_lookups(lacking, age=_LOOKUP_AGE)):
            found = self.store.remote_values(wanted)
        return found

    def learn(self, entity_sets: Iterable[str]) -> bool:
        """Read these lookups anew; whether there were any."""
        names = sorted(entity_sets)
        for name in names:
            self.learn_lookup(name)
        return bool(names)

    def learn_lookup(self, entity_set: str) -> str:
        """Read the lookup anew; returns why that did not go, or nothing."""
        try:
            rows = self.client.read(entity_set, select=("Id", "Name"))
        except (Rejected, SetupProblem) as exc:
            # Its values stay out of leads until the user may read it.
            self.store.keep_lookup(entity_set, (), problem=str(exc))
            return str(exc)
        self.store.keep_lookup(
            entity_set,
            [
                LearnedValue(UUID(str(row["Id"])), str(row.get("Name") or ""))
                for row in rows
            ],
        )
        return ""

    def lookups_named(self, text: str, shaped: Shaped) -> set[str]:
        """Those lookups of the lead that a refusal names, or may mean."""
        lookups = {
            code: column
            for code, column in shaped.columns.items()
            if column.kind is Kind.LOOKUP and column.entity_set
        }
        said = text.lower()
        named = {
            column.entity_set
            for code, column in lookups.items()
            if code.lower() in said or column.entity_set.lower() in said
        }
        is_reference = "foreign key" in said or "reference" in said
        if not named and is_reference:
            named = {column.entity_set for column in lookups.values()}
        if "leadgen" in said or is_reference:
            self.store.forget_sources()
        return named

    # Forms, campaign groups, campaigns and ads

    def _sources(self, parcels: Sequence[Parcel]) -> dict[tuple[str, str], UUID]:
        wanted: dict[str, dict[str, Named]] = {}
        for parcel in parcels:
            for name, one in shaping.sources_of(parcel).items():
                if self.schema().has(name):
                    wanted.setdefault(name, {})[one.social_id] = one
        if not wanted:
            return {}
        found = self.store.sources(wanted)
        lacking = [
            (name, one)
            for name, ones in wanted.items()
            for social, one in ones.items()
            if (name, social) not in found
        ]
        if not lacking:
            return found
        try:
            made = self._find_sources(lacking)
            made |= self._make_sources([p for p in lacking if _key(p) not in made])
        except SetupProblem:
            # Leads alone may be written: their notes then tell where they came from.
            self.extend_no_more()
            return {}
        self.store.keep_sources([(*key, remote) for key, remote in made.items()])
        return found | made

    def _find_sources(
        self, lacking: Sequence[tuple[str, Named]]
    ) -> dict[tuple[str, str], UUID]:
        found: dict[tuple[str, str], UUID] = {}
        for name in {name for name, _one in lacking}:
            column = SOURCES[name][0]
            ids = [one.social_id for other, one in lacking if other == name]
            for chunk in wire.in_chunks(ids, _IDS_AT_ONCE):
                where = wire.any_of(column, (wire.text(one) for one in chunk))
                rows = self.look(name, select=("Id", column), where=where, top=100)
                for row in rows:
                    key = (name, str(row[column]))
                    found.setdefault(key, UUID(str(row["Id"])))
        return found

    def _make_sources(
        self, lacking: Sequence[tuple[str, Named]]
    ) -> dict[tuple[str, str], UUID]:
        made: dict[tuple[str, str], UUID] = {}
        network = self._network() if lacking else None
        for name, one in lacking:
            key = shaping.source_id(name, one.social_id)
            body = {
                "Id": str(key),
                "Name": (one.name or one.social_id)[:_LONGEST_NAME],
                SOURCES[name][0]: one.social_id,
            }
            if network is not None and _NETWORKS in self.schema().objects[name]:
                body[f"{_NETWORKS}Id"] = str(network)
            try:
                self.client.create(name, body)
            except (Rejected, Unclear):
                # Perhaps another worker made the same one: that is what we want.
                where = wire.any_of("Id", [str(key)])
                if not self.look(name, select=("Id",), where=where, top=1):
                    continue
            made[name, one.social_id] = key
        return made

    def _network(self) -> UUID | None:
        if not self.schema().has(_NETWORKS):
            return None
        linkedin = LookupRef(
            lookup=_NETWORKS, id=0, guid=UUID(int=0), name=_NETWORK, code=""
        )
        return self.resolve([(_NETWORKS, linkedin)]).get((_NETWORKS, 0))

    def is_nothing(self, row: Mapping[str, Any], shaped: Shaped, code: str) -> bool:
        """Whether the column is empty there."""
        column = shaped.columns[code]
        text = columns.canonical(row.get(column.key), column.kind)
        return columns.is_empty(text, column.kind)


def _is_of_a_column(refusal: str) -> bool:
    said = refusal.lower()
    return "property" in said or "column" in said


def _key(pair: tuple[str, Named]) -> tuple[str, str]:
    return pair[0], pair[1].social_id
