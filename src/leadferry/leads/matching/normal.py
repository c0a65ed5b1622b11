"""One spelling of what people write in many: for comparing only, never stored."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from leadferry.kit.text import digits
from leadferry.leads.matching.words import (
    FILLERS,
    FREE_MAIL,
    FREE_NAMES,
    JOINED_FORMS,
    LEGAL_FORMS,
    LETTERS,
    NO_COMPANY,
    SHARED_LABELS,
    TITLES,
)

_CACHED = 20_000
_WORD = re.compile(r"\w+")
# "Mueller" is written for "Müller"; "Bauer", "Michael", "Joe" and "Suez" are not.
_UMLAUT = re.compile(r"(?<![aeiouqy])([aou])e(?!l?\b)(?=[b-df-hj-np-tv-z])")
_NO_BLANKS = re.compile(
    "^[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff々ー]+$"
)
# "G.m.b.H.", "A/S"
_NO_SIGN = re.compile('[./"״]')
_PLAIN_PHONE = re.compile(r"\+[1-9][\d .\-/]*")
_NATIONAL_PHONE = re.compile(r"[\d .\-/()]+")
_NO_DIGIT = re.compile(r"\D")
_SHORTEST_PHONE, _LONGEST_PHONE = 7, 15


def _is_accent(char: str) -> bool:
    # Marks of Latin, Greek, Cyrillic, Hebrew and Arabic letters. Those that make
    # another letter, as in kana or Thai, stay.
    return "\u0300" <= char <= "\u036f" or "\u0591" <= char <= "\u0670"


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    wide = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(
        char
        for char in wide
        if not (_is_accent(char) and unicodedata.category(char) == "Mn")
    )
    # Again, since full-width capitals have no small letters before they are narrow.
    return unicodedata.normalize("NFC", bare).casefold().translate(LETTERS)


def _without_umlauts(text: str) -> str:
    if "ae" in text or "oe" in text or "ue" in text:
        return _UMLAUT.sub(r"\1", text)
    return text


@lru_cache(_CACHED)
def name_key(text: str) -> str:
    """A person's name: case, accents, width, titles and the order do not matter."""
    words = _WORD.findall(_without_umlauts(_folded(text)))
    if not TITLES.isdisjoint(words):
        words = [word for word in words if word not in TITLES] or words
    return _joined(words) or " ".join(sorted(words))


def _joined(words: list[str]) -> str:
    """Words of a script without blanks as one; empty for any other."""
    if not words or words[0].isascii():
        return ""
    return "".join(words) if all(map(_NO_BLANKS.match, words)) else ""


@lru_cache(_CACHED)
def company_key(text: str) -> str:
    """A company's name without its legal form."""
    folded = _folded(text)
    if not folded.isascii():
        for form in JOINED_FORMS:
            folded = folded.replace(form, " ")
    words = _WORD.findall(_without_umlauts(_NO_SIGN.sub("", folded)))
    if not FILLERS.isdisjoint(words):
        words = [word for word in words if word not in FILLERS]
    kept = list(words)
    while kept and kept[-1] in LEGAL_FORMS:
        kept.pop()
    # "sp. z o.o." and "d.o.o." with blanks between.
    if kept[-2:] == ["z", "oo"] or words[-3:] == ["sp", "z", "oo"]:
        kept = words[: -3 if words[-3:-2] == ["sp"] else -2]
    while kept and kept[0] in LEGAL_FORMS and not kept[0].isascii():
        kept.pop(0)
    kept = kept or words
    return _joined(kept) or " ".join(kept)


def email_key(text: str) -> str:
    """An address, or nothing where it is none."""
    address = text.strip().lower()
    if not address.isascii():
        address = unicodedata.normalize("NFKC", address).casefold()
    local, at, host = address.rpartition("@")
    is_one = local and at and "." in host and " " not in address
    return address if is_one else ""


@lru_cache(_CACHED)
def _company_domain(host: str) -> str:
    labels = host.strip(".").split(".")
    if len(labels) < 2 or not all(labels):
        return ""
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in SHARED_LABELS
    kept = labels[-3:] if shared else labels[-2:]
    domain = ".".join(kept)
    is_free = domain in FREE_MAIL or kept[0] in FREE_NAMES
    return "" if is_free or domain in NO_COMPANY else domain


def address_domain(address: str) -> str:
    """The web domain of a company's address; none of a free mailbox."""
    return _company_domain(address.rpartition("@")[2])


def website_domain(text: str) -> str:
    """The web domain of a company's page."""
    typed = unicodedata.normalize("NFKC", text).strip().casefold()
    host = typed.partition("://")[2] or typed
    for mark in "/?#":
        host = host.partition(mark)[0]
    host = host.rpartition("@")[2].partition(":")[0]
    return "" if " " in host else _company_domain(host.removeprefix("www."))


def phone_key(text: str, region: str) -> str:
    """A number in E.164; without any country in sight, its digits as they are.

    `region` is the country of two letters in which a number without one is dialled.
    """
    typed = text.strip()
    if not typed:
        return ""
    return _phone(typed, region)


@lru_cache(_CACHED)
def _phone(typed: str, region: str) -> str:
    number = _as_dialled(typed, region) or _parsed(typed, region)
    if number:
        return number
    bare = digits(typed)
    return bare if _SHORTEST_PHONE <= len(bare) <= _LONGEST_PHONE else ""


def _as_dialled(typed: str, region: str) -> str:
    """The number of plain digits, without the slow parsing; empty where in doubt."""
    if not typed.isascii():
        return ""
    if _PLAIN_PHONE.fullmatch(typed):
        bare = _NO_DIGIT.sub("", typed)
        code = _code_of(bare[:3])
        if not code or code in _ODD_CODES or bare.startswith("0", len(code)):
            return ""
        is_one = _SHORTEST_PHONE <= len(bare) <= _LONGEST_PHONE
        return f"+{bare}" if is_one else ""
    if region and _NATIONAL_PHONE.fullmatch(typed):
        return _national(_NO_DIGIT.sub("", typed), region)
    return ""


# Italy's zero belongs to the number; Mexico's and Argentina's have two spellings.
_ODD_CODES = frozenset({"39", "52", "54"})


@lru_cache(1_000)
def _code_of(start: str) -> str:
    """The country's code with which a number begins."""
    codes = (start[:length] for length in (1, 2, 3))
    known = COUNTRY_CODE_TO_REGION_CODE
    return next((code for code in codes if code and int(code) in known), "")


@lru_cache(300)
def _dialling(region: str) -> tuple[str, str, frozenset[int]] | None:
    """Code, national prefix and lengths; none where the country has its own rules."""
    found = PhoneMetadata.metadata_for_region(region, None)
    if found is None or found.national_prefix_transform_rule or not found.general_desc:
        return None
    prefix = found.national_prefix or ""
    if (found.national_prefix_for_parsing or "") != prefix:
        return None
    lengths = frozenset(found.general_desc.possible_length or ())
    code = str(found.country_code)
    return None if code in _ODD_CODES else (code, prefix, lengths)


def _national(bare: str, region: str) -> str:
    dialling = _dialling(region)
    if dialling is None:
        return ""
    code, prefix, lengths = dialling
    if code == "1" and len(bare) == 10 and bare[0] not in "01":
        return f"+1{bare}"
    if not prefix or not bare.startswith(prefix) or bare.startswith(prefix * 2):
        # It may be written with the country's code and no plus.
        return ""
    rest = bare[len(prefix) :]
    return f"+{code}{rest}" if len(rest) in lengths else ""


def _parsed(typed: str, region: str) -> str:
    try:
        found = phonenumbers.parse(typed, region or None)
    except phonenumbers.NumberParseException:
        found = None
    if found is None and typed.startswith("00"):
        return _parsed(f"+{typed[2:]}", region)
    if found is None or not phonenumbers.is_possible_number(found):
        return ""
    return f"+{found.country_code}{phonenumbers.national_significant_number(found)}"
