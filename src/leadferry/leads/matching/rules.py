"""Rules over normalised columns: which leads share a key, and how sure a match is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from itertools import product

from rapidfuzz import fuzz

from leadferry.leads.matching.normal import (
    company_key,
    email_domain,
    email_key,
    name_key,
    phone_key,
    website_domain,
)


class Kind(StrEnum):
    """What a condition compares."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    COMPANY = "company"
    DOMAIN = "domain"


_BITS = {kind: 1 << place for place, kind in enumerate(Kind)}
# These may also be alike without being the same.
FUZZY = frozenset({Kind.NAME, Kind.COMPANY})
# Of 100: "Jon Smith" and "John Smith" are alike, "Jane" and "John" are not.
ALIKE = 90.0
# Sure is only what a person says.
SUREST = 99


@dataclass(frozen=True, slots=True)
class Condition:
    """One column, the same in both leads or, where fuzzy, alike."""

    kind: Kind
    is_fuzzy: bool


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Conditions that must all hold, and how sure two leads are one then."""

    number: int
    conditions: tuple[Condition, ...]
    certainty: int

    @cached_property
    def mask(self) -> int:
        """What has to be the same, as bits: leads that share it are compared."""
        return sum(_BITS[one.kind] for one in self.conditions if not one.is_fuzzy)

    @cached_property
    def fuzzy(self) -> tuple[Kind, ...]:
        """What has to be alike."""
        return tuple(one.kind for one in self.conditions if one.is_fuzzy)


def kinds_of(mask: int) -> tuple[Kind, ...]:
    """The columns of a mask."""
    return tuple(kind for kind, bit in _BITS.items() if mask & bit)


class Person:
    """A lead's columns in one spelling, each worked out when it is asked for."""

    __slots__ = ("_found", "_region", "_typed")

    def __init__(
        self,
        *,
        contact: str,
        account: str,
        email: str,
        phones: Sequence[str],
        website: str,
        region: str,
    ) -> None:
        self._typed = (contact, account, email, website, *phones)
        self._region = region
        self._found: dict[Kind, tuple[str, ...]] = {}

    def of(self, kind: Kind) -> tuple[str, ...]:
        """The values of a kind; none where the columns are empty."""
        found = self._found.get(kind)
        if found is None:
            found = self._found[kind] = self._values(kind)
        return found

    def _values(self, kind: Kind) -> tuple[str, ...]:
        contact, account, email, website, *phones = self._typed
        match kind:
            case Kind.EMAIL:
                values = [email_key(email)]
            case Kind.NAME:
                values = [name_key(contact)]
            case Kind.COMPANY:
                values = [company_key(account)]
            case Kind.PHONE:
                values = [phone_key(one, self._region) for one in phones if one]
            case Kind.DOMAIN:
                values = [email_domain(email) if email else ""]
                if website:
                    values.append(website_domain(website))
        return tuple(dict.fromkeys(value for value in values if value))


def keys_of(person: Person, mask: int, *, secret: bytes) -> list[int]:
    """The hashed keys that the lead has for a mask; none where a column is empty."""
    columns = [person.of(kind) for kind in kinds_of(mask)]
    if not all(columns):
        return []
    head = str(mask)
    return [
        int.from_bytes(
            blake2b(
                "\x1f".join((head, *values)).encode(), digest_size=8, key=secret
            ).digest(),
            "big",
            signed=True,
        )
        for values in product(*columns)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """A rule that two leads match, how sure it is, and how alike each column is."""

    rule: int
    certainty: int
    likeness: tuple[tuple[Kind, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Why two leads may be one, the surest rule first, and how sure that is."""

    certainty: int
    reasons: tuple[Reason, ...]


def match(one: Person, other: Person, rules: Iterable[Rule]) -> Match | None:
    """What the rules say about two leads; none where none of them holds."""
    found = [reason for rule in rules if (reason := _reason(one, other, rule))]
    if not found:
        return None
    found.sort(key=lambda reason: (-reason.certainty, reason.rule))
    return Match(
        certainty=combined(reason.certainty for reason in found), reasons=tuple(found)
    )


def combined(certainties: Iterable[int]) -> int:
    """How sure several rules are together: each leaves less of the doubt."""
    doubt = 1.0
    for certainty in certainties:
        doubt *= 1 - certainty / 100
    return min(SUREST, round(100 * (1 - doubt)))


def _reason(one: Person, other: Person, rule: Rule) -> Reason | None:
    likeness: list[tuple[Kind, int]] = []
    for condition in rule.conditions:
        alike = _likeness(one, other, condition)
        if alike is None:
            return None
        likeness.append((condition.kind, alike))
    least = min(alike for _kind, alike in likeness)
    return Reason(
        rule=rule.number,
        certainty=max(1, round(rule.certainty * least / 100)),
        likeness=tuple(likeness),
    )


def _likeness(one: Person, other: Person, condition: Condition) -> int | None:
    mine, theirs = one.of(condition.kind), other.of(condition.kind)
    if set(mine) & set(theirs):
        return 100
    if not condition.is_fuzzy or not mine or not theirs:
        return None
    best = fuzz.ratio(mine[0], theirs[0], score_cutoff=ALIKE)
    return round(best) if best else None
