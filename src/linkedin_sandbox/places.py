"""Where in a JSON text a value stands."""

import json
import re

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_BLANK = re.compile(r"[ \t\r\n]*")


def line_of(text: str, path: str) -> int:
    """The line of the value at a path like `.forms[2].name`; of what holds it, if none.

    The text must be whole JSON.
    """
    at = _skip(text, 0)
    for name, number in _STEP.findall(path):
        found = _member(text, at, name, number)
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _member(text: str, at: int, name: str, number: str) -> int | None:
    """Where the value of a key or index begins, inside the container at a place."""
    if text[at : at + 1] not in {"{", "["} or number == "...":
        return None
    decoder, count = json.JSONDecoder(), 0
    is_object = text[at] == "{"
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        key = ""
        if is_object:
            key, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if (key == name) if is_object else (str(count) == number):
            return at
        _value, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
        count += 1
    return None
