"""Where a column's value comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import DateOrder

MACRO = "not_mapped_fields"


class Join(StrEnum):
    """What becomes of several form fields in one column."""

    ALL = "all"
    FIRST = "first"


class FieldKind(StrEnum):
    """The sections of a form."""

    PREDEFINED = "predefined"
    QUESTION = "question"
    CONSENT = "consent"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class FieldRef:
    """One form field: profile field, question id, consent id or hidden field name."""

    kind: FieldKind
    key: str


def predefined(name: str) -> FieldRef:
    """A profile field, the same in every form and language."""
    return FieldRef(FieldKind.PREDEFINED, name)


@dataclass(frozen=True, kw_only=True, slots=True)
class FormField:
    """What the person entered; several fields are joined, empty ones left out."""

    refs: tuple[FieldRef, ...]
    join: Join = Join.ALL
    separator: str = " "


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for every lead, written as text that fits the column."""

    value: str


@dataclass(frozen=True, slots=True)
class Macro:
    """Everything that was submitted, as one text."""


Source = FormField | Constant | Macro


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnMapping:
    """One row of a mapping; order and mark override the form's locale."""

    column: str
    source: Source
    date_order: DateOrder | None = None
    decimal_mark: str | None = None


# A column that was added and has no source yet.
NOTHING = FormField(refs=())


def to_json(row: ColumnMapping) -> dict[str, object]:
    """The source of a row as JSON values."""
    stored: dict[str, object] = {}
    if row.date_order is not None:
        stored["date_order"] = row.date_order.value
    if row.decimal_mark is not None:
        stored["decimal_mark"] = row.decimal_mark
    match row.source:
        case FormField(refs=refs, join=join, separator=separator):
            stored["form"] = {
                "fields": [[ref.kind.value, ref.key] for ref in refs],
                "join": join.value,
                "separator": separator,
            }
        case Constant(value=value):
            stored["const"] = value
        case Macro():
            stored["macro"] = MACRO
    return stored


def from_json(column: str, stored: Mapping[str, object]) -> ColumnMapping:
    """The row again; raises MappingError for a shape that `to_json` never wrote."""
    try:
        order = stored.get("date_order")
        mark = stored.get("decimal_mark")
        return ColumnMapping(
            column=column,
            source=_read_source(stored),
            date_order=DateOrder(str(order)) if order is not None else None,
            decimal_mark=str(mark) if mark is not None else None,
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise MappingError(
            f"The stored mapping of column {column} cannot be read: apply it anew."
        ) from exc


def _read_source(stored: Mapping[str, object]) -> Source:
    if "const" in stored:
        return Constant(str(stored["const"]))
    if stored.get("macro") == MACRO:
        return Macro()
    form = cast("dict[str, object]", stored["form"])
    fields = cast("list[list[str]]", form["fields"])
    return FormField(
        refs=tuple(FieldRef(FieldKind(kind), str(key)) for kind, key in fields),
        join=Join(str(form["join"])),
        separator=str(form["separator"]),
    )
