"""Leads that are similar: why, how sure, and which of them are marked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from leadferry.leads import duplicate_keys
from leadferry.leads.duplicate_keys import TOO_COMMON, Key
from leadferry.leads.duplicate_models import (
    DuplicateRule,
    NotDuplicate,
    SimilarMark,
    SimilarSweep,
)
from leadferry.leads.duplicate_stock import rule_of
from leadferry.leads.matching.rules import (
    Match,
    Person,
    Rule,
    all_pairs,
    match,
    pairs_of_block,
)

MOST_SHOWN = 50
Pair = tuple[int, int]


@dataclass(kw_only=True)
class Found:
    """What is similar to each of some leads; `common` are masks of no use there."""

    matches: dict[int, dict[int, Match]] = field(default_factory=dict)
    common: dict[int, set[int]] = field(default_factory=dict)


def rules_for_new() -> list[Rule]:
    """The rules that show similar leads."""
    return _as_rules(DuplicateRule.objects.filter(for_new=True))


def rules_for_search() -> list[Rule]:
    """The rules that find groups to merge."""
    return _as_rules(DuplicateRule.objects.filter(for_search=True))


def _as_rules(rows: Iterable[DuplicateRule]) -> list[Rule]:
    return [rule_of(row.pk, row.conditions, row.certainty) for row in rows]


def pair_of(one: int, other: int) -> Pair:
    """Two leads in the order in which they are kept."""
    return (one, other) if one < other else (other, one)


def not_duplicates(leads: Collection[int]) -> set[Pair]:
    """The pairs with one of these leads that a person said are not one."""
    found: set[Pair] = set()
    wanted = sorted(leads)
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        rows = NotDuplicate.objects.filter(Q(low__in=some) | Q(high__in=some))
        found.update(rows.values_list("low_id", "high_id"))
    return found


def find_similar(leads: Sequence[int], rules: Sequence[Rule]) -> Found:
    """What is similar to each of the leads, whatever the number of leads is."""
    found = Found()
    masks = sorted({rule.mask for rule in rules})
    own = duplicate_keys.persons(leads)
    hashed = duplicate_keys.secret()
    keys = {
        lead: duplicate_keys.keys_by_mask(person, masks, hashed)
        for lead, person in own.items()
    }
    shared = duplicate_keys.sharing(key for some in keys.values() for key in some)
    mates: dict[int, set[int]] = {}
    for lead, some in keys.items():
        mates[lead] = _mates(lead, some, shared, found)
    needed = {mate for some in mates.values() for mate in some}
    known = own | duplicate_keys.persons(sorted(needed - set(own)))
    apart = not_duplicates(own)
    for lead, others in mates.items():
        found.matches[lead] = _matches(lead, others, known, rules=rules, apart=apart)
    return found


def _mates(
    lead: int, keys: Sequence[Key], shared: Mapping[Key, list[int]], found: Found
) -> set[int]:
    mates: set[int] = set()
    for key in keys:
        others = shared.get(key, [])
        if len(others) > TOO_COMMON:
            found.common.setdefault(lead, set()).add(key[0])
        else:
            mates.update(others)
    return mates - {lead}


def _matches(
    lead: int,
    mates: Iterable[int],
    known: Mapping[int, Person],
    *,
    rules: Sequence[Rule],
    apart: Collection[Pair],
) -> dict[int, Match]:
    found = {}
    for mate in mates:
        if mate not in known or pair_of(lead, mate) in apart:
            continue
        matched = match(known[lead], known[mate], rules)
        if matched is not None:
            found[mate] = matched
    return found


_NOBODY = Person(contact="", account="", email="", phones=(), website="", region="")


def pairs_in(
    block: Sequence[int],
    rule: Rule,
    known: Mapping[int, Person],
    *,
    apart: Collection[Pair],
) -> list[tuple[int, int, int]]:
    """Pairs of leads that share a key of the rule, and how sure each of them is.

    Whoever has a similar lead there is in one of them. Without fuzzy columns the
    leads themselves need not be known.
    """
    persons = [
        (lead, known.get(lead, _NOBODY))
        for lead in block
        if lead in known or not rule.fuzzy
    ]
    if len(persons) < 2:
        return []
    inside = {lead for lead, _person in persons}
    if not any(low in inside and high in inside for low, high in apart):
        return pairs_of_block(persons, rule)
    return [
        pair
        for pair in all_pairs(persons, rule)
        if pair_of(pair[0], pair[1]) not in apart
    ]


def mark(leads: Sequence[int]) -> None:
    """Mark those of the leads that have similar ones, and what they are similar to.

    In the caller's transaction, once the leads are committed: of two that come at
    the same time, the later one finds the other.
    """
    # By one worker at a time: it would delete what another just found.
    SimilarSweep.objects.select_for_update().filter(pk=1).first()
    similar = _similar_among(leads)
    alone = sorted(set(leads) - similar)
    for start in range(0, len(alone), 500):
        SimilarMark.objects.filter(lead_id__in=alone[start : start + 500]).delete()
    SimilarMark.objects.bulk_create(
        [SimilarMark(lead_id=lead) for lead in sorted(similar)],
        ignore_conflicts=True,
        batch_size=500,
    )


def _similar_among(leads: Sequence[int]) -> set[int]:
    """Those with a similar lead, among the leads and all that share a key with them.

    Block by block: to compare each of many leads with a thousand others takes long.
    """
    rules = rules_for_new()
    keys = duplicate_keys.held_keys(leads, {rule.mask for rule in rules})
    blocks = {
        key: block
        for key, block in duplicate_keys.sharing(keys).items()
        if 1 < len(block) <= TOO_COMMON
    }
    fuzzy = {rule.mask for rule in rules if rule.fuzzy}
    apart = not_duplicates({lead for block in blocks.values() for lead in block})
    needed = {
        lead
        for (mask, _key), block in blocks.items()
        if mask in fuzzy or apart
        for lead in block
    }
    known = duplicate_keys.persons(sorted(needed))
    found: set[int] = set()
    for (mask, _key), block in blocks.items():
        for rule in rules:
            if rule.mask == mask:
                for one, other, _sure in pairs_in(block, rule, known, apart=apart):
                    found.update((one, other))
    return found
