from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadferry.destinations.base import LookupRef, Value
from leadferry.destinations.creatio.columns import (
    EMPTY,
    Unfit,
    canonical,
    encode,
    is_empty,
)
from leadferry.destinations.creatio.metadata import Kind

GUID = "5d0b7c1e-3f2a-5c44-9a10-0f6f2f0b7a31"
BERLIN = timezone(timedelta(hours=1))
GERMANY = LookupRef(lookup="Country", id=1, guid=UUID(int=5), name="Germany", code="DE")


@pytest.mark.parametrize(
    ("value", "kind", "wire"),
    [
        ("Ines Maro", Kind.TEXT, "Ines Maro"),
        ("a\0b", Kind.TEXT, "ab"),
        (Decimal("1E+3"), Kind.TEXT, "1000"),
        (GERMANY, Kind.TEXT, "Germany"),
        (True, Kind.TEXT, "true"),
        (Decimal("12.50"), Kind.DECIMAL, "12.50"),
        (Decimal("1E+3"), Kind.DECIMAL, "1000"),
        ("7", Kind.DECIMAL, "7"),
        (Decimal("12.00"), Kind.WHOLE, 12),
        (False, Kind.BOOLEAN, False),
        (
            datetime(2026, 3, 4, 10, 15, tzinfo=BERLIN),
            Kind.MOMENT,
            "2026-03-04T09:15:00Z",
        ),
        # A day is a day, whatever the zone of whoever reads it.
        (date(2026, 3, 4), Kind.MOMENT, "2026-03-04T00:00:00Z"),
    ],
)
def test_values_on_the_wire(value: Value, kind: Kind, wire: object) -> None:
    assert encode(value, kind) == wire


@pytest.mark.parametrize("kind", list(EMPTY))
def test_nothing_is_never_null(kind: Kind) -> None:
    for nothing in (None, ""):
        wire = encode(nothing, kind)
        assert wire is not None
        assert is_empty(canonical(wire, kind), kind)
    assert is_empty(canonical(None, kind), kind)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("about ten", Kind.DECIMAL),
        (Decimal("NaN"), Kind.DECIMAL),
        (True, Kind.DECIMAL),
        (Decimal("1.5"), Kind.WHOLE),
        (Decimal(2**40), Kind.WHOLE),
        ("yes", Kind.BOOLEAN),
        ("2026-03-04", Kind.MOMENT),
        (datetime(2026, 3, 4, 9), Kind.MOMENT),  # noqa: DTZ001 - what is refused
        ("DE", Kind.GUID),
        ("anything", Kind.OTHER),
    ],
)
def test_what_does_not_fit(value: Value, kind: Kind) -> None:
    with pytest.raises(Unfit):
        encode(value, kind)


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ("12.50", 12.5, Kind.DECIMAL),
        ("0", 0.0, Kind.DECIMAL),
        ("1000", "1E+3", Kind.DECIMAL),
        ("2026-03-04T09:15:00.250000Z", "2026-03-04T09:15:00.2512345Z", Kind.MOMENT),
        ("2026-03-04T09:15:00Z", "2026-03-04T10:15:00+01:00", Kind.MOMENT),
        ("0001-01-01T00:00:00Z", None, Kind.MOMENT),
        (GUID.upper(), GUID, Kind.LOOKUP),
        ("a\nb", "a\r\nb", Kind.TEXT),
        ("", None, Kind.TEXT),
    ],
)  # fmt: skip
def test_what_means_the_same(ours: object, theirs: object, kind: Kind) -> None:
    assert canonical(ours, kind) == canonical(theirs, kind)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_a_decimal_comes_back_as_itself(value: Decimal) -> None:
    wire = encode(value, Kind.DECIMAL)
    assert Decimal(canonical(wire, Kind.DECIMAL)) == value
    assert "E" not in wire


_EARLIEST = datetime(2, 1, 1)  # noqa: DTZ001 - hypothesis wants it without a zone


@given(st.datetimes(min_value=_EARLIEST, timezones=st.just(UTC)))
def test_a_moment_means_itself_in_any_zone(value: datetime) -> None:
    wire = encode(value, Kind.MOMENT)
    assert wire.endswith("Z")
    assert canonical(wire, Kind.MOMENT) == value.replace(microsecond=0).isoformat()
