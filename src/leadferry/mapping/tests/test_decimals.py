from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadferry.mapping import convert as convert_module
from leadferry.mapping.convert import Failure, Kind, converter_for
from leadferry.mapping.fields import Column, ColumnType, Submission
from leadferry.mapping.locales import Writing, writing_of
from leadferry.mapping.sources import ColumnMapping, FieldKind, FieldRef, FormField
from leadferry.mapping.tests.builders import COLUMNS, Lookups, compiled, make_form

NO_NUMBER = Failure(Kind.NOT_A_NUMBER)
AMBIGUOUS = Failure(Kind.AMBIGUOUS_NUMBER)
TOO_LONG = Failure(Kind.TOO_LONG)
ANY_SCALE = Column(code="Any", type=ColumnType.DECIMAL)


def convert(text: str, *, writing: Writing, column: Column) -> object:
    converter = converter_for(column, writing=writing, lookups=Lookups())
    assert converter is not None
    return converter(text)


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1234.5", ".", Decimal("1234.5")),
        ("1.234,50 €", ",", Decimal("1234.50")),
        ("$1,234.50", ".", Decimal("1234.50")),
        ("1 234,5", ",", Decimal("1234.5")),
        ("1'234.50", ".", Decimal("1234.50")),
        ("-5", ".", Decimal(-5)),
        ("٣٫٥", ".", Decimal("3.5")),
        ("1,234,567", ",", Decimal(1234567)),
        # In a German form the point of "1.234" divides thousands.
        ("1.234", ",", Decimal(1234)),
        ("1.234", ".", Failure(Kind.TOO_LONG)),
        # Without a locale nobody knows.
        ("1.234", None, Failure(Kind.AMBIGUOUS_NUMBER)),
        ("2.5", ",", Failure(Kind.AMBIGUOUS_NUMBER)),
        ("1,23.4", ".", Failure(Kind.NOT_A_NUMBER)),
        ("about 5", ".", Failure(Kind.NOT_A_NUMBER)),
        ("10k", ".", Failure(Kind.NOT_A_NUMBER)),
        ("", ".", Failure(Kind.NOT_A_NUMBER)),
        ("1" * 17, ".", Failure(Kind.TOO_LONG)),
    ],
)
def test_decimals(text: str, mark: str | None, value: object) -> None:
    writing = Writing(None, mark)
    assert convert(text, writing=writing, column=COLUMNS["Budget"]) == value


DECIMALS: dict[str, tuple[str, str, object]] = {
    # Thousands and decimals, both written
    "American": ("1,234.50", "en_US", Decimal("1234.50")),
    "German": ("1.234,50", "de_DE", Decimal("1234.50")),
    "French, blank": ("1 234,50", "fr_FR", Decimal("1234.50")),
    "French, no-break blank": ("1\u00a0234,50", "fr_FR", Decimal("1234.50")),
    "French, narrow blank": ("1\u202f234,50", "fr_FR", Decimal("1234.50")),
    "French, thin blank": ("1\u2009234,50", "fr_FR", Decimal("1234.50")),
    "Swiss": ("1'234.50", "de_CH", Decimal("1234.50")),
    "Swiss, typographic": ("1\u2019234\u2019567.50", "de_CH", Decimal("1234567.50")),
    "millions": ("1,234,567.50", "en_GB", Decimal("1234567.50")),
    "no locale, yet both marks tell": ("1.234,50", "", Decimal("1234.50")),
    "German in an American form": ("1.234,50", "en_US", NO_NUMBER),
    # One mark only
    "comma in Germany": ("1234,5", "de_DE", Decimal("1234.5")),
    "point in Germany": ("1.234", "de_DE", Decimal(1234)),
    "comma in America": ("1,234", "en_US", Decimal(1234)),
    "comma in the Emirates": ("1,234", "ar_AE", Decimal(1234)),
    "comma in Sri Lanka": ("1,234", "si_LK", Decimal(1234)),
    "comma in Jamaica": ("1,234", "en_JM", Decimal(1234)),
    "comma without locale": ("1,234", "", AMBIGUOUS),
    "comma in French Switzerland": ("1,234", "fr_CH", AMBIGUOUS),
    "decimals in French Switzerland": ("1,5", "fr_CH", Decimal("1.5")),
    "no thousands without locale": ("1,5", "", Decimal("1.5")),
    "twice the same mark": ("1.234.567", "", Decimal(1234567)),
    "the other mark, no thousands": ("2,50", "en_US", AMBIGUOUS),
    "the other mark after a zero": ("0,123", "en_US", AMBIGUOUS),
    "the other mark after four digits": ("1234,567", "en_US", AMBIGUOUS),
    "the other mark after nothing": (",234", "en_US", AMBIGUOUS),
    "blank thousands and the other mark": ("1 234.567", "de_DE", AMBIGUOUS),
    "point at the end": ("5.", "en_US", Decimal(5)),
    "point at the start": (".5", "en_US", Decimal("0.5")),
    # Without knowing that India writes so, as likely a slip of the finger.
    "Indian groups": ("1,23,456", "en_IN", NO_NUMBER),
    "Indian groups and decimals": ("12,34,567.50", "hi_IN", NO_NUMBER),
    "Indian thousands": ("12,345", "en_IN", Decimal(12345)),
    # Currency
    "euro after": ("1.234,50 €", "de_DE", Decimal("1234.50")),
    "dollar before": ("$1,234.50", "en_US", Decimal("1234.50")),
    "pound and blank": ("£ 12", "en_GB", Decimal(12)),
    "yen": ("¥1,234", "ja_JP", Decimal(1234)),
    "rupee": ("₹500", "hi_IN", Decimal(500)),
    "minus before the currency": ("-$5", "en_US", Decimal(-5)),
    "minus after the currency": ("€ -5", "de_DE", Decimal(-5)),
    "currency as decimal mark": ("5€50", "fr_FR", NO_NUMBER),
    "currency code": ("5 EUR", "de_DE", NO_NUMBER),
    # Signs
    "minus": ("-5", "en_US", Decimal(-5)),
    "true minus": ("\u22125,5", "de_DE", Decimal("-5.5")),
    "minus and thousands": ("-1,234.50", "en_US", Decimal("-1234.50")),
    "plus": ("+5", "en_US", Decimal(5)),
    "minus and blank": ("- 5", "en_US", Decimal(-5)),
    "two signs": ("--5", "en_US", NO_NUMBER),
    "minus at the end": ("5-", "de_DE", NO_NUMBER),
    "a range": ("10-20", "en_US", NO_NUMBER),
    "sign only": ("-", "en_US", NO_NUMBER),
    # Other digits
    "Arabic-Indic": ("١٬٢٣٤٫٥", "ar_EG", Decimal("1234.5")),
    "Arabic mark is decimal anywhere": ("٣٫٥٠٠", "de_DE", Decimal("3.500")),
    "Arabic mark twice": ("١٫٢٣٤٫٥٦٧", "ar_EG", NO_NUMBER),
    "Arabic mark and one point": ("1.234٫567", "de_DE", NO_NUMBER),
    "Arabic mark and two points": ("1.234.567٫890", "de_DE", NO_NUMBER),
    "Arabic mark after commas": ("1,234,567٫5", "de_DE", Decimal("1234567.5")),
    "Arabic thousands in disorder": ("١٬٢", "ar_EG", NO_NUMBER),
    "Devanagari": ("१२३४.५", "hi_IN", Decimal("1234.5")),
    "full-width": ("１２３４", "ja_JP", Decimal(1234)),
    "superscript is no digit": ("5²", "en_US", NO_NUMBER),
    "Chinese numerals": ("十", "zh_CN", NO_NUMBER),
    # Blanks that divide no thousands
    "blanks around": ("  5,5\n", "de_DE", Decimal("5.5")),
    "two numbers": ("12 34", "en_US", NO_NUMBER),
    "two lines": ("5\n000", "en_US", NO_NUMBER),
    "a phone number": ("030 123 456", "de_DE", NO_NUMBER),
    "feet and inches": ("5'10", "en_US", NO_NUMBER),
    "different separators": ("1 234'567", "de_CH", NO_NUMBER),
    "a list": ("1, 5", "de_DE", NO_NUMBER),
    "blank before decimals": ("5 ,50", "de_DE", NO_NUMBER),
    # Never numbers here
    "exponent": ("1e5", "en_US", NO_NUMBER),
    "exponent and sign": ("1.5E+3", "en_US", NO_NUMBER),
    "not a number": ("NaN", "en_US", NO_NUMBER),
    "signalling": ("sNaN", "en_US", NO_NUMBER),
    "infinity": ("Infinity", "en_US", NO_NUMBER),
    "minus infinity": ("-inf", "en_US", NO_NUMBER),
    "underscores": ("1_000", "en_US", NO_NUMBER),
    "hexadecimal": ("0x10", "en_US", NO_NUMBER),
    "percent": ("5%", "en_US", NO_NUMBER),
    "word": ("ten", "en_US", NO_NUMBER),
    "marks only": (".,.", "en_US", NO_NUMBER),
    "an address": ("192.168.1.10", "en_US", NO_NUMBER),
    "zero thousands": ("0.123.456", "de_DE", NO_NUMBER),
    # Size
    "16 digits": ("9" * 16, "en_US", Decimal("9" * 16)),
    "17 digits": ("9" * 17, "en_US", TOO_LONG),
    "leading zeros": ("0" * 20 + "7", "en_US", Decimal(7)),
    "scale kept": ("1.25", "en_US", Decimal("1.25")),
    "scale overflow": ("1.255", "en_US", TOO_LONG),
    "scale overflow by zeros is none": ("1.2500", "en_US", Decimal("1.25")),
    "very many digits": ("1" * 100_000, "en_US", TOO_LONG),
    "very many decimals": ("0." + "1" * 100_000, "en_US", TOO_LONG),
    "very many digits and a word": ("1" * 100_000 + "x", "en_US", NO_NUMBER),
    "very many blanks": ("1" + " " * 100_000 + "1", "en_US", NO_NUMBER),
    "very many marks": ("," * 100_000, "en_US", NO_NUMBER),
}


@pytest.mark.parametrize(
    ("text", "locale", "value"), DECIMALS.values(), ids=DECIMALS.keys()
)
def test_a_decimal_is_read_as_its_locale_writes_it(
    text: str, locale: str, value: object
) -> None:
    language, _, country = locale.partition("_")
    writing = writing_of(language, country)
    assert convert(text, writing=writing, column=COLUMNS["Budget"]) == value


@pytest.mark.parametrize(
    ("scale", "text", "value"),
    [
        # No scale: every decimal place is kept.
        (None, "1.23456789", Decimal("1.23456789")),
        (0, "1.5", TOO_LONG),
        (0, "1.0", Decimal(1)),
        # More places together than decimal arithmetic has by default.
        (20, "9" * 16 + "." + "1" * 20, Decimal("9" * 16 + "." + "1" * 20)),
        (20, "9" * 16 + "." + "1" * 21, TOO_LONG),
    ],
)
def test_a_number_is_never_rounded(scale: int | None, text: str, value: object) -> None:
    column = Column(code="Any", type=ColumnType.DECIMAL, scale=scale)
    assert convert(text, writing=Writing(None, "."), column=column) == value


@pytest.mark.parametrize(
    ("scale", "text", "kept"),
    [
        # What a column cannot hold is left out where it is nothing,
        (2, "1.2500", "1.25"),
        (2, "-5." + "0" * 100_000, "-5.00"),
        (2, "0." + "0" * 100_000, "0.00"),
        (0, ".0", "0"),
        (20, "9" * 16 + "." + "1" * 20 + "0", "9" * 16 + "." + "1" * 20),
        # and nothing is added.
        (2, "1.5", "1.5"),
        (2, "5", "5"),
        (None, "1.2500", "1.2500"),
    ],
)
def test_a_number_has_no_more_decimals_than_its_column(
    scale: int | None, text: str, kept: str
) -> None:
    column = Column(code="Any", type=ColumnType.DECIMAL, scale=scale)
    assert str(convert(text, writing=Writing(None, "."), column=column)) == kept


@pytest.mark.parametrize(
    ("country", "mark", "value"),
    [
        # The operator knows better than the locale of the form,
        ("DE", ".", Decimal("1.5")),
        ("US", ",", Decimal("1.5")),
        # and without a mark of its own the row takes the locale's.
        ("DE", None, None),
    ],
)
def test_the_mark_of_a_row_comes_before_that_of_the_locale(
    country: str, mark: str | None, value: Decimal | None
) -> None:
    source = FormField(refs=(FieldRef(FieldKind.QUESTION, "5"),))
    row = ColumnMapping(column="Budget", source=source, decimal_mark=mark)
    mapping = compiled(row, form=make_form("", country))
    answer = "1,5" if mark == "," else "1.5"
    mapped = mapping.apply(Submission(answers={"5": answer}))
    assert mapped.values.get("Budget") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", 1234),
        ("-0", 0),
        ("12.0", 12),
        ("12.5", TOO_LONG),
        ("9" * 16, int("9" * 16)),
        ("9" * 17, TOO_LONG),
        ("twelve", NO_NUMBER),
    ],
)
def test_a_whole_number_has_no_decimals(text: str, value: object) -> None:
    writing = writing_of("en", "US")
    assert convert(text, writing=writing, column=COLUMNS["Number"]) == value


@given(
    text=st.text(alphabet="0123456789.,+- ", max_size=24),
    mark=st.sampled_from([",", ".", None]),
    scale=st.sampled_from([None, 0, 2]),
)
def test_reading_at_a_glance_gives_what_reading_with_care_gives(
    text: str, mark: str | None, scale: int | None
) -> None:
    column = Column(code="Budget", type=ColumnType.DECIMAL, scale=scale)
    quick = convert(text, writing=Writing(None, mark), column=column)
    careful = convert_module._decimal(text, mark, scale)
    assert (quick, str(quick)) == (careful, str(careful))
