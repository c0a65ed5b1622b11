"""How a form's locale writes dates and numbers."""

from dataclasses import dataclass

from leadferry.mapping.fields import DateOrder

_MONTH_FIRST = frozenset(
    {"US", "PH", "FM", "MH", "PW", "AS", "GU", "MP", "UM", "VI"}
)  # fmt: skip
_BOTH_ORDERS = frozenset({"PA", "PR"})
_YEAR_FIRST_COUNTRIES = frozenset({"CN", "JP", "KR", "TW", "HU", "LT", "MN", "SE"})
_YEAR_FIRST_LANGUAGES = frozenset({"zh", "ja", "ko", "hu", "lt", "mn"})
# Countries whose decimal mark differs from what their language suggests: CLDR 48.
_POINT_COUNTRIES = frozenset(
    {
        "AE", "AG", "AI", "AS", "AU", "BB", "BD", "BH", "BM", "BS", "BT", "BW", "BZ",
        "CA", "CH", "CN", "CU", "DM", "DO", "EG", "EH", "ER", "ET", "FJ", "FM", "GB",
        "GD", "GG", "GH", "GI", "GM", "GT", "GU", "GY", "HK", "HN", "IE", "IL", "IM",
        "IN", "IQ", "IR", "JE", "JM", "JO", "JP", "KE", "KH", "KI", "KN", "KP", "KR",
        "KW", "KY", "LC", "LI", "LK", "LR", "LS", "MH", "MM", "MN", "MO", "MP", "MS",
        "MT", "MU", "MW", "MX", "MY", "NG", "NI", "NP", "NR", "NZ", "OM", "PA", "PE",
        "PG", "PH", "PK", "PR", "PS", "PW", "QA", "SA", "SB", "SC", "SD", "SG", "SH",
        "SL", "SO", "SS", "SV", "SY", "SZ", "TC", "TH", "TO", "TT", "TV", "TW", "TZ",
        "UG", "UM", "US", "VC", "VG", "VI", "VU", "WS", "YE", "ZM", "ZW",
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
    if country in _BOTH_ORDERS:
        return None
    if country in _YEAR_FIRST_COUNTRIES or language in _YEAR_FIRST_LANGUAGES:
        return DateOrder.YEAR_FIRST
    if language == "en" and country in {"", "CA"}:
        # Both orders are in use there: what is ambiguous stays so.
        return None
    return DateOrder.DAY_FIRST


def _mark(language: str, country: str) -> str | None:
    if language == "fr":
        # In Switzerland a comma in numbers and a point in prices.
        return None if country == "CH" else ","
    if country in _POINT_COUNTRIES:
        return "."
    if country:
        return ","
    return "." if language in _POINT_LANGUAGES else ","
