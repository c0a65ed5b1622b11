"""What is wrong with a mapping before it is applied."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from leadferry.mapping.compile import constant_value, writing_for
from leadferry.mapping.convert import Failure, converter_for
from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import (
    Column,
    ColumnType,
    FormSchema,
    LookupResolver,
    ValueTables,
)
from leadferry.mapping.fits import fits, takes_several
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong or doubtful, beside its column."""

    column: str
    sentence: str
    is_warning: bool = False


def check_mapping(
    rows: Sequence[ColumnMapping],
    *,
    columns: Mapping[str, Column],
    lookups: LookupResolver,
    form: FormSchema | None = None,
    earlier: Collection[FieldRef] = (),
    tables: ValueTables | None = None,
) -> list[Problem]:
    """Everything that keeps the mapping from being applied, and warnings.

    `form` is the present version of the form whose custom mapping this is; without
    one it is a default mapping. `earlier` are the fields that it ever had: late
    submissions of those versions still bring them.
    """
    problems = _about_the_whole(rows, columns)
    for row in rows:
        column = columns.get(row.column)
        if column is None:
            problems.append(Problem(row.column, f"There is no column {row.column}."))
            continue
        if column.is_retired:
            problems.append(
                Problem(column.code, "This column is retired: remove it from here.")
            )
        problems += _about_row(row, column, lookups, form)
        if form is not None and isinstance(row.source, FormField):
            problems += _about_gone(row.source, column, form, earlier)
            problems += _about_options(row, column, form, lookups, tables)
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
    row: ColumnMapping,
    column: Column,
    lookups: LookupResolver,
    form: FormSchema | None,
) -> list[Problem]:
    match row.source:
        case Macro():
            return _about_macro(column)
        case Constant(value=text):
            return _about_constant(text, column, lookups)
        case FormField() as source:
            return _about_field(source, column, form)
    return []


def _about_macro(column: Column) -> list[Problem]:
    if column.type is not ColumnType.TEXT or column.length is None:
        return []
    return [
        Problem(
            column.code,
            f"This column holds {column.length} characters only: long "
            "submissions will be cut there. A column of unlimited length is better.",
            is_warning=True,
        )
    ]


def _about_constant(
    text: str, column: Column, lookups: LookupResolver
) -> list[Problem]:
    if not text:
        return [Problem(column.code, "The value is empty.")]
    try:
        constant_value(text, column, lookups)
    except MappingError as exc:
        return [Problem(column.code, str(exc))]
    return []


def _about_field(
    source: FormField, column: Column, form: FormSchema | None
) -> list[Problem]:
    if not source.refs:
        return [
            Problem(column.code, "Nothing is chosen yet: open the menu of this column.")
        ]
    problems = []
    joins = len(source.refs) > 1 and source.join is Join.ALL
    if joins and not takes_several(column):
        problems.append(
            Problem(column.code, "Only a text column can join several fields.")
        )
    if form is None and any(
        ref.kind is not FieldKind.PREDEFINED for ref in source.refs
    ):
        problems.append(
            Problem(
                column.code,
                "The default mapping takes profile fields only: use custom mapping "
                "for this form field.",
            )
        )
    problems += [
        Problem(column.code, f"{_words(ref)} does not fit a {column.type} column.")
        for ref in source.refs
        if not fits(ref, column)
    ]
    return problems


def _about_gone(
    source: FormField,
    column: Column,
    form: FormSchema,
    earlier: Collection[FieldRef],
) -> list[Problem]:
    gone = [ref for ref in source.refs if _is_gone(ref, form)]
    problems = [
        Problem(column.code, f"The form never had {_words(ref)}.")
        for ref in gone
        if ref not in earlier
    ]
    if gone and not problems and len(gone) == len(source.refs):
        problems.append(
            Problem(
                column.code,
                "The form asks for it no more: only late submissions of its earlier "
                "versions fill this column.",
                is_warning=True,
            )
        )
    return problems


def _about_options(
    row: ColumnMapping,
    column: Column,
    form: FormSchema,
    lookups: LookupResolver,
    tables: ValueTables | None,
) -> list[Problem]:
    """Options to choose from that will be no value of the column."""
    source = row.source
    writing = writing_for(row, form)
    convert = converter_for(column, writing=writing, lookups=lookups)
    if convert is None or not isinstance(source, FormField):
        return []
    options = [
        text
        for question in form.questions
        if FieldRef(FieldKind.QUESTION, question.id) in source.refs
        for text in question.options.values()
    ]
    none = [
        text
        for text in options
        if isinstance(convert(text), Failure)
        and not (tables and tables.value_of(column.code, text))
    ]
    if not none:
        return []
    more = f" and {len(none) - 1} more" if len(none) > 1 else ""
    return [
        Problem(
            column.code,
            f"Options that are no value of this column: “{none[0]}”{more}. Their "
            "leads are registered; the answers wait until you say what they mean.",
            is_warning=True,
        )
    ]


def _words(ref: FieldRef) -> str:
    kinds = {
        FieldKind.PREDEFINED: "profile field",
        FieldKind.QUESTION: "question",
        FieldKind.CONSENT: "checkbox",
        FieldKind.HIDDEN: "hidden field",
    }
    return f"{kinds[ref.kind]} {ref.key}"


def _is_gone(ref: FieldRef, form: FormSchema) -> bool:
    match ref.kind:
        case FieldKind.QUESTION:
            return all(question.id != ref.key for question in form.questions)
        case FieldKind.CONSENT:
            return all(str(consent.id) != ref.key for consent in form.consents)
        case FieldKind.HIDDEN:
            return all(hidden.name != ref.key for hidden in form.hidden_fields)
    # A form need not ask for every profile field that a mapping would take.
    return False
