"""`$metadata`, read while it arrives: what columns leads have at an instance.

Of a file over a megabyte only what leads need is kept. It names columns and base types;
lengths, captions and defaults it does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from xml.parsers import expat

from leadferry.destinations.base import SetupProblem

LEAD = "Lead"
EXTENDED = "LeadGenExtendedLeadInformation"
_OF_LEAD_GENERATION = "LeadGen"
_STREAM = "Edm.Stream"


class Kind(StrEnum):
    """What a column holds, as far as `$metadata` tells."""

    TEXT = "text"
    WHOLE = "whole"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    LOOKUP = "lookup"
    GUID = "guid"
    OTHER = "other"


_KINDS = {
    "Edm.String": Kind.TEXT,
    "Edm.Int16": Kind.WHOLE,
    "Edm.Int32": Kind.WHOLE,
    "Edm.Int64": Kind.WHOLE,
    "Edm.Decimal": Kind.DECIMAL,
    "Edm.Double": Kind.DECIMAL,
    "Edm.Boolean": Kind.BOOLEAN,
    "Edm.DateTimeOffset": Kind.MOMENT,
    "Edm.Date": Kind.MOMENT,
    "Edm.Guid": Kind.GUID,
}


@dataclass(frozen=True, slots=True)
class RemoteColumn:
    """A column of an object: its code, its key on the wire, and its lookup's set."""

    code: str
    key: str
    kind: Kind
    entity_set: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """The objects that leads need, by name; each with its columns by code."""

    objects: Mapping[str, Mapping[str, RemoteColumn]] = field(default_factory=dict)

    @property
    def lead(self) -> Mapping[str, RemoteColumn]:
        """The columns of leads."""
        return self.objects[LEAD]

    def has(self, name: str) -> bool:
        """Whether the instance has this object."""
        return name in self.objects

    @property
    def has_extended(self) -> bool:
        """Whether leads can point to their extended information."""
        column = self.lead.get("LeadGenExtendedLeadInfo")
        return self.has(EXTENDED) and column is not None

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            name: [
                [c.code, c.key, c.kind.value, c.entity_set] for c in columns.values()
            ]
            for name, columns in self.objects.items()
        }


def from_json(kept: Mapping[str, Any]) -> Schema:
    """What was kept, again."""
    return Schema(
        {
            name: {
                code: RemoteColumn(code, key, Kind(kind), entity_set)
                for code, key, kind, entity_set in rows
            }
            for name, rows in kept.items()
        }
    )


class Reader:
    """Takes the file in pieces; neither entities nor a document type are let in."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.EntityDeclHandler = _refuse
        self._types: dict[str, str] | None = None
        self._targets: dict[str, str] = {}
        self._name = ""
        self._sets: dict[str, str] = {}
        self._objects: dict[str, tuple[dict[str, str], dict[str, str]]] = {}

    def feed(self, chunk: bytes) -> None:
        """The next piece; raises SetupProblem for what is no `$metadata`."""
        self._parse(chunk, is_last=False)

    def schema(self) -> Schema:
        """What was read; raises SetupProblem where leads are not in it."""
        self._parse(b"", is_last=True)
        if LEAD not in self._objects:
            raise SetupProblem(
                "Creatio does not show the object Lead: the user of the integrated "
                "application may not read it, or the product has no leads.",
                step="rights",
            )
        return Schema(
            {
                name: _columns(types, targets, self._sets)
                for name, (types, targets) in self._objects.items()
            }
        )

    def _parse(self, chunk: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(chunk, is_last)
        except expat.ExpatError as exc:
            raise _unreadable() from exc

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        name = attributes.get("Name", "")
        if tag == "EntityType":
            is_wanted = name == LEAD or name.startswith(_OF_LEAD_GENERATION)
            self._name, self._targets = name, {}
            self._types = {} if is_wanted else None
        elif tag == "EntitySet":
            self._sets[_last(attributes.get("EntityType", ""))] = name
        elif self._types is None:
            return
        elif tag == "Property":
            self._types[name] = attributes.get("Type", "")
        elif tag == "NavigationProperty":
            self._targets[name] = attributes.get("Type", "")

    def _end(self, tag: str) -> None:
        if tag.rpartition(":")[2] == "EntityType" and self._types is not None:
            self._objects[self._name] = (self._types, self._targets)
            self._types = None


def _columns(
    types: Mapping[str, str], targets: Mapping[str, str], sets: Mapping[str, str]
) -> dict[str, RemoteColumn]:
    found: dict[str, RemoteColumn] = {}
    for key, edm in types.items():
        code = key.removesuffix("Id")
        target = targets.get(code, "") if key != code else ""
        if target and edm == "Edm.Guid":
            name = _last(target)
            entity_set = sets.get(name, name)
            found[code] = RemoteColumn(code, key, Kind.LOOKUP, entity_set)
        elif edm != _STREAM:
            found[key] = RemoteColumn(key, key, _KINDS.get(edm, Kind.OTHER))
    return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _refuse(*_arguments: object) -> None:
    raise _unreadable()


def _unreadable() -> SetupProblem:
    return SetupProblem(
        "What came as Creatio's $metadata is none: compare the address.",
        step="address",
    )
