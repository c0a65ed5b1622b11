"""Rows are suggested for what nothing maps, each with its reason."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadferry.mapping.drift import compare
from leadferry.mapping.fields import Column, ColumnType, FormSchema, Question
from leadferry.mapping.sources import (
    NOTHING,
    ColumnMapping,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
    predefined,
)
from leadferry.mapping.suggest import Sister, Suggested, Why, suggest
from leadferry.mapping.tests.arbitrary import forms
from leadferry.mapping.tests.builders import make_form

pytestmark = pytest.mark.req("B9")

TEXT = ColumnType.TEXT
COLUMNS = {
    code: Column(
        code=code, type=kind, lookup=code if kind is ColumnType.LOOKUP else None
    )
    for code, kind in {
        "Contact": TEXT,
        "Account": TEXT,
        "Email": TEXT,
        "MobilePhone": TEXT,
        "FullJobTitle": TEXT,
        "CityStr": TEXT,
        "Notes": TEXT,
        "Commentary": TEXT,
        "Country": ColumnType.LOOKUP,
        "EmployeesNumber": ColumnType.LOOKUP,
        "Budget": ColumnType.DECIMAL,
        "DecisionDate": ColumnType.DATE,
        "DoNotUseEmail": ColumnType.BOOLEAN,
    }.items()
}
NOTES = ColumnMapping(column="Notes", source=Macro())


def form_of(*questions: Question) -> FormSchema:
    return replace(make_form(), questions=questions)


def custom(key: str, label: str) -> Question:
    return Question(id=key, label=label)


def suggested(
    *questions: Question,
    rows: Sequence[ColumnMapping] = (NOTES,),
    sisters: Sequence[Sister] = (),
) -> list[tuple[str, Why, str]]:
    found = suggest(rows, form=form_of(*questions), columns=COLUMNS, sisters=sisters)
    return [(one.row.column, one.why, one.witness) for one in found]


def test_profile_fields_go_where_they_belong() -> None:
    questions = [
        Question(id="1", label="Vorname", predefined="FIRST_NAME"),
        Question(id="2", label="Nachname", predefined="LAST_NAME"),
        Question(id="3", label="Stadt", predefined="CITY"),
        Question(id="4", label="Land", predefined="COUNTRY"),
        Question(id="5", label="Abschluss", predefined="GRADUATION_DATE"),
    ]
    found = suggest([NOTES], form=form_of(*questions), columns=COLUMNS)
    assert [one.row.column for one in found] == ["Contact", "CityStr", "Country"]
    name = found[0].row.source
    assert isinstance(name, FormField)
    assert [ref.key for ref in name.refs] == ["FIRST_NAME", "LAST_NAME"]


@pytest.mark.parametrize(
    ("label", "column"),
    [
        ("Welches Budget haben Sie?", "Budget"),
        ("Your budget:", "Budget"),
        ("Unternehmensgröße", "EmployeesNumber"),
        ("Nombre d'employés", "EmployeesNumber"),
        ("従業員数", "EmployeesNumber"),
        ("عدد الموظفين", "EmployeesNumber"),
        ("País", "Country"),
        ("ご質問", "Commentary"),
        ("How can we help you?", "Commentary"),
        ("When do you decide?", "DecisionDate"),
    ],
)
def test_labels_of_many_languages(label: str, column: str) -> None:
    ((found, why, _witness),) = suggested(custom("9", label))
    assert (found, why) == (column, Why.LABEL)


def test_a_label_like_nothing_usual_is_left_alone() -> None:
    assert suggested(custom("9", "Which of our robots do you like?")) == []


def sister(name: str, label: str, column: str) -> Sister:
    source = FormField(refs=(FieldRef(FieldKind.QUESTION, "3"),))
    return Sister(
        name=name,
        form=form_of(custom("3", label)),
        rows=[ColumnMapping(column=column, source=source)],
    )


def test_sister_forms_speak_for_the_column_that_most_use() -> None:
    label = "Which of our robots do you like?"
    sisters = [
        sister("Webinar", label, "FullJobTitle"),
        sister("Newsletter", label.upper(), "Commentary"),
        sister("Fair", label, "Commentary"),
        sister("Other", "Another question", "Account"),
    ]
    found = suggest(
        [NOTES], form=form_of(custom("9", label)), columns=COLUMNS, sisters=sisters
    )
    assert found == [
        Suggested(
            row=ColumnMapping(
                column="Commentary",
                source=FormField(refs=(FieldRef(FieldKind.QUESTION, "9"),)),
            ),
            why=Why.SISTERS,
            witness="Newsletter",
            count=2,
        )
    ]


def test_sisters_come_before_labels() -> None:
    sisters = [sister("Webinar", "Budget", "Commentary")]
    assert suggested(custom("9", "Budget"), sisters=sisters) == [
        ("Commentary", Why.SISTERS, "Webinar")
    ]


def test_what_is_mapped_or_taken_is_not_suggested_again() -> None:
    budget = ColumnMapping(
        column="Budget", source=FormField(refs=(FieldRef(FieldKind.QUESTION, "9"),))
    )
    assert suggested(custom("9", "Budget"), rows=(budget, NOTES)) == []
    assert suggested(custom("8", "Budget"), rows=(budget, NOTES)) == []
    empty = ColumnMapping(column="Budget", source=NOTHING)
    assert suggested(custom("8", "Budget"), rows=(empty, NOTES)) == [
        ("Budget", Why.LABEL, "budget")
    ]


def test_a_mapping_without_the_macro_is_offered_it() -> None:
    assert suggested(rows=()) == [("Notes", Why.MACRO, "")]


def test_a_question_with_a_new_id_is_read_under_both() -> None:
    old, new = form_of(custom("5", "Frage")), form_of(custom("77", "Frage"))
    held = ColumnMapping(
        column="Budget",
        source=FormField(refs=(FieldRef(FieldKind.QUESTION, "5"),)),
        decimal_mark=",",
    )
    (found,) = suggest(
        [held, NOTES], form=new, columns=COLUMNS, changes=compare(old, new)
    )
    assert found.why is Why.NEW_ID
    assert found.row == ColumnMapping(
        column="Budget",
        source=FormField(
            refs=(
                FieldRef(FieldKind.QUESTION, "5"),
                FieldRef(FieldKind.QUESTION, "77"),
            ),
            join=Join.FIRST,
        ),
        decimal_mark=",",
    )


@given(forms(), st.booleans())
def test_for_any_form_each_column_and_field_once(
    form: FormSchema,
    starts_empty: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    rows = (
        []
        if starts_empty
        else [
            ColumnMapping(column="Email", source=FormField(refs=(predefined("EMAIL"),)))
        ]
    )
    found = suggest(rows, form=form, columns=COLUMNS)
    columns = [one.row.column for one in found]
    assert len(columns) == len(set(columns))
    assert not set(columns) & {row.column for row in rows}
    refs = [
        ref
        for one in found
        if isinstance(one.row.source, FormField)
        for ref in one.row.source.refs
    ]
    assert len(refs) == len(set(refs))
