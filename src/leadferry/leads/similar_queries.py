"""Reads for the pages of similar leads: why, how sure, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leadferry.leads.columns import catalogue
from leadferry.leads.duplicate_keys import persons
from leadferry.leads.duplicate_models import (
    DuplicateRule,
    LeadMerge,
    MergedLead,
    NotDuplicate,
)
from leadferry.leads.matching.rules import Kind, Match, Rule, kinds_of, match
from leadferry.leads.merging import newest_merge
from leadferry.leads.models import Lead
from leadferry.leads.similar import MOST_SHOWN, find_similar, rules_for_new
from leadferry.leads.values import read_value, texts_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

KIND_WORDS: dict[Kind, StrOrPromise] = {
    Kind.EMAIL: _("Email"),
    Kind.PHONE: _("Phone"),
    Kind.NAME: _("Contact name"),
    Kind.COMPANY: _("Account name"),
    Kind.DOMAIN: _("Company web domain"),
}


@dataclass(frozen=True, slots=True)
class ShownReason:
    """A rule by its name, and its columns with how alike they are, of 100."""

    rule: str
    certainty: int
    columns: Sequence[tuple[StrOrPromise, int]]


@dataclass(frozen=True, slots=True)
class Similar:
    """A lead that may be the same person, why, and how sure that is."""

    lead: Lead
    certainty: int
    reasons: Sequence[ShownReason]


@dataclass(frozen=True, slots=True)
class SimilarLeads:
    """What is similar to a lead, surest first; what a person said is not.

    `common` names what so many leads share that it tells nothing.
    """

    rows: Sequence[Similar]
    more: int
    common: Sequence[StrOrPromise]
    apart: Sequence[Lead]


def similar_leads(lead_id: int) -> SimilarLeads:
    """The "Similar leads" of a lead."""
    found = find_similar([lead_id], rules_for_new())
    matches = found.matches.get(lead_id, {})
    order = sorted(matches, key=lambda lead: (-matches[lead].certainty, lead))
    shown = order[:MOST_SHOWN]
    leads = Lead.objects.in_bulk(shown)
    names = rule_names()
    common = {kinds_of(mask) for mask in found.common.get(lead_id, ())}
    return SimilarLeads(
        rows=[
            Similar(
                leads[lead],
                matches[lead].certainty,
                reasons_of(matches[lead], names),
            )
            for lead in shown
            if lead in leads
        ],
        more=len(order) - len(shown),
        common=[" + ".join(str(KIND_WORDS[one]) for one in kinds) for kinds in common],
        apart=_apart(lead_id),
    )


def _apart(lead_id: int) -> list[Lead]:
    rows = NotDuplicate.objects.filter(Q(low=lead_id) | Q(high=lead_id))
    pairs = rows.order_by("-pk").values_list("low_id", "high_id")[:MOST_SHOWN]
    ids = [high if low == lead_id else low for low, high in pairs]
    found = Lead.objects.filter(merged_into=None).in_bulk(ids)
    return [found[one] for one in ids if one in found]


def rule_names() -> dict[int, str]:
    """The names of all rules."""
    return dict(DuplicateRule.objects.values_list("pk", "name"))


def reasons_of(matched: Match, names: dict[int, str]) -> list[ShownReason]:
    """Why, as a person reads it."""
    return [
        ShownReason(
            rule=names.get(reason.rule, ""),
            certainty=reason.certainty,
            columns=[(KIND_WORDS[kind], alike) for kind, alike in reason.likeness],
        )
        for reason in matched.reasons
    ]


def why(one: int, other: int, rules: Iterable[Rule]) -> Match | None:
    """What the rules say about two leads, whatever a person said."""
    known = persons([one, other])
    if one not in known or other not in known:
        return None
    return match(known[one], known[other], rules)


def are_apart(one: int, other: int) -> NotDuplicate | None:
    """What a person said about the two."""
    pair = {"low": min(one, other), "high": max(one, other)}
    return NotDuplicate.objects.filter(**pair).select_related("by").first()


@dataclass(frozen=True, slots=True)
class ComparedColumn:
    """A column of several leads side by side, in their order."""

    code: str
    caption: StrOrPromise
    texts: Sequence[str]
    # All hold the same.
    is_same: bool


def side_by_side(leads: Sequence[Lead]) -> list[ComparedColumn]:
    """The columns that any of the leads fills, those that differ first."""
    columns = catalogue()
    typed = [
        {code: read_value(lead, column) for code, column in columns.items()}
        for lead in leads
    ]
    held = [texts_of(values, columns) for values in typed]
    rows = []
    for code, column in columns.items():
        values = [one[code] for one in typed]
        filled = [value for value in values if value != column.empty]
        if filled:
            texts = [
                text if value != column.empty else ""
                for text, value in zip((one[code] for one in held), values, strict=True)
            ]
            # Where one has nothing, there is something to take.
            same = all(value == values[0] for value in values)
            rows.append(ComparedColumn(code, column.caption, texts, same))
    return sorted(rows, key=lambda row: row.is_same)


def merged_into(lead_id: int) -> int | None:
    """The lead that a merged one is part of now."""
    seen: set[int] = set()
    found: int | None = lead_id
    while found is not None and found not in seen:
        seen.add(found)
        last = found
        rows = Lead.objects.filter(pk=found).values_list("merged_into_id", flat=True)
        found = rows.first()
    return last if last != lead_id else None


@dataclass(frozen=True, slots=True)
class MergeOf:
    """The last merge of a lead, and how many leads it took in."""

    made: LeadMerge
    size: int


def merge_of(lead_id: int) -> MergeOf | None:
    """What the lead took in last."""
    made = newest_merge(lead_id)
    if made is None:
        return None
    return MergeOf(made, MergedLead.objects.filter(merge=made).count())
