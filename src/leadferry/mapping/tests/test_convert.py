from datetime import UTC, datetime

import pytest

from leadferry.mapping.convert import Failure, Kind, converter_for
from leadferry.mapping.fields import DateOrder
from leadferry.mapping.locales import Writing, writing_of
from leadferry.mapping.tests.builders import COLUMNS, Lookups


def convert(column: str, text: str) -> object:
    writing = Writing(DateOrder.DAY_FIRST, ".")
    converter = converter_for(COLUMNS[column], writing=writing, lookups=Lookups())
    return text if converter is None else converter(text)


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
        ("zh", "TW", DateOrder.YEAR_FIRST, "."),
        ("hu", "HU", DateOrder.YEAR_FIRST, ","),
        ("sv", "SE", DateOrder.YEAR_FIRST, ","),
        ("sv", "FI", DateOrder.DAY_FIRST, ","),
        # A territory writes as the United States do,
        ("en", "GU", DateOrder.MONTH_FIRST, "."),
        # and where both orders or both marks are in use the locale does not tell.
        ("es", "PA", None, "."),
        ("es", "PR", None, "."),
        ("fr", "CH", DateOrder.DAY_FIRST, None),
        ("fr", "MU", DateOrder.DAY_FIRST, ","),
        # Arabic has the point in the east and the comma in the Maghreb.
        ("ar", "AE", DateOrder.DAY_FIRST, "."),
        ("ar", "MA", DateOrder.DAY_FIRST, ","),
        ("bn", "BD", DateOrder.DAY_FIRST, "."),
        # A language alone
        ("de", "", DateOrder.DAY_FIRST, ","),
        ("en", "", None, "."),
    ],
)
def test_how_a_locale_writes(
    language: str, country: str, order: DateOrder | None, mark: str | None
) -> None:
    assert writing_of(language, country) == Writing(order, mark)
