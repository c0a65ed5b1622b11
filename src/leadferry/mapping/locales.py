"""How a form's locale writes dates and numbers."""

from dataclasses import dataclass

from leadferry.mapping.fields import DateOrder

_MONTH_FIRST = frozenset({"US", "PH", "FM", "MH", "PW"})
_YEAR_FIRST_COUNTRIES = frozenset({"CN", "JP", "KR", "TW", "HU", "LT", "MN", "SE"})
_YEAR_FIRST_LANGUAGES = frozenset({"zh", "ja", "ko", "hu", "lt", "mn"})
# Countries whose decimal mark differs from what their language suggests.
_POINT_COUNTRIES = frozenset(
    {
        "AU", "BW", "CA", "CH", "CN", "DO", "GB", "GH", "GT", "HK", "HN", "IE", "IL",
        "IN", "JP", "KE", "KR", "LI", "MT", "MX", "MY", "NG", "NI", "NZ", "PA", "PE",
        "PH", "PK", "PR", "SG", "SV", "TH", "TW", "UG", "US", "ZW",
    }
)  # fmt: skip
_POINT_LANGUAGES = frozenset({"en", "zh", "ja", "ko", "th", "he", "hi", "ar"})


@dataclass(frozen=True, slots=True)
class Writing:
    """Date order and decimal mark; none where the locale does not tell."""

    date_order: DateOrder | None
    decimal_mark: str | None


def writing_of(language: str, country: str) -> Writing:
    """How people of this locale write."""
    if not language and not country:
        return Writing(None, None)
    return Writing(_order(language, country), _mark(language, country))


def _order(language: str, country: str) -> DateOrder | None:
    if country in _MONTH_FIRST:
        return DateOrder.MONTH_FIRST
    if country in _YEAR_FIRST_COUNTRIES or language in _YEAR_FIRST_LANGUAGES:
        return DateOrder.YEAR_FIRST
    if language == "en" and country in {"", "CA"}:
        # Both orders are in use there: what is ambiguous stays so.
        return None
    return DateOrder.DAY_FIRST


def _mark(language: str, country: str) -> str | None:
    if country == "CA":
        return "," if language == "fr" else "."
    if country in _POINT_COUNTRIES:
        return "."
    if country:
        return ","
    return "." if language in _POINT_LANGUAGES else ","
