"""Rest.li values read strictly: what LinkedIn would not understand is refused."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from linkedin_sandbox.errors import invalid, refuse

Value = str | list["Value"] | dict[str, "Value"]
# Deeper than this nobody asks.
_DEEPEST = 20
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,4})\]")


class _Reader:
    """Reads one value of protocol 2.0.0 from left to right."""

    def __init__(self, name: str, text: str, *, ends_plain: str = "(),:") -> None:
        self._name = name
        self._text = text
        self._at = 0
        self._ends_plain = ends_plain

    def whole(self) -> Value:
        value = self._value(0)
        if self._at != len(self._text):
            raise self._problem()
        return value

    def _problem(self) -> Exception:
        return invalid(f"Invalid query parameters passed to request: {self._name}")

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, expected: str) -> None:
        if not self._text.startswith(expected, self._at):
            raise self._problem()
        self._at += len(expected)

    def _value(self, depth: int) -> Value:
        if depth > _DEEPEST:
            raise self._problem()
        if self._text.startswith("List(", self._at):
            return self._list(depth)
        if self._peek() == "(":
            return self._record(depth)
        return self._plain(self._ends_plain)

    def _list(self, depth: int) -> Value:
        self._take("List(")
        items: list[Value] = []
        if self._peek() == ")":
            self._take(")")
            return items
        while True:
            items.append(self._value(depth + 1))
            if self._peek() == ")":
                self._take(")")
                return items
            self._take(",")

    def _record(self, depth: int) -> Value:
        self._take("(")
        fields: dict[str, Value] = {}
        while True:
            key = self._plain("(),:")
            self._take(":")
            fields[key] = self._value(depth + 1)
            if self._peek() == ")":
                self._take(")")
                return fields
            self._take(",")

    def _plain(self, ends: str) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in ends:
            self._at += 1
        if self._at == start:
            raise self._problem()
        return unquote(self._text[start : self._at])


def read(name: str, raw: str) -> Value:
    """One encoded value of protocol 2.0.0."""
    return _Reader(name, raw).whole()


def read_leniently(name: str, text: str) -> Value:
    """A record or list whose own brackets came encoded; `:` may stand in its values."""
    return _Reader(name, text, ends_plain="(),").whole()


def split_query(query: str, *, allowed: Iterable[str]) -> dict[str, str]:
    """The raw values by name; an unknown parameter is refused as LinkedIn does."""
    found: dict[str, str] = {}
    known = set(allowed)
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name not in known:
            raise _not_allowed(name)
        found[name] = value
    return found


def _not_allowed(name: str) -> Exception:
    message = f"Query parameters not allowed: {unquote(name)[:100]}"
    return refuse(400, "QUERY_PARAM_NOT_ALLOWED", message)


def read_version_1(query: str, *, allowed: Iterable[str]) -> dict[str, Value]:
    """The values of protocol 1.0: `a=x`, `a[0]=x`, `a=x&a=y`, `a.b[0]=x`."""
    found: dict[str, Value] = {}
    known = set(allowed)
    for pair in filter(None, query.split("&")):
        raw_name, _, raw = pair.partition("=")
        path = unquote(raw_name)
        name = re.split(r"[.\[]", path, maxsplit=1)[0]
        steps = _STEP.findall(path, len(name))
        if name not in known or len(steps) > _DEEPEST:
            raise _not_allowed(raw_name)
        keys = [key or int(number) for key, number in steps]
        if "".join(f".{k}" if k else f"[{n}]" for k, n in steps) != path[len(name) :]:
            raise _not_allowed(raw_name)
        _put(found, [name, *keys], unquote(raw.replace("+", " ")))
    return {name: _in_order(value) for name, value in found.items()}


def _put(into: dict[Any, Any], keys: list[str | int], value: str) -> None:
    for key in keys[:-1]:
        below = into.setdefault(key, {})
        if not isinstance(below, dict):
            raise invalid(f"{keys[0]} is both a value and a record")
        into = below
    last = keys[-1]
    if last in into:
        earlier = into[last]
        if isinstance(earlier, dict):
            raise invalid(f"{keys[0]} is both a value and a record")
        # The same name again: a list.
        into[last] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
    else:
        into[last] = value


def _in_order(value: Any) -> Value:
    if not isinstance(value, dict):
        found: Value = value
        return found
    if value and all(isinstance(key, int) for key in value):
        return [_in_order(value[key]) for key in sorted(value)]
    return {str(key): _in_order(below) for key, below in value.items()}


Projection = dict[str, "Projection | None"]


def read_fields(raw: str) -> Projection:
    """`fields=a,b:(c,d)` as a tree; a plain name stands for everything below it."""
    tree, rest = _fields(unquote(raw), 0)
    if rest:
        raise invalid("fields cannot be read")
    return tree


def _fields(text: str, depth: int) -> tuple[Projection, str]:
    tree: Projection = {}
    if depth > _DEEPEST:
        raise invalid("fields cannot be read")
    while text:
        end = next((i for i, char in enumerate(text) if char in ",:()"), len(text))
        name, text = text[:end], text[end:]
        if not name:
            raise invalid("fields cannot be read")
        tree[name] = None
        if text.startswith(":("):
            tree[name], text = _fields(text[2:], depth + 1)
            if not text.startswith(")"):
                raise invalid("fields cannot be read")
            text = text[1:]
        if not text.startswith(","):
            break
        text = text[1:]
    return tree, text


def project(value: Any, tree: Projection | None) -> Any:
    """Only the fields that the tree names, in lists of records, too."""
    if tree is None:
        return value
    if isinstance(value, list):
        return [project(one, tree) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: project(value[name], below)
        for name, below in tree.items()
        if name in value
    }
