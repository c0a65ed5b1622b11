"""Text into the value of a column: what is ambiguous or partial is never guessed."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from leadferry.mapping.fields import Column, ColumnType, DateOrder, LookupResolver
from leadferry.mapping.locales import Writing


class Kind(StrEnum):
    """Why a text did not become a value."""

    TOO_LONG = "too long"
    NOT_A_NUMBER = "not a number"
    AMBIGUOUS_NUMBER = "ambiguous number"
    NOT_A_DATE = "not a date"
    PARTIAL_DATE = "partial date"
    AMBIGUOUS_DATE = "ambiguous date"
    NOT_A_BOOLEAN = "not true or false"
    UNKNOWN_LOOKUP_VALUE = "unknown lookup value"


@dataclass(frozen=True, slots=True)
class Failure:
    """A text that did not become a value."""

    kind: Kind


Converter = Callable[[str], object]

_MOST_DIGITS = 16
_SPACES = re.compile(r"[\s'\u2019\u00a0\u202f]")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_PARTS = re.compile(
    r"(\d{1,4})\s*[./\-年月]\s*(\d{1,2})\s*[./\-年月]\s*(\d{1,4})日?\.?"
)
_PARTIAL = re.compile(r"\d{4}|\d{1,2}[./\-]\d{4}|\d{4}[./\-]\d{1,2}")


def converter_for(  # noqa: PLR0911 - one for each type
    column: Column, *, writing: Writing, lookups: LookupResolver
) -> Converter | None:
    """How texts become values of the column; none where any text is one."""
    match column.type:
        case ColumnType.TEXT:
            return None if column.length is None else _text(column.length)
        case ColumnType.INTEGER:
            return lambda text: _integer(text, writing.decimal_mark)
        case ColumnType.DECIMAL:
            return lambda text: _decimal(text, writing.decimal_mark, column.scale)
        case ColumnType.BOOLEAN:
            return _boolean
        case ColumnType.DATE:
            return lambda text: read_date(text, writing.date_order)
        case ColumnType.DATETIME:
            return lambda text: _moment(text, writing.date_order)
        case ColumnType.LOOKUP:
            return _lookup(column.lookup or "", lookups)


def _text(length: int) -> Converter:
    too_long = Failure(Kind.TOO_LONG)
    return lambda text: text if len(text) <= length else too_long


def _lookup(lookup: str, lookups: LookupResolver) -> Converter:
    unknown = Failure(Kind.UNKNOWN_LOOKUP_VALUE)

    def convert(text: str) -> object:
        found = lookups.resolve(lookup, text.strip())
        return unknown if found is None else found

    return convert


def _boolean(text: str) -> object:
    known = {"true": True, "false": False}
    return known.get(text.strip().casefold(), Failure(Kind.NOT_A_BOOLEAN))


def _latin_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(char)) if char.isdecimal() else char for char in text
    )


def _integer(text: str, mark: str | None) -> object:
    value = _decimal(text, mark, 0)
    return int(value) if isinstance(value, Decimal) else value


def _decimal(text: str, mark: str | None, scale: int | None) -> object:
    bare = _bare_number(text)
    if not bare or not re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*", bare):
        return Failure(Kind.NOT_A_NUMBER)
    plain = _with_point(bare, mark)
    if isinstance(plain, Failure):
        return plain
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return Failure(Kind.NOT_A_NUMBER)
    if value.adjusted() >= _MOST_DIGITS:
        return Failure(Kind.TOO_LONG)
    if scale is not None and value != round(value, scale):
        return Failure(Kind.TOO_LONG)
    return value


def _bare_number(text: str) -> str:
    latin = _latin_digits(text.strip())
    latin = latin.replace("\u066b", ".").replace("\u066c", "").replace("\u2212", "-")
    plain = "".join(char for char in latin if unicodedata.category(char) != "Sc")
    return _SPACES.sub("", plain)


def _with_point(bare: str, mark: str | None) -> str | Failure:
    """The number with a point as decimal mark and no thousands separators."""
    marks = [char for char in bare if char in ".,"]
    if not marks:
        return bare
    if len(set(marks)) == 2:
        last = marks[-1]
        # A mark that comes after the other one, and once, is the decimal mark.
        if marks.count(last) > 1 or (mark is not None and mark != last):
            return Failure(Kind.NOT_A_NUMBER)
        return _grouped(bare, decimal=last)
    if len(marks) > 1:
        return _grouped(bare, decimal="")
    return _single_mark(bare, marks[0], mark)


def _single_mark(bare: str, found: str, mark: str | None) -> str | Failure:
    digits_after = len(bare) - bare.index(found) - 1
    if mark == found or (mark is None and digits_after != 3):
        return bare.replace(found, ".")
    if mark is None:
        return Failure(Kind.AMBIGUOUS_NUMBER)
    if digits_after == 3:
        return bare.replace(found, "")
    # The other mark, where no thousands can be meant: "2.5" in a German form.
    return Failure(Kind.AMBIGUOUS_NUMBER)


def _grouped(bare: str, *, decimal: str) -> str | Failure:
    whole, _, fraction = bare.partition(decimal) if decimal else (bare, "", "")
    groups = re.split(r"[.,]", whole.lstrip("+-"))
    if any(len(group) != 3 for group in groups[1:]) or not 1 <= len(groups[0]) <= 3:
        return Failure(Kind.NOT_A_NUMBER)
    sign = "-" if bare.startswith("-") else ""
    return f"{sign}{''.join(groups)}" + (f".{fraction}" if fraction else "")


def read_date(text: str, order: DateOrder | None) -> object:
    """A date, or the Failure that says what it lacks."""
    latin = _latin_digits(text.strip())
    iso = _ISO.fullmatch(latin)
    if iso:
        return _made(int(iso[1]), int(iso[2]), int(iso[3]))
    parts = _PARTS.fullmatch(latin)
    if parts is None:
        partial = _PARTIAL.fullmatch(latin) or _looks_like_month_and_year(latin)
        return Failure(Kind.PARTIAL_DATE if partial else Kind.NOT_A_DATE)
    first, middle, last = parts[1], int(parts[2]), parts[3]
    if len(first) == 4:
        return _made(int(first), middle, int(last))
    if len(last) != 4:
        return Failure(Kind.AMBIGUOUS_DATE)
    return _by_order(int(first), middle, int(last), order)


def _looks_like_month_and_year(text: str) -> bool:
    words = text.replace(".", " ").replace(",", " ").split()
    years = [word for word in words if word.isdigit() and len(word) == 4]
    return len(words) == 2 and len(years) == 1


def _by_order(first: int, second: int, year: int, order: DateOrder | None) -> object:
    if order is DateOrder.MONTH_FIRST:
        return _made(year, first, second)
    if order is DateOrder.DAY_FIRST:
        return _made(year, second, first)
    if first == second:
        return _made(year, first, second)
    if first > 12:
        return _made(year, second, first)
    if second > 12:
        return _made(year, first, second)
    return Failure(Kind.AMBIGUOUS_DATE)


def _made(year: int, month: int, day: int) -> object:
    try:
        return date(year, month, day)
    except ValueError:
        return Failure(Kind.NOT_A_DATE)


def _moment(text: str, order: DateOrder | None) -> object:
    plain = text.strip()
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        day = read_date(plain, order)
        if not isinstance(day, date):
            return day
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return (
        moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    )
