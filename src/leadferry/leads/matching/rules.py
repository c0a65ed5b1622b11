"""Rules over normalised columns: which leads share a key, and how sure a match is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from itertools import product
from typing import ClassVar

from rapidfuzz import fuzz, process

from leadferry.leads.matching.normal import (
    address_domain,
    company_key,
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
_KINDS = [
    tuple(kind for kind, bit in _BITS.items() if mask & bit)
    for mask in range(1 << len(_BITS))
]
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
    return _KINDS[mask]


class Person:
    """A lead's columns in one spelling, each worked out when it is asked for."""

    __slots__ = (
        "_account", "_contact", "_email", "_found", "_phones", "_region", "_website",
    )  # fmt: skip

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
        self._contact = contact
        self._account = account
        self._email = email
        self._phones = phones
        self._website = website
        self._region = region
        self._found: dict[Kind, tuple[str, ...]] = {}

    def of(self, kind: Kind) -> tuple[str, ...]:
        """The values of a kind; none where the columns are empty."""
        found = self._found.get(kind)
        if found is None:
            found = self._found[kind] = self._readers[kind](self)
        return found

    def _emails(self) -> tuple[str, ...]:
        return _one(email_key(self._email) if self._email else "")

    def _names(self) -> tuple[str, ...]:
        return _one(name_key(self._contact) if self._contact else "")

    def _companies(self) -> tuple[str, ...]:
        return _one(company_key(self._account) if self._account else "")

    def _numbers(self) -> tuple[str, ...]:
        numbers = [phone_key(one, self._region) for one in self._phones if one]
        return tuple({number: None for number in numbers if number})

    def _domains(self) -> tuple[str, ...]:
        found = _one(address_domain(mail[0]) if (mail := self.of(Kind.EMAIL)) else "")
        page = website_domain(self._website) if self._website else ""
        return found if not page or page in found else (*found, page)

    # A table: it is asked millions of times.
    _readers: ClassVar[dict[Kind, Callable[["Person"], tuple[str, ...]]]] = {
        Kind.EMAIL: _emails,
        Kind.PHONE: _numbers,
        Kind.NAME: _names,
        Kind.COMPANY: _companies,
        Kind.DOMAIN: _domains,
    }


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def keys_of(person: Person, mask: int, *, secret: bytes) -> list[int]:
    """The hashed keys that the lead has for a mask; none where a column is empty."""
    columns = [person.of(kind) for kind in kinds_of(mask)]
    if not all(columns):
        return []
    return [
        int.from_bytes(
            # The secret in front, and not as a key: one round of hashing, not two.
            blake2b(secret + "\x1f".join(values).encode(), digest_size=8).digest(),
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


def pairs_of_block(
    block: Sequence[tuple[int, Person]], rule: Rule
) -> list[tuple[int, int, int]]:
    """Pairs that hold a block together by a rule, and how sure each of them is.

    All in the block share what has to be the same. Not every pair is named, but
    whoever is alike hangs together.
    """
    if not rule.fuzzy:
        first = block[0][0]
        return [(first, lead, rule.certainty) for lead, _person in block[1:]]
    main = rule.fuzzy[0]
    alike: dict[str, list[tuple[int, Person]]] = {}
    for lead, person in block:
        for value in person.of(main)[:1]:
            alike.setdefault(value, []).append((lead, person))
    found: list[tuple[int, int, int]] = []
    values = list(alike)
    for place, value in enumerate(values):
        members = alike[value]
        near = process.extract(
            value,
            values[place + 1 :],
            scorer=fuzz.ratio,
            score_cutoff=ALIKE,
            limit=None,
        )
        others = [*members[1:], *(alike[other][0] for other, _score, _at in near)]
        for lead, person in others:
            reason = _reason(members[0][1], person, rule)
            if reason is not None:
                found.append((members[0][0], lead, reason.certainty))
    return found


def all_pairs(
    block: Sequence[tuple[int, Person]], rule: Rule
) -> Iterable[tuple[int, int, int]]:
    """Every pair of a block that the rule holds to be one."""
    for place, (lead, person) in enumerate(block):
        for other, theirs in block[place + 1 :]:
            reason = _reason(person, theirs, rule)
            if reason is not None:
                yield lead, other, reason.certainty
