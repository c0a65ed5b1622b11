"""What is wrong with a mapping before it is applied."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadferry.mapping.compile import constant_value
from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import Column, ColumnType, LookupResolver
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FormField,
    Macro,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong or doubtful, beside its column."""

    column: str
    sentence: str
    is_warning: bool = False


class _AnyValue:
    def resolve(self, lookup: str, text: str) -> int | None:
        del lookup
        return int(text) if text.isdecimal() else None


def check_mapping(
    rows: Sequence[ColumnMapping],
    *,
    columns: Mapping[str, Column],
    custom: bool,
    lookups: LookupResolver | None = None,
) -> list[Problem]:
    """Everything that keeps the mapping from being applied, and warnings."""
    problems = _about_the_whole(rows, columns)
    for row in rows:
        column = columns.get(row.column)
        if column is None:
            problems.append(Problem(row.column, f"There is no column {row.column}."))
            continue
        problems += _about_row(row, column, lookups or _AnyValue(), custom=custom)
    return problems


def _about_the_whole(
    rows: Sequence[ColumnMapping], columns: Mapping[str, Column]
) -> list[Problem]:
    problems = [
        Problem(column, f"Column {column} has more than one source.")
        for column, count in Counter(row.column for row in rows).items()
        if count > 1
    ]
    macros = [row.column for row in rows if isinstance(row.source, Macro)]
    texts = [
        code
        for code in macros
        if code in columns and columns[code].type is ColumnType.TEXT
    ]
    if len(macros) != 1 or len(texts) != 1:
        problems.append(
            Problem(
                "",
                'Exactly one text column must take "Unmapped form fields", so that '
                "no answer is lost.",
            )
        )
    return problems


def _about_row(
    row: ColumnMapping, column: Column, lookups: LookupResolver, *, custom: bool
) -> list[Problem]:
    match row.source:
        case Macro():
            return _about_macro(column)
        case Constant(value=text):
            return _about_constant(text, column, lookups)
        case FormField() as source:
            return _about_field(source, column, custom=custom)
    return []


def _about_macro(column: Column) -> list[Problem]:
    if column.type is not ColumnType.TEXT or column.length is None:
        return []
    return [
        Problem(
            column.code,
            f"Column {column.code} holds {column.length} characters only: long "
            "submissions will be cut there. A column of unlimited length is better.",
            is_warning=True,
        )
    ]


def _about_constant(
    text: str, column: Column, lookups: LookupResolver
) -> list[Problem]:
    if not text:
        return [Problem(column.code, f"The value of column {column.code} is empty.")]
    try:
        constant_value(text, column, lookups)
    except MappingError as exc:
        return [Problem(column.code, str(exc))]
    return []


def _about_field(source: FormField, column: Column, *, custom: bool) -> list[Problem]:
    problems = []
    if not source.refs:
        problems.append(
            Problem(column.code, f"Column {column.code} has no form field.")
        )
    if len(source.refs) > 1 and column.type is not ColumnType.TEXT:
        problems.append(
            Problem(column.code, f"Only a text column can join fields: {column.code}.")
        )
    kinds = {ref.kind for ref in source.refs}
    if not custom and kinds - {FieldKind.PREDEFINED}:
        problems.append(
            Problem(
                column.code,
                "The default mapping takes profile fields only: use custom mapping "
                f"for column {column.code}.",
            )
        )
    if FieldKind.CONSENT in kinds and column.type not in {
        ColumnType.BOOLEAN,
        ColumnType.TEXT,
    }:
        problems.append(
            Problem(column.code, f"A checkbox does not fit column {column.code}.")
        )
    return problems
