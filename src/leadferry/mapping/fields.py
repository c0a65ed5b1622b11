"""What the engine works with: columns, questions and what a person submitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class ColumnType(StrEnum):
    """The kinds of Lead columns."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LOOKUP = "lookup"


class DateOrder(StrEnum):
    """How a date of numbers is read."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    YEAR_FIRST = "ymd"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of the destination; `length` none means unlimited."""

    code: str
    type: ColumnType
    length: int | None = None
    lookup: str | None = None
    scale: int | None = None
    is_retired: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question of a form; `label` is what the person saw, in the form's language."""

    id: str
    label: str
    name: str = ""
    predefined: str | None = None
    options: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """A custom checkbox of a form."""

    id: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HiddenField:
    """A fixed name and value that belong to the form."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FormSchema:
    """One version of a form, everything in the form's order."""

    form_id: int
    version: int
    language: str = ""
    country: str = ""
    questions: tuple[Question, ...] = ()
    consents: tuple[Consent, ...] = ()
    hidden_fields: tuple[HiddenField, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """Answers by question id (text, or ids of options; 0 is one) and consents."""

    answers: Mapping[str, str | Sequence[int]]
    consents: Mapping[int, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableValue:
    """What a value table makes of a text; `written` is that value as it is stored."""

    value: object
    written: str


class ValueTables(Protocol):
    """What people settled about answers that are no value by themselves."""

    def value_of(self, column: str, text: str) -> TableValue | None:
        """What the column's table makes of the text, or none."""


class LookupResolver(Protocol):
    """Finds lookup values."""

    def resolve(self, lookup: str, text: str) -> int | None:
        """The value that a person's answer names: by name or Creatio's id, or none."""

    def find(self, lookup: str, value_id: int) -> int | None:
        """The value with this id, or the one that it was merged into, or none."""
