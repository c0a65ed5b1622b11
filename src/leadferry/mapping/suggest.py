"""Rows that a mapping lacks, each with the reason why it is suggested."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from rapidfuzz import fuzz, process

from leadferry.kit.text import comparable
from leadferry.mapping.drift import FieldChange, followed, ref_of
from leadferry.mapping.fields import Column, FormSchema, Question
from leadferry.mapping.fits import fits
from leadferry.mapping.sources import (
    ColumnMapping,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
)

# From this share of equal letters on, a label is one of the usual ones.
_ALIKE = 88
# Profile field -> columns that hold it, the best first.
_PROFILE = {
    "EMAIL": ("Email",),
    "WORK_EMAIL": ("Email",),
    "PHONE_NUMBER": ("MobilePhone",),
    "WORK_PHONE_NUMBER": ("BusinesPhone", "MobilePhone"),
    "COMPANY_NAME": ("Account",),
    "COMPANY_SIZE": ("EmployeesNumber",),
    "COMPANY_WEBSITE": ("Website",),
    "INDUSTRY": ("Industry",),
    "JOB_TITLE": ("FullJobTitle",),
    "JOB_FUNCTION": ("Department",),
    "CITY": ("City", "CityStr"),
    "STATE": ("Region", "RegionStr"),
    "COUNTRY": ("Country", "CountryStr"),
    "POSTAL_CODE": ("Zip",),
    "ZIP_CODE": ("Zip",),
    "GENDER": ("Gender",),
}
_NAMES = ("FIRST_NAME", "LAST_NAME")


class Why(StrEnum):
    """What a suggestion rests on."""

    NEW_ID = "new id"
    PROFILE = "profile field"
    SISTERS = "other forms"
    LABEL = "label"
    MACRO = "no answer is lost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggested:
    """A row, and why: `witness` is the form or the label that speaks for it."""

    row: ColumnMapping
    why: Why
    witness: str = ""
    count: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sister:
    """Another form, and how it is mapped."""

    name: str
    form: FormSchema
    rows: Sequence[ColumnMapping]


def suggest(
    rows: Sequence[ColumnMapping],
    *,
    form: FormSchema,
    columns: Mapping[str, Column],
    sisters: Sequence[Sister] = (),
    changes: Sequence[FieldChange] = (),
) -> list[Suggested]:
    """One row at most for each field that nothing maps yet, and for each column.

    `columns` are those that may be suggested. Where a field has another id since a
    change of the form, the row that names it is suggested with both.
    """
    return list(_Search(rows, form, columns, sisters).all(changes))


class _Search:
    def __init__(
        self,
        rows: Sequence[ColumnMapping],
        form: FormSchema,
        columns: Mapping[str, Column],
        sisters: Sequence[Sister],
    ) -> None:
        self._rows = rows
        self._form = form
        self._columns = columns
        self._sisters = sisters
        self._taken = {row.column for row in rows if _has_source(row)}
        self._mapped = {
            ref
            for row in rows
            if isinstance(row.source, FormField)
            for ref in row.source.refs
        }

    def all(self, changes: Sequence[FieldChange]) -> Iterator[Suggested]:
        yield from self._followed(changes)
        yield from self._name()
        for question in self._form.questions:
            found = self._for(question)
            if found is not None:
                self._taken.add(found.row.column)
                yield found
        if not any(isinstance(row.source, Macro) for row in self._rows):
            yield from self._macro()

    def _followed(self, changes: Sequence[FieldChange]) -> Iterator[Suggested]:
        for row in self._rows:
            if not isinstance(row.source, FormField):
                continue
            refs = tuple(followed(row.source.refs, changes))
            if refs == row.source.refs:
                continue
            self._mapped |= set(refs)
            # Of one question under two ids a submission answers one.
            join = row.source.join if len(row.source.refs) > 1 else Join.FIRST
            source = FormField(refs=refs, join=join, separator=row.source.separator)
            yield Suggested(
                row=ColumnMapping(
                    column=row.column,
                    source=source,
                    date_order=row.date_order,
                    decimal_mark=row.decimal_mark,
                ),
                why=Why.NEW_ID,
            )

    def _name(self) -> Iterator[Suggested]:
        asked = {one.predefined for one in self._form.questions}
        refs = tuple(
            FieldRef(FieldKind.PREDEFINED, name)
            for name in _NAMES
            if name in asked
            and FieldRef(FieldKind.PREDEFINED, name) not in self._mapped
        )
        if refs and self._is_free("Contact"):
            self._taken.add("Contact")
            self._mapped |= set(refs)
            row = ColumnMapping(column="Contact", source=FormField(refs=refs))
            yield Suggested(row=row, why=Why.PROFILE)

    def _macro(self) -> Iterator[Suggested]:
        for code in ("Notes", "Commentary"):
            if self._is_free(code):
                row = ColumnMapping(column=code, source=Macro())
                yield Suggested(row=row, why=Why.MACRO)
                return

    def _is_free(self, code: str) -> bool:
        return code in self._columns and code not in self._taken

    def _for(self, question: Question) -> Suggested | None:
        ref = ref_of(question)
        named = FieldRef(FieldKind.QUESTION, question.id)
        if ref in self._mapped or named in self._mapped:
            return None
        return (
            self._by_profile(question, ref)
            or self._by_sisters(question, ref)
            or self._by_label(question, ref)
        )

    def _made(self, code: str, ref: FieldRef, why: Why) -> Suggested | None:
        if not self._is_free(code) or not fits(ref, self._columns[code]):
            return None
        row = ColumnMapping(column=code, source=FormField(refs=(ref,)))
        return Suggested(row=row, why=why)

    def _by_profile(self, question: Question, ref: FieldRef) -> Suggested | None:
        for code in _PROFILE.get(question.predefined or "", ()):
            made = self._made(code, ref, Why.PROFILE)
            if made is not None:
                return made
        return None

    def _by_sisters(self, question: Question, ref: FieldRef) -> Suggested | None:
        witnesses: dict[str, list[str]] = {}
        for sister in self._sisters:
            for code in _columns_of(question, sister):
                witnesses.setdefault(code, []).append(sister.name)
        votes = Counter({code: len(names) for code, names in witnesses.items()})
        for code, count in votes.most_common():
            made = self._made(code, ref, Why.SISTERS)
            if made is not None:
                return Suggested(
                    row=made.row,
                    why=made.why,
                    witness=witnesses[code][0],
                    count=count,
                )
        return None

    def _by_label(self, question: Question, ref: FieldRef) -> Suggested | None:
        label = comparable(question.label).strip(" ?:*.")
        usual = _usual_labels()
        for witness, _score, _index in process.extract(
            label, list(usual), scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=3
        ):
            made = self._made(usual[witness], ref, Why.LABEL)
            if made is not None:
                return Suggested(row=made.row, why=made.why, witness=witness)
        return None


def _has_source(row: ColumnMapping) -> bool:
    return not isinstance(row.source, FormField) or bool(row.source.refs)


def _columns_of(question: Question, sister: Sister) -> Iterator[str]:
    label = comparable(question.label)
    alike = {
        ref
        for one in sister.form.questions
        if (question.predefined and one.predefined == question.predefined)
        or (one.predefined == question.predefined and comparable(one.label) == label)
        for ref in (ref_of(one), FieldRef(FieldKind.QUESTION, one.id))
    }
    for row in sister.rows:
        if isinstance(row.source, FormField) and alike & set(row.source.refs):
            yield row.column


@cache
def _usual_labels() -> dict[str, str]:
    """How forms of many languages call what a column holds -> the column."""
    text = Path(__file__).with_name("labels.json").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for code, labels in json.loads(text).items():
        for label in labels:
            found.setdefault(comparable(label), code)
    return found
