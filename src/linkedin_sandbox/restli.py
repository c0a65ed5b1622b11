"""Rest.li 2.0 read strictly: what LinkedIn would not understand is refused."""

from collections.abc import Iterable
from urllib.parse import unquote

from linkedin_sandbox.errors import invalid, refuse

Value = str | list["Value"] | dict[str, "Value"]


class _Reader:
    """Reads one encoded value from left to right."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._at = 0

    def whole(self) -> Value:
        value = self._value()
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

    def _value(self) -> Value:
        if self._text.startswith("List(", self._at):
            return self._list()
        if self._peek() == "(":
            return self._record()
        return self._plain()

    def _list(self) -> Value:
        self._take("List(")
        items: list[Value] = []
        if self._peek() == ")":
            self._take(")")
            return items
        while True:
            items.append(self._value())
            if self._peek() == ")":
                self._take(")")
                return items
            self._take(",")

    def _record(self) -> Value:
        self._take("(")
        fields: dict[str, Value] = {}
        while True:
            key = self._plain()
            self._take(":")
            fields[key] = self._value()
            if self._peek() == ")":
                self._take(")")
                return fields
            self._take(",")

    def _plain(self) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in "(),:":
            self._at += 1
        if self._at == start:
            raise self._problem()
        return unquote(self._text[start : self._at])


def split_query(query: str, *, allowed: Iterable[str]) -> dict[str, str]:
    """The raw values by name; an unknown parameter is refused as LinkedIn does."""
    found: dict[str, str] = {}
    known = set(allowed)
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name not in known:
            raise refuse(
                400,
                "QUERY_PARAM_NOT_ALLOWED",
                f"Query parameters not allowed: {unquote(name)[:100]}",
            )
        found[name] = value
    return found


def read(name: str, raw: str) -> Value:
    """One encoded value."""
    return _Reader(name, raw).whole()


def read_text(name: str, raw: str) -> str:
    """A value that must be a plain one."""
    value = read(name, raw)
    if not isinstance(value, str):
        raise invalid(f"{name} must be a plain value")
    return value


def read_number(name: str, raw: str | None, default: int) -> int:
    """A number of zero or more."""
    if raw is None:
        return default
    if not raw.isdecimal():
        raise invalid(f"{name} must be a number")
    return int(raw)


def read_record(name: str, raw: str) -> dict[str, Value]:
    """A value that must be a record or union, brackets literal."""
    value = read(name, raw)
    if not isinstance(value, dict):
        raise invalid(f"{name} must be a record")
    return value


def read_list(name: str, raw: str) -> list[Value]:
    """A value that must be a list."""
    value = read(name, raw)
    if not isinstance(value, list):
        raise invalid(f'{name}: "array type is not backed by a DataList"')
    return value


Projection = dict[str, "Projection | None"]


def read_fields(raw: str) -> Projection:
    """`fields=a,b:(c,d)` as a tree; a plain name stands for everything below it."""
    tree, rest = _fields(unquote(raw))
    if rest:
        raise invalid("fields cannot be read")
    return tree


def _fields(text: str) -> tuple[Projection, str]:
    tree: Projection = {}
    while text:
        end = next((i for i, char in enumerate(text) if char in ",:()"), len(text))
        name, text = text[:end], text[end:]
        if not name:
            raise invalid("fields cannot be read")
        tree[name] = None
        if text.startswith(":("):
            tree[name], text = _fields(text[2:])
            if not text.startswith(")"):
                raise invalid("fields cannot be read")
            text = text[1:]
        if not text.startswith(","):
            break
        text = text[1:]
    return tree, text


def project(entity: dict[str, object], tree: Projection | None) -> dict[str, object]:
    """The entity with only the fields that the tree names."""
    if tree is None:
        return entity
    made: dict[str, object] = {}
    for name, below in tree.items():
        if name in entity:
            value = entity[name]
            made[name] = project(value, below) if isinstance(value, dict) else value
    return made
