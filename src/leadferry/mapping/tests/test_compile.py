from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadferry.mapping.convert import Kind
from leadferry.mapping.defaults import starting_mapping
from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import Submission
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
    from_json,
    predefined,
    to_json,
)
from leadferry.mapping.tests.builders import compiled

NAMES = FormField(refs=(predefined("FIRST_NAME"), predefined("LAST_NAME")))
NOTES = ColumnMapping(column="Notes", source=Macro())


def field(column: str, *refs: FieldRef, join: Join = Join.ALL) -> ColumnMapping:
    return ColumnMapping(column=column, source=FormField(refs=refs, join=join))


@pytest.mark.req("D1", "R033", "R035")
def test_the_macro_carries_everything_in_the_forms_order() -> None:
    submission = Submission(
        answers={"5": "Wie?\nUnd wann?", "4": [0, 1], "1": "Ada", "99": "neu"},
        consents={1: False, 0: True, 8: True},
    )
    values = compiled(NOTES).apply(submission).values
    assert values["Notes"] == (
        "Vorname: Ada\nBudget?: klein; groß\nFrage: Wie?\nUnd wann?\n"
        "question 99: neu\nNewsletter: true\nAnruf: false\nconsent 8: true\n"
        "utm_source: linkedin"
    )


@pytest.mark.req("D10")
def test_several_fields_in_one_column_leave_out_the_empty_ones() -> None:
    mapping = compiled(ColumnMapping(column="Contact", source=NAMES), NOTES)
    whole = mapping.apply(Submission(answers={"1": "Ada", "2": "Byron"}))
    assert whole.values["Contact"] == "Ada Byron"
    half = mapping.apply(Submission(answers={"1": " ", "2": "Byron"}))
    assert half.values["Contact"] == "Byron"


@pytest.mark.req("D10")
def test_the_first_field_that_is_not_empty() -> None:
    row = field("Email", predefined("EMAIL"), predefined("FIRST_NAME"), join=Join.FIRST)
    mapping = compiled(row)
    assert mapping.apply(Submission(answers={"1": "x"})).values == {"Email": "x"}
    both = Submission(answers={"1": "x", "3": "a@b.c"})
    assert mapping.apply(both).values == {"Email": "a@b.c"}


@pytest.mark.req("R028", "R029", "R030", "R031")
def test_custom_questions_consents_and_hidden_fields() -> None:
    mapping = compiled(
        field("Contact", FieldRef(FieldKind.QUESTION, "4")),
        field("Agreed", FieldRef(FieldKind.CONSENT, "0")),
        field("Short", FieldRef(FieldKind.HIDDEN, "utm_source")),
    )
    values = mapping.apply(Submission(answers={"4": [0]}, consents={0: False})).values
    assert values == {"Contact": "klein", "Agreed": False, "Short": "linkedin"}


@pytest.mark.req("R017", "R018", "R019", "R020", "R021", "R022", "R016")
def test_constants_of_every_type() -> None:
    given = {
        "Short": ("CRM Days", "CRM Days"),
        "Budget": ("10.50", Decimal("10.50")),
        "Agreed": ("true", True),
        "Country": ("7", 7),
    }
    rows = [
        ColumnMapping(column=code, source=Constant(text))
        for code, (text, _value) in given.items()
    ]
    values = compiled(*rows).apply(Submission(answers={})).values
    assert values == {code: value for code, (_text, value) in given.items()}


@pytest.mark.req("D5")
def test_a_constant_that_does_not_fit_is_refused() -> None:
    with pytest.raises(MappingError, match="Budget"):
        compiled(ColumnMapping(column="Budget", source=Constant("much")))


def test_an_answer_that_does_not_fit_leaves_the_column_empty_and_is_told() -> None:
    mapping = compiled(field("Short", FieldRef(FieldKind.QUESTION, "5")), NOTES)
    mapped = mapping.apply(Submission(answers={"5": "x" * 21}))
    assert "Short" not in mapped.values
    assert "x" * 21 in str(mapped.values["Notes"])
    assert [(p.column, p.kind, p.label) for p in mapped.problems] == [
        ("Short", Kind.TOO_LONG, "Frage")
    ]


def test_a_macro_in_a_short_column_takes_whole_lines() -> None:
    mapping = compiled(ColumnMapping(column="Contact", source=Macro()))
    answers = {"1": "Ada", "5": "x" * 300}
    mapped = mapping.apply(Submission(answers=answers))
    text = str(mapped.values["Contact"])
    assert text == "Vorname: Ada\n(2 more answers: see submission)"
    assert mapped.macro_cut == 2


def test_a_field_that_the_form_lacks_gives_nothing() -> None:
    mapping = compiled(field("Contact", predefined("PHONE_NUMBER")))
    assert mapping.apply(Submission(answers={"1": "Ada"})).values == {}


@given(
    answers=st.dictionaries(
        st.sampled_from("123459"),
        st.text(min_size=1, max_size=50) | st.lists(st.integers(0, 3), min_size=1),
    ),
    consents=st.dictionaries(st.integers(0, 3), st.booleans()),
)
@pytest.mark.req("D1")
def test_no_answer_is_ever_lost(
    answers: dict[str, str | list[int]], consents: dict[int, bool]
) -> None:
    submission = Submission(answers=answers, consents=consents)
    notes = str(compiled(NOTES).apply(submission).values["Notes"])
    for answer in answers.values():
        if isinstance(answer, str):
            assert answer in notes
    lines = len(answers) + len(consents) + 1
    typed_breaks = sum(a.count("\n") for a in answers.values() if isinstance(a, str))
    assert notes.count("\n") == lines - 1 + typed_breaks
    fates = compiled(NOTES).fates(submission)
    assert len(fates) == lines


def test_fates_name_column_and_problem() -> None:
    short = field("Short", FieldRef(FieldKind.QUESTION, "5"))
    mapping = compiled(short, ColumnMapping(column="Contact", source=NAMES), NOTES)
    fates = mapping.fates(Submission(answers={"1": "Ada", "5": "x" * 30}))
    by_label = {fate.label: fate for fate in fates}
    assert by_label["Vorname"].columns == ("Contact",)
    assert by_label["Frage"].columns == ()
    assert by_label["Frage"].problems[0].kind is Kind.TOO_LONG


@pytest.mark.parametrize(
    "row",
    [
        NOTES,
        field("Email", predefined("EMAIL"), predefined("X"), join=Join.FIRST),
        ColumnMapping(column="Budget", source=Constant("1,5"), decimal_mark=","),
    ],
)
def test_a_row_survives_storage(row: ColumnMapping) -> None:
    assert from_json(row.column, to_json(row)) == row


@pytest.mark.parametrize("stored", [{}, {"form": {}}, {"form": {"fields": [["x"]]}}])
def test_a_damaged_row_says_which_column(stored: dict[str, object]) -> None:
    with pytest.raises(MappingError, match="Contact"):
        from_json("Contact", stored)


@pytest.mark.req("D10", "R033")
def test_the_starting_mapping() -> None:
    rows = {row.column: row.source for row in starting_mapping()}
    assert list(rows) == [
        "Contact", "Account", "Email", "MobilePhone", "FullJobTitle", "Notes",
    ]  # fmt: skip
    assert rows["Notes"] == Macro()
    assert rows["Contact"] == NAMES


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(MappingError, match="Nowhere"):
        compiled(ColumnMapping(column="Nowhere", source=Macro()))


def test_the_fate_of_a_field_that_another_one_came_before() -> None:
    source = FormField(refs=(predefined("EMAIL"), predefined("FIRST_NAME")))
    rows = [
        ColumnMapping(column="Email", source=replace(source, join=Join.FIRST)),
        ColumnMapping(column="Notes", source=Macro()),
    ]
    answers = {"1": "Ada", "2": " ", "3": "ada@example.org"}
    sent = Submission(answers=answers, consents={1: True, 0: False})
    fates = compiled(*rows).fates(sent)
    assert [(fate.label, fate.columns) for fate in fates] == [
        ("Vorname", ()), ("Nachname", ()), ("E-Mail", ("Email",)),
        ("Newsletter", ()), ("Anruf", ()), ("utm_source", ()),
    ]  # fmt: skip
    without = replace(sent, answers={"1": "Ada", "3": ""})
    assert compiled(*rows).fates(without)[0].columns == ("Email",)
