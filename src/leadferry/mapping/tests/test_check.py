import pytest

from leadferry.mapping.check import check_mapping
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Macro,
    Source,
    predefined,
)
from leadferry.mapping.tests.builders import COLUMNS, Lookups, make_form

NOTES = ColumnMapping(column="Notes", source=Macro())


def problems(*rows: tuple[str, Source], custom: bool = True) -> list[str]:
    mapped = [ColumnMapping(column=code, source=source) for code, source in rows]
    found = check_mapping(
        [*mapped, NOTES],
        columns=COLUMNS,
        lookups=Lookups(),
        form=make_form() if custom else None,
    )
    return [problem.sentence for problem in found if not problem.is_warning]


@pytest.mark.req("R036", "D7")
@pytest.mark.parametrize(
    "rows",
    [
        [],
        [NOTES, ColumnMapping(column="Contact", source=Macro())],
        [ColumnMapping(column="Budget", source=Macro())],
    ],
)
def test_exactly_one_text_column_takes_the_macro(rows: list[ColumnMapping]) -> None:
    found = check_mapping(rows, columns=COLUMNS, lookups=Lookups(), form=make_form())
    assert any("no answer is lost" in problem.sentence for problem in found)


@pytest.mark.req("R038", "R037")
def test_a_short_column_for_the_macro_is_a_warning_only() -> None:
    rows = [ColumnMapping(column="Contact", source=Macro())]
    found = check_mapping(rows, columns=COLUMNS, lookups=Lookups(), form=make_form())
    assert [problem.is_warning for problem in found] == [True]


@pytest.mark.parametrize(
    ("column", "source", "words"),
    [
        ("Nowhere", Constant("x"), "There is no column"),
        ("Budget", Constant("much"), "does not fit"),
        ("Short", Constant(""), "is empty"),
        ("Short", Constant("x" * 21), "too long"),
        ("Contact", FormField(refs=()), "Nothing is chosen"),
        (
            "Budget",
            FormField(refs=(predefined("A"), predefined("B"))),
            "Only a text column",
        ),
        (
            "Budget",
            FormField(refs=(FieldRef(FieldKind.CONSENT, "0"),)),
            "does not fit a decimal column",
        ),
        ("Notes", Constant("x"), "more than one source"),
        ("Country", Constant("8"), "not in its lookup any more"),
        ("Old", Constant("x"), "is retired"),
        (
            "Decided",
            FormField(refs=(predefined("FIRST_NAME"),)),
            "does not fit a date column",
        ),
        (
            "Contact",
            FormField(refs=(FieldRef(FieldKind.QUESTION, "99"),)),
            "never had question 99",
        ),
        (
            "Agreed",
            FormField(refs=(FieldRef(FieldKind.CONSENT, "9"),)),
            "never had checkbox 9",
        ),
        (
            "Contact",
            FormField(refs=(FieldRef(FieldKind.HIDDEN, "gone"),)),
            "never had hidden field gone",
        ),
    ],
)
def test_problems(column: str, source: Source, words: str) -> None:
    assert any(words in sentence for sentence in problems((column, source)))


@pytest.mark.req("R025")
def test_the_default_mapping_takes_profile_fields_only() -> None:
    custom_field = FormField(refs=(FieldRef(FieldKind.QUESTION, "4"),))
    assert problems(("Contact", custom_field), custom=False)
    assert problems(("Contact", custom_field), custom=True) == []
    profile = FormField(refs=(predefined("FIRST_NAME"),))
    assert problems(("Contact", profile), custom=False) == []
