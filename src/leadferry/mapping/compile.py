"""A mapping compiled for one form version: response in, values out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leadferry.mapping.convert import Converter, Failure, Kind, converter_for
from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import (
    Column,
    ColumnType,
    FormSchema,
    LookupResolver,
    Question,
    Submission,
    ValueTables,
)
from leadferry.mapping.locales import Writing, writing_of
from leadferry.mapping.macro import MacroText, choice_text, fit, macro_lines
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
)

# The text of one field, or none where the person gave no answer.
Reader = Callable[[Submission], str | None]


@dataclass(frozen=True, slots=True)
class ValueProblem:
    """An answer that is no value of its column by itself: the column stays empty.

    Unless the column's value table knows it: then `written` is what it makes of it.
    """

    column: str
    kind: Kind
    label: str
    raw: str
    written: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The values of one lead; `macro_cut` lines did not fit the macro's column.

    `settled` are the answers that a value table turned into values.
    """

    values: dict[str, object]
    problems: tuple[ValueProblem, ...]
    macro_cut: int
    settled: tuple[ValueProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Fate:
    """Where one answer, consent or hidden field went."""

    ref: FieldRef
    label: str
    text: str
    columns: tuple[str, ...]
    problems: tuple[ValueProblem, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    column: str
    read: Reader
    convert: Converter | None
    label: str
    # Each field with its own readers; of several, `takes_first` needs only one.
    parts: tuple[tuple[FieldRef, tuple[Reader, ...]], ...]
    takes_first: bool


class CompiledMapping:
    """Applies one mapping to the responses of one form version."""

    def __init__(
        self,
        *,
        form: FormSchema,
        rows: Sequence[_Row],
        constants: Mapping[str, object],
        macro_column: Column | None,
        tables: ValueTables | None = None,
    ) -> None:
        self._tables = tables
        self._form = form
        self._rows = tuple(rows)
        self._constants = dict(constants)
        self._macro_column = macro_column
        self._lines: MacroText = macro_lines(form)

    def apply(self, submission: Submission) -> Mapped:
        """Values of all columns that get one; it never raises for a submission."""
        values = self._constants.copy()
        problems: tuple[ValueProblem, ...] = ()
        settled: tuple[ValueProblem, ...] = ()
        for row in self._rows:
            text = row.read(submission)
            if not text or text.isspace():
                continue
            convert = row.convert
            if convert is None:
                values[row.column] = text
                continue
            value = convert(text)
            if type(value) is not Failure:
                values[row.column] = value
                continue
            known = self._tables and self._tables.value_of(row.column, text)
            written = known.written if known else ""
            met = ValueProblem(row.column, value.kind, row.label, text, written)
            if known:
                values[row.column] = known.value
                settled += (met,)
            else:
                problems += (met,)
        cut = 0
        macro = self._macro_column
        if macro is not None:
            text, cut = fit(self._lines(submission), macro.length)
            if text:
                values[macro.code] = text
        return Mapped(values, problems, cut, settled)

    def fates(self, submission: Submission) -> list[Fate]:
        """Where every answer, consent and hidden field went, in the form's order."""
        problems = self.apply(submission).problems
        failed = {problem.column: problem for problem in problems}
        return [
            self._fate(ref, label, text, failed, submission)
            for ref, label, text in self._given(submission)
        ]

    def _fate(
        self,
        ref: FieldRef,
        label: str,
        text: str,
        failed: Mapping[str, ValueProblem],
        submission: Submission,
    ) -> Fate:
        names = _names_of(ref, self._form)
        wanted = [
            row.column
            for row in self._rows
            if text.strip() and names & _taken(row, submission)
        ]
        return Fate(
            ref=ref,
            label=label,
            text=text,
            columns=tuple(column for column in wanted if column not in failed),
            problems=tuple(failed[column] for column in wanted if column in failed),
        )

    def _given(self, submission: Submission) -> list[tuple[FieldRef, str, str]]:
        questions = {question.id: question for question in self._form.questions}
        known = [key for key in questions if key in submission.answers]
        others = [key for key in submission.answers if key not in questions]
        given = []
        for key in (*known, *others):
            question = questions.get(key)
            label = question.label if question else f"question {key}"
            text = _answer_text(question, submission.answers[key])
            given.append((FieldRef(FieldKind.QUESTION, key), label, text))
        texts = {consent.id: consent.text for consent in self._form.consents}
        given_consents = submission.consents
        ordered = [number for number in texts if number in given_consents]
        unknown = [number for number in given_consents if number not in texts]
        for number in (*ordered, *unknown):
            accepted = given_consents[number]
            label = texts.get(number, f"consent {number}")
            ref = FieldRef(FieldKind.CONSENT, str(number))
            given.append((ref, label, "true" if accepted else "false"))
        for field in self._form.hidden_fields:
            ref = FieldRef(FieldKind.HIDDEN, field.name)
            given.append((ref, field.name, field.value))
        return given


def _names_of(ref: FieldRef, form: FormSchema) -> set[FieldRef]:
    """How mappings may name the field: a profile field has a name, too."""
    names = {ref}
    if ref.kind is FieldKind.QUESTION:
        names |= {
            FieldRef(FieldKind.PREDEFINED, question.predefined)
            for question in form.questions
            if question.id == ref.key and question.predefined
        }
    return names


def _taken(row: _Row, submission: Submission) -> set[FieldRef]:
    """The fields whose text reaches the row's column."""
    answered = [
        ref
        for ref, readers in row.parts
        if any((read(submission) or "").strip() for read in readers)
    ]
    return set(answered[:1] if row.takes_first else answered)


def compile_mapping(
    rows: Sequence[ColumnMapping],
    *,
    form: FormSchema,
    columns: Mapping[str, Column],
    lookups: LookupResolver,
    tables: ValueTables | None = None,
) -> CompiledMapping:
    """Make a mapping ready for one form version; raises MappingError.

    What `tables` hold is asked anew for each answer.
    """
    compiled: list[_Row] = []
    constants: dict[str, object] = {}
    macro_column: Column | None = None
    for row in rows:
        column = columns.get(row.column)
        if column is None:
            raise MappingError(f"The mapping names column {row.column}: there is none.")
        writing = writing_for(row, form)
        convert = converter_for(column, writing=writing, lookups=lookups)
        match row.source:
            case Macro():
                macro_column = column
            case Constant(value=text):
                constants[column.code] = constant_value(text, column, lookups)
            case FormField() as source:
                compiled.append(_compile_field(column, source, convert, form))
    return CompiledMapping(
        form=form,
        rows=compiled,
        constants=constants,
        macro_column=macro_column,
        tables=tables,
    )


def writing_for(row: ColumnMapping, form: FormSchema) -> Writing:
    """How dates and numbers are read: as the row says, else as the form's locale."""
    of_form = writing_of(form.language, form.country)
    return Writing(
        row.date_order or of_form.date_order, row.decimal_mark or of_form.decimal_mark
    )


def constant_value(text: str, column: Column, lookups: LookupResolver) -> object:
    """The typed value of a constant; raises MappingError where it does not fit.

    A constant of a lookup column is the id of the value.
    """
    if column.type is ColumnType.LOOKUP:
        return _lookup_constant(text, column, lookups)
    convert = converter_for(column, writing=Writing(None, "."), lookups=lookups)
    value = text if convert is None else convert(text)
    if isinstance(value, Failure):
        raise MappingError(f'"{text}" does not fit column {column.code}: {value.kind}.')
    return value


def _lookup_constant(text: str, column: Column, lookups: LookupResolver) -> int:
    is_id = text.isascii() and text.isdecimal() and len(text) < 20
    value_id = int(text) if is_id else 0
    found = lookups.find(column.lookup or "", value_id)
    if found is None:
        raise MappingError(
            f"The value chosen for column {column.code} is not in its lookup any more."
        )
    return found


def _compile_field(
    column: Column, source: FormField, convert: Converter | None, form: FormSchema
) -> _Row:
    parts = tuple((ref, tuple(_readers(ref, form))) for ref in source.refs)
    readers = [reader for _ref, its_own in parts for reader in its_own]
    labels = [label for ref in source.refs for label in _labels(ref, form)]
    return _Row(
        column=column.code,
        read=_combine(readers, source),
        # A consent in a text column is text; everything else is converted.
        convert=convert
        if column.type is not ColumnType.TEXT or column.length
        else None,
        label=", ".join(labels) or column.code,
        parts=parts,
        takes_first=source.join is Join.FIRST and len(parts) > 1,
    )


def _combine(readers: Sequence[Reader], source: FormField) -> Reader:
    if not readers:
        return lambda submission: None
    if len(readers) == 1:
        return readers[0]
    if source.join is Join.FIRST:
        return _first_of(readers)
    return _all_of(readers, source.separator)


def _first_of(readers: Sequence[Reader]) -> Reader:
    def read(submission: Submission) -> str | None:
        for reader in readers:
            text = reader(submission)
            if text and not text.isspace():
                return text
        return None

    return read


def _all_of(readers: Sequence[Reader], separator: str) -> Reader:
    def read(submission: Submission) -> str | None:
        texts = (reader(submission) for reader in readers)
        return separator.join([text for text in texts if text and not text.isspace()])

    return read


def _questions_of(ref: FieldRef, form: FormSchema) -> list[Question]:
    if ref.kind is FieldKind.PREDEFINED:
        return [one for one in form.questions if one.predefined == ref.key]
    if ref.kind is FieldKind.QUESTION:
        return [one for one in form.questions if one.id == ref.key]
    return []


def _labels(ref: FieldRef, form: FormSchema) -> list[str]:
    if ref.kind is FieldKind.CONSENT:
        return [one.text for one in form.consents if str(one.id) == ref.key]
    if ref.kind is FieldKind.HIDDEN:
        return [ref.key]
    return [question.label for question in _questions_of(ref, form)]


def _readers(ref: FieldRef, form: FormSchema) -> list[Reader]:
    if ref.kind is FieldKind.CONSENT:
        return [_consent_reader(int(ref.key))] if ref.key.isdecimal() else []
    if ref.kind is FieldKind.HIDDEN:
        values = [one.value for one in form.hidden_fields if one.name == ref.key]
        return [_fixed_reader(value) for value in values]
    return [_answer_reader(question) for question in _questions_of(ref, form)]


def _consent_reader(number: int) -> Reader:
    texts = {True: "true", False: "false", None: None}
    return lambda submission: texts[submission.consents.get(number)]


def _fixed_reader(value: str) -> Reader:
    return lambda submission: value


def _answer_reader(question: Question) -> Reader:
    key = question.id

    def read(submission: Submission) -> str | None:
        answer = submission.answers.get(key)
        if answer is None or type(answer) is str:
            return answer
        return _answer_text(question, answer)

    return read


def _answer_text(question: Question | None, answer: str | Sequence[int]) -> str:
    return answer if isinstance(answer, str) else choice_text(question, answer)
