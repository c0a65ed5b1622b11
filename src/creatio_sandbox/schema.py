"""Objects and their columns, as OData shows them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from creatio_sandbox.values import EMPTY

_TEXTS = {"text50": 50, "text250": 250, "text500": 500, "text": None}
_EDM = {
    "guid": "Edm.Guid",
    "integer": "Edm.Int32",
    "decimal": "Edm.Decimal",
    "boolean": "Edm.Boolean",
    "datetime": "Edm.DateTimeOffset",
    "date": "Edm.DateTimeOffset",
    "time": "Edm.DateTimeOffset",
    "text": "Edm.String",
}
_BASE = {
    "Id": "guid",
    "CreatedOn": "datetime",
    "CreatedBy": "Contact",
    "ModifiedOn": "datetime",
    "ModifiedBy": "Contact",
    "ProcessListeners": "integer",
}
_LOOKUP = {"Name": "text250", "Description": "text250"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in Creatio and in OData, and the key it is kept under."""

    name: str
    odata: str
    key: str
    kind: str
    target: str = ""
    size: int | None = None

    @property
    def edm(self) -> str:
        """Its type in `$metadata`."""
        return _EDM[self.kind]

    @property
    def empty(self) -> Any:
        """What it holds when nothing was written."""
        return EMPTY[self.kind]


@dataclass
class Entity:
    """One object; by OData's names for properties and lookups."""

    name: str
    columns: list[Column]
    defaults: dict[str, Any] = field(default_factory=dict)
    is_package: bool = False
    by_property: dict[str, Column] = field(init=False)
    by_navigation: dict[str, Column] = field(init=False)
    empties: dict[str, Any] = field(init=False)
    moved: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.by_property = {one.odata: one for one in self.columns}
        self.by_navigation = {one.name: one for one in self.columns if one.target}
        self.empties = {one.odata: one.empty for one in self.columns}
        # Columns that are called otherwise than they are kept.
        self.moved = {
            one.key: one.odata for one in self.columns if one.key != one.odata
        }
        self.keys = {one.key for one in self.columns}


def make_column(name: str, told: str) -> Column:
    """A column from its name and the word in world.json."""
    if told in _TEXTS:
        return Column(name, name, name, "text", size=_TEXTS[told])
    if told in _EDM:
        return Column(name, name, name, told)
    return Column(name, f"{name}Id", f"{name}Id", "guid", target=told)


def make_entity(name: str, told: dict[str, Any], *, is_lookup: bool) -> Entity:
    """An object from its entry in world.json."""
    own = {**(_LOOKUP if is_lookup else {}), **told.get("columns", {})}
    columns = [make_column(*pair) for pair in {**_BASE, **own}.items()]
    known = {one.name: one for one in columns}
    defaults = {
        known[column].key: value for column, value in told.get("defaults", {}).items()
    }
    return Entity(name, columns, defaults, is_package=told.get("package", False))


Schema = dict[str, Entity]


def revive(entity: Entity, row: dict[str, Any]) -> dict[str, Any]:
    """A row as the state file kept it, its decimals made numbers again."""
    for column in entity.columns:
        if column.kind == "decimal" and column.key in row:
            row[column.key] = Decimal(str(row[column.key]))
    return row
