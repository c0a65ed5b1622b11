"""The instance as it is now: its objects and columns under the faults in force."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from creatio_sandbox.faults import Fault, Faults
from creatio_sandbox.schema import Column, Entity, Schema
from creatio_sandbox.state import State
from creatio_sandbox.world import Row


@dataclass
class View:
    """Made anew whenever switches or faults change."""

    state: State
    faults: Faults
    schema: Schema = field(default_factory=dict)
    gone: dict[str, set[str]] = field(default_factory=dict)
    read_only: set[str] = field(default_factory=set)
    no_columns: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Look at switches and faults again."""
        faults = self.faults
        absent = self.state.switches.package == "off" or faults.lasting(
            "package-absent"
        )
        self.schema = {
            name: self._altered(entity)
            for name, entity in self.state.world.schema.items()
            if not (absent and entity.is_package)
        }
        if absent:
            for name, entity in self.schema.items():
                self.schema[name] = _known(entity, self.schema)
        self.read_only = {fault.endpoint for fault in faults.lasting("read-only")}
        self.no_columns = {}
        for fault in faults.lasting("no-column-right"):
            self.no_columns.setdefault(fault.endpoint, set()).add(fault.column)
        self.gone = {}
        for fault in faults.lasting("value-removed"):
            found = self._ids(fault)
            self.gone.setdefault(fault.endpoint, set()).update(found)

    def _ids(self, fault: Fault) -> set[str]:
        rows = self.state.rows.get(fault.endpoint, {})
        named = {key for key, row in rows.items() if row.get("Name") == fault.value}
        return named | ({fault.value.lower()} & rows.keys())

    def _altered(self, entity: Entity) -> Entity:
        columns = entity.columns
        for fault in self.faults.lasting("column-absent", "column-renamed"):
            if fault.endpoint == entity.name:
                columns = list(_changed(columns, fault))
        if columns is entity.columns:
            return entity
        return replace(entity, columns=columns)

    def find(self, entity: str, record_id: str) -> Row | None:
        """The record, unless it is not there."""
        if record_id in self.gone.get(entity, ()):
            return None
        return self.state.rows[entity].get(record_id)

    def all(self, entity: str) -> Iterator[Row]:
        """Every record that is there."""
        gone = self.gone.get(entity)
        rows = self.state.rows[entity].values()
        if not gone:
            return iter(rows)
        return (row for row in rows if row["Id"] not in gone)


def _known(entity: Entity, schema: Schema) -> Entity:
    columns = [
        column
        for column in entity.columns
        if not column.target or column.target in schema
    ]
    if len(columns) == len(entity.columns):
        return entity
    return replace(entity, columns=columns)


def _changed(columns: list[Column], fault: Fault) -> Iterator[Column]:
    for column in columns:
        if fault.column not in {column.name, column.odata}:
            yield column
        elif fault.kind == "column-renamed":
            ending = "Id" if column.target else ""
            yield replace(column, name=fault.to, odata=f"{fault.to}{ending}")
