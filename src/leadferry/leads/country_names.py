"""What countries are called elsewhere: the languages of LinkedIn's forms, from CLDR."""

from dataclasses import dataclass
from functools import cache

from babel import Locale

from leadferry.kit.text import comparable

# Languages in which people fill in forms.
_LANGUAGES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fil",
    "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "mr", "ms", "nb",
    "nl", "pa", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "te", "th", "tr", "uk",
    "vi", "zh", "zh_Hant",
)  # fmt: skip
_SHORT = {
    "usa": "US", "u.s.a.": "US", "u.s.": "US", "america": "US", "uk": "GB",
    "u.k.": "GB", "great britain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "northern ireland": "GB", "uae": "AE", "holland": "NL",
    "czech republic": "CZ", "brd": "DE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CountryName:
    """A country's two letters, and the language in which it is called so."""

    code: str
    language: str


@cache
def country_names() -> dict[str, CountryName]:
    """Comparable name -> country; a name that two countries share is left out."""
    found: dict[str, CountryName] = {}
    shared: set[str] = set()
    for language in _LANGUAGES:
        locale = Locale.parse(language)
        called = locale.english_name or language
        for code, name in locale.territories.items():
            key = comparable(name)
            if len(code) != 2 or not code.isalpha():
                continue
            if found.setdefault(key, CountryName(code, called)).code != code:
                shared.add(key)
    for code in {name.code for name in found.values()}:
        found.setdefault(code.casefold(), CountryName(code, ""))
    found |= {name: CountryName(code, "English") for name, code in _SHORT.items()}
    return {key: name for key, name in found.items() if key not in shared}
