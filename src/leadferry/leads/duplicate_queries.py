"""Reads for the pages of duplicate rules, searches and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.kit import clock
from leadferry.leads import duplicate_index, group_merging
from leadferry.leads.column_states import HeldLeads
from leadferry.leads.duplicate_models import (
    DuplicateGroup,
    DuplicateIndex,
    DuplicateRule,
    DuplicateRun,
    LeadMerge,
    MergedLead,
    SimilarSweep,
)
from leadferry.leads.matching.rules import Kind, kinds_of
from leadferry.leads.merging import what_is_taken
from leadferry.leads.models import Lead
from leadferry.leads.similar_queries import KIND_WORDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PAGE_SIZE = 20
_ABSORBED = 3
_PATIENCE_MS = 15_000
_TELLING_MS = 2_000


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule with what it compares in words."""

    rule: DuplicateRule
    words: str


def words_of(conditions: Sequence[Sequence[str]]) -> str:
    """What a rule compares, as a person reads it."""
    said = []
    for kind, how in conditions:
        name = KIND_WORDS[Kind(kind)]
        text = _("%(column)s similar") if how == "alike" else _("%(column)s the same")
        said.append(text % {"column": name})
    return ", ".join(said)


def shown_rules() -> list[ShownRule]:
    """All rules, the surest first."""
    rules = DuplicateRule.objects.order_by("-certainty", "pk")
    return [ShownRule(rule, words_of(rule.conditions)) for rule in rules]


@dataclass(frozen=True, slots=True)
class Building:
    """How far the leads that were there have their keys; no leads: only marks."""

    done: int
    leads: int


def building() -> Building | None:
    """What is behind the rules, if anything is."""
    rows = DuplicateIndex.objects.filter(is_ready=False, is_dropping=False)
    first = rows.order_by("built_to").first()
    if first is not None:
        return Building(first.built_to, duplicate_index.leads_to_build())
    is_due = SimilarSweep.objects.filter(is_due=True).exists()
    return Building(0, 0) if is_due else None


def last_trial(rule: DuplicateRule) -> DuplicateRun | None:
    """The newest trial of a rule."""
    return DuplicateRun.objects.filter(tried=rule).order_by("-pk").first()


def last_search() -> DuplicateRun | None:
    """The newest search."""
    runs = DuplicateRun.objects.filter(tried=None).select_related("by")
    return runs.order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, of 100, and how long it will take."""

    percent: int
    seconds_left: int | None


def progress_of(run: DuplicateRun) -> Progress:
    """How far the run is."""
    if not run.total:
        return Progress(0, None)
    percent = min(99, int(100 * run.done / run.total))
    worked = clock.now_ms() - (run.working_since or 0)
    done = run.done - run.done_then
    seconds = None
    if worked >= _TELLING_MS and done > 0 and run.due_at is None:
        seconds = int((run.total - run.done) * worked / done / 1000) + 1
    return Progress(percent, seconds)


def is_unworked(run: DuplicateRun) -> bool:
    """Whether no worker took it up for a while."""
    return run.due_at is not None and clock.now_ms() - run.due_at > _PATIENCE_MS


def rules_changed(run: DuplicateRun) -> bool:
    """Whether the rules are others than those of the run."""
    rules = DuplicateRule.objects.order_by("pk")
    rules = (
        rules.filter(pk=run.tried_id) if run.tried_id else rules.filter(for_search=True)
    )
    present: list[object] = [[one.pk, one.conditions, one.certainty] for one in rules]
    return bool(run.rules != present)


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A group with its leads that are still there, the oldest first."""

    group: DuplicateGroup
    leads: Sequence[Lead]
    more: int


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page of groups, surest first; `next` is where the following one begins."""

    rows: Sequence[ShownGroup]
    next: str


def group_page(
    run: DuplicateRun, *, state: str = DuplicateGroup.State.OPEN, start: str = ""
) -> GroupPage:
    """The groups from `start` on, which an earlier page named."""
    rows = DuplicateGroup.objects.filter(run=run, state=state)
    certainty, _dash, number = start.partition("-")
    if certainty.isdecimal() and number.isdecimal() and len(number) < 19:
        later = rows.filter(certainty=int(certainty), pk__gte=int(number))
        # Two walks along the index instead of one condition that no index serves.
        found = list(later.order_by("pk")[: PAGE_SIZE + 1])
        if len(found) <= PAGE_SIZE:
            lower = rows.filter(certainty__lt=int(certainty))
            found += lower.order_by("-certainty", "pk")[: PAGE_SIZE + 1 - len(found)]
    else:
        found = list(rows.order_by("-certainty", "pk")[: PAGE_SIZE + 1])
    more = found[PAGE_SIZE:]
    shown = found[:PAGE_SIZE]
    wanted = [lead for group in shown for lead in group.leads[:_SHOWN_OF_GROUP]]
    leads = Lead.objects.filter(merged_into=None).in_bulk(wanted)
    return GroupPage(
        rows=[
            ShownGroup(
                group,
                [leads[one] for one in group.leads[:_SHOWN_OF_GROUP] if one in leads],
                max(0, group.size - _SHOWN_OF_GROUP),
            )
            for group in shown
        ],
        next=f"{more[0].certainty}-{more[0].pk}" if more else "",
    )


_SHOWN_OF_GROUP = 5


@dataclass(frozen=True, slots=True)
class TooBig:
    """What so many leads share that only some of them were compared."""

    columns: str
    leads: int
    example: int


def too_big_of(run: DuplicateRun) -> list[TooBig]:
    """The blocks that were cut."""
    return [
        TooBig(" + ".join(str(KIND_WORDS[kind]) for kind in kinds_of(mask)), size, lead)
        for mask, size, lead in run.too_big
    ]


@dataclass(frozen=True, slots=True)
class MergeExample:
    """A group as it would be merged: the lead that is kept, and what it takes."""

    group: DuplicateGroup
    lead: Lead
    absorbed: Sequence[Lead]
    taken: Sequence[tuple[StrOrPromise, str]]


def merge_examples(run: DuplicateRun, *, least: int) -> list[MergeExample]:
    """The first groups that a merge of many would take."""
    rows = DuplicateGroup.objects.filter(
        run=run, state=DuplicateGroup.State.OPEN, certainty__gte=least
    )
    found = []
    for group in rows.order_by("-certainty", "pk")[:PAGE_SIZE]:
        leads = group_merging.leads_of(group)
        if len(leads) == group.size:
            found.append(_example(group, leads))
    return found


def _example(group: DuplicateGroup, leads: Sequence[Lead]) -> MergeExample:
    plan = group_merging.older_kept(leads, group=group.pk)
    with transaction.atomic():
        held = HeldLeads([lead.pk for lead in leads])
        taken = what_is_taken(plan, held)
    return MergeExample(
        group,
        leads[0],
        leads[1:],
        [(held.columns[one.code].caption, one.new.text) for one in taken],
    )


@dataclass(frozen=True, slots=True)
class ShownMerge:
    """A merge, some of the leads that became part of the other, and how many more."""

    merge: LeadMerge
    absorbed: Sequence[Lead]
    more: int


@dataclass(frozen=True, slots=True)
class MergePage:
    """Merges, newest first; `next` is where the following ones begin."""

    rows: Sequence[ShownMerge]
    next: int | None


def merge_page(*, start: int | None = None) -> MergePage:
    """The merges from `start` on, which an earlier page named."""
    rows = LeadMerge.objects.select_related("lead", "by", "undone_by")
    if start is not None:
        rows = rows.filter(pk__lte=start)
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    more = found[PAGE_SIZE:]
    shown = _shown_merges(found[:PAGE_SIZE])
    return MergePage(shown, more[0].pk if more else None)


def _shown_merges(merges: Sequence[LeadMerge]) -> list[ShownMerge]:
    absorbed: dict[int, list[int]] = {made.pk: [] for made in merges}
    rows = MergedLead.objects.filter(merge__in=absorbed).order_by("lead_id")
    for merge, lead in rows.values_list("merge_id", "lead_id"):
        absorbed[merge].append(lead)
    named = [lead for leads in absorbed.values() for lead in leads[:_ABSORBED]]
    leads = Lead.objects.in_bulk(named)
    return [
        ShownMerge(
            made,
            [leads[one] for one in absorbed[made.pk][:_ABSORBED] if one in leads],
            max(0, len(absorbed[made.pk]) - _ABSORBED),
        )
        for made in merges
    ]
