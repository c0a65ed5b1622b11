"""What a value table makes of an answer that is no value by itself."""

import pytest

from leadferry.mapping.check import check_mapping
from leadferry.mapping.compile import CompiledMapping, ValueProblem, compile_mapping
from leadferry.mapping.convert import Kind
from leadferry.mapping.fields import Submission, TableValue
from leadferry.mapping.sources import (
    ColumnMapping,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
)
from leadferry.mapping.tests.builders import COLUMNS, Lookups, Tables, make_form

pytestmark = pytest.mark.req("B11")

GERMANY = TableValue(value=7, written="7")


def question(*keys: str, join: Join = Join.ALL) -> FormField:
    refs = tuple(FieldRef(FieldKind.QUESTION, key) for key in keys)
    return FormField(refs=refs, join=join)


def mapped_with(tables: Tables, *rows: ColumnMapping) -> CompiledMapping:
    return compile_mapping(
        rows, form=make_form(), columns=COLUMNS, lookups=Lookups(), tables=tables
    )


def test_an_answer_that_the_table_knows_is_a_value() -> None:
    mapping = mapped_with(
        Tables(Deutschland=GERMANY),
        ColumnMapping(column="Country", source=question("5")),
    )
    given = Submission(answers={"5": "Deutschland"})
    mapped = mapping.apply(given)
    assert mapped.values == {"Country": 7}
    assert mapped.problems == ()
    assert mapped.settled == (
        ValueProblem("Country", Kind.UNKNOWN_LOOKUP_VALUE, "Frage", "Deutschland", "7"),
    )
    (fate,) = mapping.fates(given)[:1]
    assert (fate.columns, fate.problems) == (("Country",), ())


def test_the_table_is_asked_last() -> None:
    tables = Tables(Germany=TableValue(value=9, written="9"))
    row = ColumnMapping(column="Country", source=question("5"))
    mapped = mapped_with(tables, row).apply(Submission(answers={"5": "Germany"}))
    assert mapped.values == {"Country": 7}
    assert tables.asked == []


def test_what_the_table_does_not_know_waits() -> None:
    row = ColumnMapping(column="Country", source=question("5"))
    mapping = mapped_with(Tables(), row)
    mapped = mapping.apply(Submission(answers={"5": "Absurdistan"}))
    assert mapped.values == {}
    assert [one.raw for one in mapped.problems] == ["Absurdistan"]
    assert mapped.settled == ()


def test_false_and_zero_are_values_too() -> None:
    tables = Tables(nein=TableValue(value=False, written="false"))
    row = ColumnMapping(column="Agreed", source=question("5"))
    mapped = mapped_with(tables, row).apply(Submission(answers={"5": "nein"}))
    assert mapped.values == {"Agreed": False}


def warnings(tables: Tables | None, column: str) -> list[str]:
    rows = [
        ColumnMapping(column=column, source=question("4")),
        ColumnMapping(column="Notes", source=Macro()),
    ]
    problems = check_mapping(
        rows, columns=COLUMNS, lookups=Lookups(), form=make_form(), tables=tables
    )
    assert all(one.is_warning for one in problems)
    return [one.sentence for one in problems if one.column == column]


def test_options_that_will_be_no_value_are_told_before() -> None:
    (sentence,) = warnings(None, "Budget")
    assert "are no value of this column: “klein” and 1 more. Their" in sentence
    small = TableValue(value=1, written="1")
    (sentence,) = warnings(Tables(klein=small), "Budget")
    assert "are no value of this column: “groß”. Their leads" in sentence
    big = TableValue(value=2, written="2")
    assert warnings(Tables(klein=small, groß=big), "Budget") == []
    assert warnings(None, "Contact") == []


def test_one_question_under_two_ids_feeds_one_column() -> None:
    row = ColumnMapping(column="Country", source=question("99", "5", join=Join.FIRST))
    mapping = mapped_with(Tables(), row)
    assert mapping.apply(Submission(answers={"5": "Germany"})).values == {"Country": 7}
