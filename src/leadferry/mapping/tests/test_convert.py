from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from leadferry.mapping.convert import Failure, Kind, converter_for, read_date
from leadferry.mapping.fields import DateOrder
from leadferry.mapping.locales import Writing, writing_of
from leadferry.mapping.tests.builders import COLUMNS, Lookups


def convert(column: str, text: str, *, mark: str | None = ".") -> object:
    writing = Writing(DateOrder.DAY_FIRST, mark)
    converter = converter_for(COLUMNS[column], writing=writing, lookups=Lookups())
    return text if converter is None else converter(text)


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
    assert convert("Budget", text, mark=mark) == value


@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("2019-05-03", None, date(2019, 5, 3)),
        ("03.05.2019", DateOrder.DAY_FIRST, date(2019, 5, 3)),
        ("03/05/2019", DateOrder.MONTH_FIRST, date(2019, 3, 5)),
        ("2019年5月3日", None, date(2019, 5, 3)),
        ("13/05/2019", None, date(2019, 5, 13)),
        ("05/05/2019", None, date(2019, 5, 5)),
        ("03/05/2019", None, Failure(Kind.AMBIGUOUS_DATE)),
        ("03.05.19", DateOrder.DAY_FIRST, Failure(Kind.AMBIGUOUS_DATE)),
        ("May 2019", None, Failure(Kind.PARTIAL_DATE)),
        ("2019", None, Failure(Kind.PARTIAL_DATE)),
        ("05/2019", None, Failure(Kind.PARTIAL_DATE)),
        ("31.02.2019", DateOrder.DAY_FIRST, Failure(Kind.NOT_A_DATE)),
        ("soon", None, Failure(Kind.NOT_A_DATE)),
    ],
)
def test_dates(text: str, order: DateOrder | None, value: object) -> None:
    assert read_date(text, order) == value


def test_moments_are_aware() -> None:
    assert convert("Meeting", "2019-05-03T10:00:00+02:00") == datetime(
        2019, 5, 3, 8, tzinfo=UTC
    )
    assert convert("Meeting", "03.05.2019") == datetime(2019, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("Agreed", "TRUE", True),
        ("Agreed", "false", False),
        ("Agreed", "yes", Failure(Kind.NOT_A_BOOLEAN)),
        ("Country", " Germany ", 7),
        ("Country", "Deutschland", Failure(Kind.UNKNOWN_LOOKUP_VALUE)),
        ("Number", "12", 12),
        ("Number", "1.5", Failure(Kind.TOO_LONG)),
        ("Short", "x" * 20, "x" * 20),
        # Never cut silently.
        ("Short", "x" * 21, Failure(Kind.TOO_LONG)),
        ("Notes", "x" * 100_000, "x" * 100_000),
    ],
)
def test_other_types(column: str, text: str, value: object) -> None:
    assert convert(column, text) == value


@pytest.mark.parametrize(
    ("language", "country", "order", "mark"),
    [
        ("en", "US", DateOrder.MONTH_FIRST, "."),
        ("en", "GB", DateOrder.DAY_FIRST, "."),
        ("en", "CA", None, "."),
        ("fr", "CA", DateOrder.DAY_FIRST, ","),
        ("de", "DE", DateOrder.DAY_FIRST, ","),
        ("de", "CH", DateOrder.DAY_FIRST, "."),
        ("ja", "JP", DateOrder.YEAR_FIRST, "."),
        ("", "", None, None),
    ],
)
def test_how_a_locale_writes(
    language: str, country: str, order: DateOrder | None, mark: str | None
) -> None:
    assert writing_of(language, country) == Writing(order, mark)
