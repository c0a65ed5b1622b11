"""Values on the wire: what is taken for which type, and what stands for nothing."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any

from creatio_sandbox.errors import Refused, bad

ZERO = "00000000-0000-0000-0000-000000000000"
YEAR_ONE = "0001-01-01T00:00:00Z"
EMPTY: dict[str, Any] = {
    "guid": ZERO,
    "text": "",
    "integer": 0,
    "decimal": Decimal(0),
    "boolean": False,
    "datetime": YEAR_ONE,
    "date": YEAR_ONE,
    "time": YEAR_ONE,
}
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?(?:Z|[+-]\d\d:\d\d)"
)
_LARGEST = 2**31


def read(name: str, kind: str, value: Any, *, text_decimals: bool) -> Any:
    """A value of a body as it is kept; raises Refused."""
    if kind == "text":
        if type(value) is str:
            return value
        raise _wrong(name, value, "Edm.String")
    if kind == "guid":
        return _guid(name, value)
    if value is None and kind in {"datetime", "date", "time"}:
        return YEAR_ONE
    return _READERS[kind](name, value, text_decimals)


def _guid(name: str, value: Any) -> str:
    if value is None:
        return ZERO
    if type(value) is str and GUID.fullmatch(value):
        return value.lower()
    raise _wrong(name, value, "Edm.Guid")


def _boolean(name: str, value: Any, _text: bool) -> bool:  # noqa: FBT001 - one shape
    if type(value) is bool:
        return value
    raise _wrong(name, value, "Edm.Boolean")


def _integer(name: str, value: Any, _text: bool) -> int:  # noqa: FBT001 - one shape
    if type(value) is int and -_LARGEST <= value < _LARGEST:
        return value
    raise _wrong(name, value, "Edm.Int32")


def _decimal(name: str, value: Any, text: bool) -> Decimal:  # noqa: FBT001 - one shape
    if isinstance(value, str) != text and isinstance(value, int | Decimal | str):
        given = "string" if isinstance(value, str) else "number"
        raise bad(
            "The request is invalid.",
            "Cannot convert a value to target type 'Edm.Decimal' because of conflict "
            f"between input format {given} and parameter 'IEEE754Compatible' "
            f"{str(text).lower()}.",
        )
    try:
        read_value = Decimal(value)
    except (ArithmeticError, ValueError, TypeError):
        raise _wrong(name, value, "Edm.Decimal") from None
    if isinstance(value, bool) or not read_value.is_finite():
        raise _wrong(name, value, "Edm.Decimal")
    return read_value


def moment(text: str) -> str | None:
    """A moment in UTC as OData writes it; none where it is no moment with a zone."""
    if not MOMENT.fullmatch(text):
        return None
    try:
        parsed = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    whole = parsed.replace(microsecond=0, tzinfo=None).isoformat()
    _, _, rest = text.partition(".")
    fraction = "".join(takewhile(str.isdecimal, rest)).rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def _datetime(name: str, value: Any, _text: bool) -> str:  # noqa: FBT001 - one shape
    found = moment(value) if isinstance(value, str) else None
    if found is None:
        raise _wrong(name, value, "Edm.DateTimeOffset")
    return found


def _date(name: str, value: Any, text: bool) -> str:  # noqa: FBT001 - one shape
    return f"{_datetime(name, value, text)[:10]}T00:00:00Z"


_READERS = {
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "datetime": _datetime,
    "date": _date,
    "time": _datetime,
}


def _wrong(name: str, value: Any, edm: str) -> Refused:
    if value is None:
        return bad(
            "The request is invalid.",
            f"A null value was found for the property named '{name}', which has the "
            f"expected type '{edm}[Nullable=False]'. The expected type '{edm}"
            "[Nullable=False]' does not allow null values.",
        )
    return bad(
        "The request is invalid.",
        f"Cannot convert the literal '{value}' to the expected type '{edm}'.",
    )
