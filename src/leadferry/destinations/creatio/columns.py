"""Values of Lead columns on the wire and back, and how two of them are compared."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from leadferry.destinations.base import LookupRef, Value
from leadferry.destinations.creatio.metadata import Kind
from leadferry.destinations.creatio.wire import NO_MOMENT, ZERO_GUID

# Creatio knows no null: this is what an empty column holds, and what empties it.
EMPTY: dict[Kind, Any] = {
    Kind.TEXT: "",
    Kind.WHOLE: 0,
    Kind.DECIMAL: "0",
    Kind.BOOLEAN: False,
    Kind.MOMENT: NO_MOMENT,
    Kind.LOOKUP: ZERO_GUID,
    Kind.GUID: ZERO_GUID,
}
# How an empty column reads once it is canonical.
_NOTHING = {Kind.WHOLE: "0", Kind.DECIMAL: "0", Kind.BOOLEAN: "false"}


class Unfit(Exception):
    """The value cannot stand in a column of this type."""


def is_nothing(value: Value) -> bool:
    """Whether a lead holds nothing there."""
    return value is None or value == ""


def as_text(value: Value) -> str:
    """A value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, LookupRef):
        return value.name
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    return value.replace("\0", "")


def encode(value: Value, kind: Kind) -> Any:
    """The value in a column of this type; raises Unfit."""
    if is_nothing(value) and kind in EMPTY:
        return EMPTY[kind]
    writer = _WRITERS.get(kind)
    if writer is None:
        raise Unfit
    return writer(value)


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise Unfit
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _write_moment(value: Value) -> str:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        # The day of the calendar, wherever the reader is: never shifted.
        return f"{value.isoformat()}T00:00:00Z"
    raise Unfit


def _number(value: Value) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | str):
        raise Unfit
    try:
        found = Decimal(value)
    except InvalidOperation as exc:
        raise Unfit from exc
    if not found.is_finite():
        raise Unfit
    return found


def _write_decimal(value: Value) -> str:
    # The documented header makes Creatio take decimals as text only.
    return format(_number(value), "f")


def _write_whole(value: Value) -> int:
    found = _number(value)
    if found != found.to_integral_value() or abs(found) > 2**31 - 1:
        raise Unfit
    return int(found)


def _write_boolean(value: Value) -> bool:
    if not isinstance(value, bool):
        raise Unfit
    return value


def _write_guid(value: Value) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError as exc:
        raise Unfit from exc


_WRITERS: dict[Kind, Callable[[Value], Any]] = {
    Kind.TEXT: as_text,
    Kind.WHOLE: _write_whole,
    Kind.DECIMAL: _write_decimal,
    Kind.BOOLEAN: _write_boolean,
    Kind.MOMENT: _write_moment,
    Kind.GUID: _write_guid,
}


def canonical(wire: Any, kind: Kind) -> str:
    """One writing for all that mean the same, whichever side wrote it."""
    if wire is None:
        return _NOTHING.get(kind, "")
    return _CANONICAL.get(kind, str)(wire)


def is_empty(text: str, kind: Kind) -> bool:
    """Whether a canonical value is that of an empty column."""
    return text == _NOTHING.get(kind, "")


def _canonical_moment(wire: Any) -> str:
    try:
        found = datetime.fromisoformat(str(wire))
    except ValueError:
        return str(wire)
    if found.year == 1:
        return ""
    # Databases keep parts of seconds differently.
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0).isoformat()


def _canonical_number(wire: Any) -> str:
    try:
        found = Decimal(str(wire))
    except InvalidOperation:
        return str(wire)
    if not found:
        return "0"
    text = format(found, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _canonical_guid(wire: Any) -> str:
    text = str(wire).lower()
    return "" if text == ZERO_GUID else text


_CANONICAL: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: lambda wire: str(wire).replace("\r\n", "\n"),
    Kind.WHOLE: _canonical_number,
    Kind.DECIMAL: _canonical_number,
    Kind.BOOLEAN: lambda wire: "true" if wire is True else "false",
    Kind.MOMENT: _canonical_moment,
    Kind.LOOKUP: _canonical_guid,
    Kind.GUID: _canonical_guid,
}
