"""Records: made, changed and deleted as the platform does it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creatio_sandbox.errors import Refused, absent, bad, broken, forbidden
from creatio_sandbox.filters import NAMESPACE
from creatio_sandbox.query import hidden_columns, no_right, whole
from creatio_sandbox.schema import Column, Entity
from creatio_sandbox.state import State
from creatio_sandbox.values import ZERO, read
from creatio_sandbox.view import View
from creatio_sandbox.world import Row, User

_SAVING = "An error occurred while saving the record."
_LETTERS = {"c": "adding", "r": "reading", "u": "editing", "d": "deleting"}
_LONGEST_NAME = 500
_WORDS: dict[str, dict[str, str]] = {
    "postgresql": {
        "twice": '23505: duplicate key value violates unique constraint "PK{entity}"',
        "long": "22001: value too long for type character varying({size})",
        "unknown": '23503: insert or update on table "{entity}" violates foreign key '
        'constraint "FK{entity}{column}"',
        "used": '23503: update or delete on table "{entity}" violates foreign key '
        'constraint "FK{other}{column}" on table "{other}"',
    },
    "mssql": {
        "twice": "Violation of PRIMARY KEY constraint 'PK{entity}'. Cannot insert "
        "duplicate key in object 'dbo.{entity}'. The duplicate key value is ({id}).",
        "long": "String or binary data would be truncated in table '{entity}', "
        "column '{column}'.",
        "unknown": "The INSERT statement conflicted with the FOREIGN KEY constraint "
        '"FK{entity}{column}".',
        "used": "The DELETE statement conflicted with the REFERENCE constraint "
        '"FK{other}{column}". The conflict occurred in table "dbo.{other}".',
    },
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Who writes, on what, and how decimals come."""

    state: State
    view: View
    user: User
    text_decimals: bool = False

    def need(self, letter: str, entity: Entity) -> None:
        """Raises Refused where the user may not do that to the object."""
        is_open = letter == "r" or entity.name not in self.view.read_only
        if not is_open or not self.user.may(letter, entity.name):
            raise forbidden(no_right(_LETTERS[letter], entity.name))

    def create(self, entity: Entity, body: Mapping[str, Any]) -> Row:
        """A new record with what the platform fills in; raises Refused."""
        self.need("c", entity)
        given = self._read(entity, body)
        author, now = self.user.contact_id, self.state.clock.now_text()
        row: Row = {
            "Id": given.pop("Id", ZERO),
            "CreatedOn": now,
            "CreatedById": author,
            "ModifiedOn": now,
            "ModifiedById": author,
            **entity.defaults,
        }
        if "OwnerId" in entity.keys:
            row["OwnerId"] = author
        stage = self.state.setting("DefaultLeadStage")
        if entity.name == "Lead" and stage:
            row["QualifyStatusId"] = stage
        if row["Id"] == ZERO:
            row["Id"] = str(uuid.uuid4())
        # Removed by a fault or not: the database has it.
        if row["Id"] in self.state.rows[entity.name]:
            raise self._database("twice", entity=entity.name, id=row["Id"])
        self._save(entity, row, given)
        return row

    def change(self, entity: Entity, record_id: str, body: Mapping[str, Any]) -> None:
        """Other values in a record; raises Refused."""
        self.need("u", entity)
        before = self.view.find(entity.name, record_id)
        given = self._read(entity, body)
        if before is None:
            self._missing(record_id)
            return
        given.pop("Id", None)
        now, author = self.state.clock.now_text(), self.user.contact_id
        row = {**before, "ModifiedOn": now, "ModifiedById": author}
        self._save(entity, row, given)

    def delete(self, entity: Entity, record_id: str) -> None:
        """A record is there no more; raises Refused."""
        self.need("d", entity)
        if self.view.find(entity.name, record_id) is None:
            self._missing(record_id)
            return
        self._check_unused(entity, record_id)
        self.state.drop(entity.name, record_id)

    def _missing(self, record_id: str) -> None:
        if self.state.switches.change_of_missing == "404":
            raise absent(f"No record has the id {record_id}.")

    def _save(self, entity: Entity, row: Row, given: Row) -> None:
        empties = entity.empties
        for key, value in given.items():
            if value == empties[entity.moved.get(key, key)]:
                row.pop(key, None)
            else:
                row[key] = value
        self.view.faults.refuse(entity.name, whole(entity, row))
        if entity.name == "Lead":
            self._name(row)
        self.state.put(entity.name, row)

    def _read(self, entity: Entity, body: Mapping[str, Any]) -> Row:
        hidden = hidden_columns(self.view, self.user, entity)
        known = entity.by_property
        given: Row = {}
        for name, value in body.items():
            column = known.get(name)
            if column is None:
                self._pass_over(entity, name)
                continue
            if name in hidden:
                raise forbidden(
                    f'Current user does not have permissions for column "{column.name}"'
                    f' of object "{entity.name}".'
                )
            kept = read(name, column.kind, value, text_decimals=self.text_decimals)
            if column.size is not None and len(kept) > column.size:
                kept = self._too_long(entity, column, kept)
            if column.target and kept != ZERO:
                self._check_value(entity, column, kept)
            given[column.key] = kept
        return given

    def _pass_over(self, entity: Entity, name: str) -> None:
        # The name of a lookup without its suffix is ignored: the trap of section 2.5.
        if name in entity.by_navigation or "@odata." in name:
            return
        told = (
            f"The property '{name}' does not exist on type "
            f"'{NAMESPACE}.{entity.name}'. Make sure to only use property names that "
            "are defined by the type."
        )
        if self.state.switches.unknown_property == "500":
            raise broken(told)
        raise bad("The request is invalid.", told)

    def _too_long(self, entity: Entity, column: Column, text: str) -> str:
        wanted = self.state.switches.long_text
        if wanted == "refuse":
            names = {"entity": entity.name, "column": column.name}
            raise self._database("long", size=column.size, **names)
        return text[: column.size] if wanted == "cut" else text

    def _check_value(self, entity: Entity, column: Column, value: str) -> None:
        if self.view.find(column.target, value) is not None:
            return
        if self.state.switches.unknown_lookup == "refuse":
            names = {"entity": entity.name, "column": column.name}
            raise self._database("unknown", **names)

    def _check_unused(self, entity: Entity, record_id: str) -> None:
        for other in self.view.schema.values():
            for column in other.columns:
                if column.target != entity.name or column.name in _AUTHORS:
                    continue
                key = column.key
                if any(row.get(key) == record_id for row in self.view.all(other.name)):
                    names = {"other": other.name, "column": column.name}
                    raise self._database("used", entity=entity.name, **names)

    def _database(self, which: str, **named: object) -> Refused:
        words = _WORDS[self.state.switches.database][which].format(**named)
        return broken(_SAVING, "Terrasoft.Common.DbOperationException", words)

    def _name(self, row: Row) -> None:
        if self.state.setting("FillingInLeadNameWithProcess"):
            return
        contact = self._named("Contact", row, "QualifiedContactId")
        account = self._named("Account", row, "QualifiedAccountId")
        people = (contact or row.get("Contact"), account or row.get("Account"))
        who = ", ".join(one for one in people if one)
        need = self._named("LeadType", row, "LeadTypeId")
        name = " / ".join(one for one in (need, who) if one)
        if name:
            row["LeadName"] = name[:_LONGEST_NAME]

    def _named(self, target: str, row: Row, key: str) -> str:
        number = row.get(key)
        found = self.view.find(target, number) if number else None
        return found.get("Name", "") if found else ""


_AUTHORS = {"CreatedBy", "ModifiedBy", "Owner"}
