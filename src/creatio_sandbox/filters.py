"""`$filter`: from its text to a test of records."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from creatio_sandbox.errors import bad, broken
from creatio_sandbox.schema import Entity
from creatio_sandbox.values import GUID, MOMENT, moment
from creatio_sandbox.view import View
from creatio_sandbox.world import Row

NAMESPACE = "Terrasoft.Configuration.OData"
Getter = Callable[[Row], Any]
Test = Callable[[Row], bool]
_END = r"(?![\w:.-])"
_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<text>'(?:[^']|'')*')"
    rf"|(?P<guid>{GUID.pattern}){_END}"
    rf"|(?P<moment>{MOMENT.pattern}){_END}"
    rf"|(?P<date>\d{{4}}-\d\d-\d\d){_END}"
    rf"|(?P<number>-?\d+(?:\.\d+)?){_END}"
    r"|(?P<word>[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)"
    r"|(?P<mark>[(),])"
    r")"
)
_OPERATORS = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_WORDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_NUMBERS = {"Edm.Int32", "Edm.Decimal"}
_DEEPEST = 100
_INVALID = "The query specified in the URI is not valid. {}"


@dataclass(frozen=True, slots=True)
class Operand:
    """A side of a comparison: its type, its value of a record, a literal's own."""

    edm: str
    value: Getter
    constant: Any = None
    is_id: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A test, and the only ids that can pass it where those are known."""

    test: Test
    ids: frozenset[str] | None = None


def refuse(message: str) -> NoReturn:
    """400: the query cannot be read."""
    raise bad(_INVALID.format(message), message)


def read_filter(view: View, entity: Entity, text: str) -> Condition:
    """The condition of a `$filter`; raises Refused."""
    reader = _Reader(view, entity, _tokens(text))
    condition = reader.any_of()
    if reader.token is not None:
        refuse(f"Syntax error at '{reader.token[1]}' in '{text}'.")
    return condition


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            refuse(f"Syntax error at position {at} in '{text}'.")
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


def resolve(view: View, entity: Entity, path: str) -> Operand:
    """A property, on the record or behind lookups; raises Refused."""
    *hops, last = path.split("/")
    steps: list[tuple[str, str]] = []
    here = entity
    for hop in hops:
        column = here.by_navigation.get(hop)
        if column is None:
            unknown_property(here, hop)
        steps.append((column.key, column.target))
        here = view.schema[column.target]
    column = here.by_property.get(last)
    if column is None:
        if last in here.by_navigation:
            refuse(f"'{path}' is a lookup: name one of its columns, as '{path}/Id'.")
        unknown_property(here, last)
    if column.target:
        # The platform looks for columns by their own names, without the suffix.
        dotted = path.replace("/", ".")
        raise broken(
            "Terrasoft.Common.ItemNotFoundException",
            f"Column by path {dotted} not found in schema {entity.name}",
        )
    key, empty = column.key, column.empty

    def value(row: Row) -> Any:
        found: Row | None = row
        for number, target in steps:
            found = view.find(target, found.get(number, "")) if found else None
        return None if found is None else found.get(key, empty)

    return Operand(column.edm, value, is_id=key == "Id" and not steps)


def unknown_property(entity: Entity, name: str) -> NoReturn:
    """400: the object has no such property."""
    refuse(
        f"Could not find a property named '{name}' on type '{NAMESPACE}.{entity.name}'."
    )


def comparable(operand: Operand) -> Getter:
    """The operand's value in a form that can be compared and sorted."""
    value = operand.value
    if operand.edm == "Edm.String":
        return lambda row: None if (one := value(row)) is None else one.casefold()
    if operand.edm == "Edm.DateTimeOffset":
        # Without the Z a moment with fractions sorts after the one without.
        return lambda row: None if (one := value(row)) is None else one[:-1]
    return value


class _Reader:
    """Reads tokens from the loosest binding to the tightest."""

    def __init__(
        self, view: View, entity: Entity, tokens: list[tuple[str, str]]
    ) -> None:
        self._view = view
        self._entity = entity
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def token(self) -> tuple[str, str] | None:
        """The next token, if there is one."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> tuple[str, str]:
        token = self.token
        if token is None:
            refuse("The expression ends too early.")
        self._at += 1
        return token

    def _took(self, *words: str) -> str:
        token = self.token
        if token is None or token[0] not in {"word", "mark"} or token[1] not in words:
            return ""
        self._at += 1
        return token[1]

    def _need(self, mark: str) -> None:
        if not self._took(mark):
            refuse(f"'{mark}' is missing.")

    def any_of(self) -> Condition:
        """Conditions with `or` between them."""
        parts = [self._all_of()]
        while self._took("or"):
            parts.append(self._all_of())
        if len(parts) == 1:
            return parts[0]
        tests = [part.test for part in parts]
        known = [part.ids for part in parts if part.ids is not None]
        ids = frozenset().union(*known) if len(known) == len(parts) else None
        return Condition(lambda row: any(test(row) for test in tests), ids)

    def _all_of(self) -> Condition:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        if len(parts) == 1:
            return parts[0]
        tests = [part.test for part in parts]
        ids = next((part.ids for part in parts if part.ids is not None), None)
        return Condition(lambda row: all(test(row) for test in tests), ids)

    def _not(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            refuse(f"The node depth of the filter exceeds {_DEEPEST}.")
        if self._took("not"):
            test = self._not().test
            found = Condition(lambda row: not test(row))
        else:
            found = self._one()
        self._depth -= 1
        return found

    def _one(self) -> Condition:
        if self._took("("):
            inner = self.any_of()
            self._need(")")
            return inner
        token = self.token
        if token is not None and token[1] in _FUNCTIONS:
            return self._function()
        left = self._operand()
        sign = self._took(*_OPERATORS)
        if sign:
            return _compare(left, sign, self._operand())
        if left.edm != "Edm.Boolean":
            refuse("The filter is no condition.")
        value = left.value
        return Condition(lambda row: bool(value(row)))

    def _function(self) -> Condition:
        name = self._next()[1]
        self._need("(")
        left = self._operand()
        self._need(",")
        right = self._operand()
        self._need(")")
        if {left.edm, right.edm} != {"Edm.String"}:
            refuse(f"No function signature for '{name}' matches its arguments.")
        function, one, two = _FUNCTIONS[name], comparable(left), comparable(right)
        return Condition(lambda row: function(one(row) or "", two(row) or ""))

    def _operand(self) -> Operand:
        kind, text = self._next()
        if kind in _LITERALS:
            edm, read_value = _LITERALS[kind]
            return _literal(edm, read_value(text))
        if kind == "mark":
            refuse(f"Syntax error at '{text}'.")
        if kind == "number":
            edm = "Edm.Decimal" if "." in text else "Edm.Int32"
            return _literal(edm, Decimal(text))
        return _NAMED.get(text) or self._path(text)

    def _path(self, text: str) -> Operand:
        token = self.token
        if token is not None and token[0] == "text":
            refuse(f"Unrecognized '{text}{token[1]}' literal.")
        if token is not None and token[1] == "(":
            refuse(f"An unknown function with name '{text}' was found.")
        return resolve(self._view, self._entity, text)


def _literal(edm: str, value: Any) -> Operand:
    return Operand(edm, lambda _row: value, value)


def _moment(text: str) -> str:
    found = moment(text)
    if found is None:
        refuse(f"Unrecognized 'Edm.DateTimeOffset' literal '{text}'.")
    return found


_LITERALS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "text": ("Edm.String", lambda text: text[1:-1].replace("''", "'")),
    "guid": ("Edm.Guid", str.lower),
    "moment": ("Edm.DateTimeOffset", _moment),
    "date": ("Edm.Date", str),
}
_NAMED = {
    "true": _literal("Edm.Boolean", True),  # noqa: FBT003 - the literal itself
    "false": _literal("Edm.Boolean", False),  # noqa: FBT003 - the literal itself
    "null": _literal("null", None),
}


def _compare(left: Operand, sign: str, right: Operand) -> Condition:
    edms = {left.edm, right.edm}
    if len(edms) > 1 and "null" not in edms and not edms <= _NUMBERS:
        refuse(
            "A binary operator with incompatible types was detected. Found operand "
            f"types '{left.edm}' and '{right.edm}' for operator kind '{_WORDS[sign]}'."
        )
    one, two, operate = comparable(left), comparable(right), _OPERATORS[sign]
    if sign in {"eq", "ne"}:
        ids = None
        if sign == "eq" and left.is_id and isinstance(right.constant, str):
            ids = frozenset({right.constant})
        return Condition(lambda row: bool(operate(one(row), two(row))), ids)

    def ordered(row: Row) -> bool:
        first, second = one(row), two(row)
        return first is not None and second is not None and operate(first, second)

    return Condition(ordered)
