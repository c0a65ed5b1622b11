"""Text made findable: words, digits and the scripts that write without blanks."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\w+")
# Scripts without blanks between words: Thai, Lao, Myanmar, Khmer, kana, Han, and
# the Hangul syllables, where a search for one syllable should find the word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)


def fold(text: str) -> str:
    """Text without case, accents and width, for comparing and finding."""
    wide = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in wide if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare)


def comparable(name: str) -> str:
    """A name as it is compared with others: folded, single blanks, 500 characters."""
    return " ".join(fold(name).split())[:500]


def _split_word(word: str) -> Iterable[str]:
    position = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > position:
            yield word[position : run.start()]
        yield from _pairs(run.group())
        position = run.end()
    if position < len(word):
        yield word[position:]


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]


def search_tokens(text: str) -> list[str]:
    """The tokens under which `text` is found, in order; pairs where no blanks are."""
    if text.isascii():
        return _WORD.findall(text.lower().replace("_", " "))
    words = _WORD.findall(fold(text).replace("_", " "))
    return [token for word in words for token in _split_word(word)]


def digits(text: str) -> str:
    """The decimal digits of `text` in any script, as ASCII."""
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdecimal())
