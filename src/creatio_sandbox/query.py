"""Query options: which records come, in which order, with which columns."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from creatio_sandbox.errors import broken, forbidden
from creatio_sandbox.filters import (
    Condition,
    comparable,
    read_filter,
    refuse,
    resolve,
    unknown_property,
)
from creatio_sandbox.schema import Column, Entity
from creatio_sandbox.view import View
from creatio_sandbox.world import Row, User

OPTIONS = {
    "$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count", "$format",
}  # fmt: skip
_DEEPEST = 2
_ORDER = re.compile(r"\s*([A-Za-z_][\w/]*)(?:\s+(asc|desc))?\s*")
_NEST = re.compile(r"\s*(\w+)\s*(?:\((.*)\))?\s*", re.DOTALL)


@dataclass
class Shape:
    """What of a record is shown."""

    entity: Entity
    select: list[str] | None = None
    hidden: set[str] = field(default_factory=set)
    expand: dict[str, "Shape"] = field(default_factory=dict)
    # Records that point here: by which column.
    back: dict[str, tuple[Column, "Shape"]] = field(default_factory=dict)


def read_shape(
    view: View, user: User, entity: Entity, options: Mapping[str, str], depth: int = 0
) -> Shape:
    """`$select` and `$expand`; raises Refused."""
    shape = Shape(entity, hidden=hidden_columns(view, user, entity))
    names = [name.strip() for name in options.get("$select", "").split(",")]
    if names != [""] and "*" not in names:
        for name in names:
            if name not in entity.by_property and name not in entity.by_navigation:
                unknown_property(entity, name)
        shape.select = [name for name in names if name in entity.by_property]
    for part in _split(options.get("$expand", "")):
        if depth == _DEEPEST:
            refuse(f"The request includes a $expand path deeper than {_DEEPEST}.")
        name, below = _nest(part)
        column, target = _hop(view, entity, name)
        if not user.may("r", target.name):
            raise forbidden(no_right("reading", target.name))
        beyond = read_shape(view, user, target, below, depth + 1)
        if name in entity.by_navigation:
            shape.expand[name] = beyond
        else:
            shape.back[name] = (column, beyond)
    return shape


def _hop(view: View, entity: Entity, name: str) -> tuple[Column, Entity]:
    """The column of a lookup, or of the lookup of others that points here."""
    column = entity.by_navigation.get(name)
    target = view.schema[column.target] if column else None
    other, _, pointing = name.partition("CollectionBy")
    if column is None and other in view.schema:
        target = view.schema[other]
        column = target.by_navigation.get(pointing)
        if column is not None and column.target != entity.name:
            column = None
    if column is None or target is None:
        unknown_property(entity, name)
    return column, target


def _split(text: str) -> list[str]:
    parts, level, start = [], 0, 0
    for at, letter in enumerate(text):
        level += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and level == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]


def _nest(part: str) -> tuple[str, dict[str, str]]:
    match = _NEST.fullmatch(part)
    if match is None:
        refuse(f"Syntax error in $expand at '{part}'.")
    pairs = (one.partition("=") for one in (match[2] or "").split(";") if one)
    return match[1], {name.strip(): text for name, _, text in pairs}


def hidden_columns(view: View, user: User, entity: Entity) -> set[str]:
    """The properties that the user has no right to."""
    names = {
        *user.no_columns.get(entity.name, ()),
        *view.no_columns.get(entity.name, ()),
    }
    if not names:
        return names
    return {
        column.odata
        for column in entity.columns
        if column.name in names or column.odata in names
    }


def no_right(what: str, entity: str) -> str:
    """How the platform says that a right is missing."""
    return f'Current user does not have permissions for {what} object "{entity}".'


def show(view: View, shape: Shape, row: Row) -> dict[str, Any]:
    """A record as it is written."""
    shown = whole(shape.entity, row)
    if shape.hidden:
        shown = {key: one for key, one in shown.items() if key not in shape.hidden}
    if shape.select is not None:
        shown = {key: shown[key] for key in shape.select if key in shown}
    for name, below in shape.expand.items():
        column = shape.entity.by_navigation[name]
        found = view.find(column.target, row.get(column.key, ""))
        shown[name] = None if found is None else show(view, below, found)
    for name, (column, below) in shape.back.items():
        others = view.all(below.entity.name)
        pointing = (one for one in others if one.get(column.key) == row["Id"])
        shown[name] = [show(view, below, one) for one in pointing]
    return shown


def whole(entity: Entity, row: Row) -> dict[str, Any]:
    """Every column of a record, what is empty too."""
    if not entity.moved and row.keys() <= entity.keys:
        return {**entity.empties, **row}
    return {one.odata: row.get(one.key, one.empty) for one in entity.columns}


def pick(
    view: View, entity: Entity, options: Mapping[str, str]
) -> tuple[list[Row], int]:
    """The records that are asked for, and how many there are without paging."""
    for name in options:
        if name.startswith("$") and name not in OPTIONS:
            refuse(f"The query parameter '{name}' is not supported.")
    rows = _filtered(view, entity, options.get("$filter", ""))
    count = len(rows)
    for name, descends in reversed(_order(options.get("$orderby", ""))):
        key = _sorting(comparable(resolve(view, entity, name)))
        rows.sort(key=key, reverse=descends)
    skip = _number("$skip", options.get("$skip"), 0)
    top = _number("$top", options.get("$top"), count)
    rows = rows[skip : skip + top]
    most = view.state.switches.max_rows
    if len(rows) > most:
        raise broken(f"The number of rows exceeds the maximum of {most}.")
    return rows, count


def _filtered(view: View, entity: Entity, text: str) -> list[Row]:
    if not text.strip():
        return list(view.all(entity.name))
    condition: Condition = read_filter(view, entity, text)
    candidates: Iterable[Row] = view.all(entity.name)
    if condition.ids is not None:
        found = (view.find(entity.name, one) for one in sorted(condition.ids))
        candidates = [row for row in found if row is not None]
    return [row for row in candidates if condition.test(row)]


def _order(text: str) -> list[tuple[str, bool]]:
    found = []
    for part in text.split(",") if text.strip() else []:
        match = _ORDER.fullmatch(part)
        if match is None:
            refuse(f"Syntax error in $orderby at '{part}'.")
        found.append((match[1], match[2] == "desc"))
    return found


def _sorting(value: Callable[[Row], Any]) -> Callable[[Row], tuple[bool, Any]]:
    return lambda row: ((one := value(row)) is not None, one)


def _number(name: str, text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal():
        refuse(f"Invalid value '{text}' for {name} query option found.")
    return int(text)
