"""Text into the value of a column: what is ambiguous or partial is never guessed."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation
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
_NUMBER = re.compile(r"[+-]?[.,]*\d[\d.,]*")
# Signs of other scripts and of typesetting.
_SAME_SIGNS = {"\u066b": ".", "\u2212": "-", "\u2019": "'"}
# By decimal mark: how most people write, and what stands between thousands.
_USUAL = {
    point: (
        re.compile(
            rf"[+-]?(?:\d{{1,15}}|[1-9]\d{{0,2}}(?:\{other}\d{{3}}){{1,4}})(?:\{point}(\d+))?",
            re.ASCII,
        ),
        other,
    )
    for point, other in ((",", "."), (".", ","))
}
# Blanks and apostrophes stand between thousands, or what they divide is no number.
_DIVIDED = re.compile(r"[1-9]\d{0,2}([ '\u066c])\d{3}(?:\1\d{3})*(?:[.,]\d*)?")
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d[\d:.,+\-Z]*")
# One sign twice: "1-2.2019" is a range.
_PARTS = re.compile(r"(\d{1,2}|\d{4})\s*([./\-])\s*(\d{1,2})\s*\2\s*(\d{1,4})\.?")
_KANJI = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日?")
_PARTIAL = re.compile(
    r"\d{4}年?|\d{4}年\s*\d{1,2}月?"
    r"|\d{1,2}\s*[./\-]\s*\d{4}|\d{4}\s*[./\-]\s*\d{1,2}"
)


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
            return _decimals(writing.decimal_mark, column.scale)
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
    return known.get(text.strip().lower(), Failure(Kind.NOT_A_BOOLEAN))


def _latin_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(char)) if char.isdecimal() else char for char in text
    )


def _integer(text: str, mark: str | None) -> object:
    value = _decimal(text, mark, 0)
    return int(value) if isinstance(value, Decimal) else value


def _decimals(mark: str | None, scale: int | None) -> Converter:
    """The usual ways of writing at a glance, all others with care: the same values."""
    usual, thousands = _USUAL.get(mark or "", (None, ""))
    if usual is None:
        return lambda text: _decimal(text, mark, scale)
    match, point = usual.fullmatch, mark or ""

    def convert(text: str) -> object:
        found = match(text)
        if found is None or (scale is not None and len(found[1] or "") > scale):
            return _decimal(text, mark, scale)
        return Decimal(text.replace(thousands, "").replace(point, "."))

    return convert


def _decimal(text: str, mark: str | None, scale: int | None) -> object:
    bare = _bare_number(text)
    # The Arabic decimal mark is one in every locale, and never divides thousands.
    is_arabic = "\u066b" in text
    if not _NUMBER.fullmatch(bare) or (is_arabic and bare.count(".") > 1):
        return Failure(Kind.NOT_A_NUMBER)
    plain = _with_point(bare, "." if is_arabic else mark)
    if isinstance(plain, Failure):
        return plain
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return Failure(Kind.NOT_A_NUMBER)
    if value.adjusted() >= _MOST_DIGITS:
        return Failure(Kind.TOO_LONG)
    decimals = plain.partition(".")[2]
    if scale is None or len(decimals) <= scale:
        return value
    return _without_zeros(value, decimals[scale:], scale)


def _without_zeros(value: Decimal, surplus: str, scale: int) -> Decimal | Failure:
    """The number without the decimals that its column cannot hold: zeros only."""
    if surplus.strip("0"):
        return Failure(Kind.TOO_LONG)
    exact = Context(prec=_MOST_DIGITS + scale)
    return value.quantize(Decimal(1).scaleb(-scale), context=exact)


def _bare_number(text: str) -> str:
    """Sign, digits and marks; what is no number keeps what makes it none."""
    plain = text.strip()
    if not plain.isascii():
        plain = "".join(map(_plain_sign, _latin_digits(plain)))
    plain = plain.strip("$ ")
    sign = plain[:1] if plain.startswith(("+", "-")) else ""
    digits = plain[len(sign) :].lstrip("$ ")
    divided = _DIVIDED.fullmatch(digits)
    return sign + (digits.replace(divided[1], "") if divided else digits)


def _plain_sign(char: str) -> str:
    """Any currency as a dollar, any blank as the usual one."""
    kinds = {"Sc": "$", "Zs": " "}
    return _SAME_SIGNS.get(char) or kinds.get(unicodedata.category(char), char)


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
    whole, _, after = bare.lstrip("+-").partition(found)
    if mark == found or (mark is None and len(after) != 3):
        return bare.replace(found, ".")
    if mark is not None and len(after) == 3 and _can_lead(whole):
        return bare.replace(found, "")
    # The other mark, where no thousands can be meant: "2.5" in a German form.
    return Failure(Kind.AMBIGUOUS_NUMBER)


def _can_lead(group: str) -> bool:
    """Whether thousands can follow these digits: not in "0,123" or "1234,567"."""
    return 1 <= len(group) <= 3 and not group.startswith("0")


def _grouped(bare: str, *, decimal: str) -> str | Failure:
    whole, _, fraction = bare.partition(decimal) if decimal else (bare, "", "")
    groups = re.split(r"[.,]", whole.lstrip("+-"))
    wrong = any(len(group) != 3 for group in groups[1:])
    if wrong or not _can_lead(groups[0]):
        return Failure(Kind.NOT_A_NUMBER)
    sign = "-" if bare.startswith("-") else ""
    return f"{sign}{''.join(groups)}" + (f".{fraction}" if fraction else "")


def read_date(text: str, order: DateOrder | None) -> object:
    """A date, or the Failure that says what it lacks."""
    latin = _latin_digits(text.strip())
    parts = _PARTS.fullmatch(latin)
    if parts is None:
        kanji = _KANJI.fullmatch(latin)
        if kanji:
            return _made(int(kanji[1]), int(kanji[2]), int(kanji[3]))
        partial = _PARTIAL.fullmatch(latin) or _looks_like_month_and_year(latin)
        return Failure(Kind.PARTIAL_DATE if partial else Kind.NOT_A_DATE)
    first, middle, last = parts[1], int(parts[3]), parts[4]
    if len(first) == 4 and len(last) <= 2:
        return _made(int(first), middle, int(last))
    if len(first) == 4 or len(last) != 4:
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
    plain = _latin_digits(text.strip())
    if not _ISO_MOMENT.fullmatch(plain):
        day = read_date(plain, order)
        if not isinstance(day, date):
            return day
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(plain)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        # In UTC it can fall outside of the years that there are.
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return Failure(Kind.NOT_A_DATE)
