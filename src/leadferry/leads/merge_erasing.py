"""A submission of a merged lead is deleted: what came from it goes, the rest stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leadferry.leads import duplicate_keys
from leadferry.leads.columns import catalogue
from leadferry.leads.duplicate_models import LeadMerge, MergedLead
from leadferry.leads.merging import Plan, merge, newest_merge, take_apart
from leadferry.leads.models import Lead, LeadChange, Registration
from leadferry.leads.values import put_stored, read_value, texts_of


@dataclass(frozen=True, slots=True)
class TakenApart:
    """A merge that is made again with whatever remains; `made` is over."""

    plan: Plan
    made: LeadMerge


def separate(lead_id: int, key: int) -> tuple[int, list[TakenApart]]:
    """The lead of this submission alone, and the merges that were taken apart for it.

    In the caller's transaction.
    """
    apart: list[TakenApart] = []
    while (made := newest_merge(lead_id)) is not None:
        absorbed = MergedLead.objects.filter(merge=made).order_by("pk")
        plan = Plan(
            keep=lead_id,
            absorb=list(absorbed.values_list("lead_id", flat=True)),
            choices=made.choices,
            revisions={},
            group=made.group_id,
        )
        take_apart(made, by=None)
        apart.append(TakenApart(plan, made))
        lead_id = Registration.objects.get(pk=key).lead_id or lead_id
    for one in apart:
        if one.plan.keep != lead_id:
            _scrub(one, erased=lead_id, key=key)
    return lead_id, apart


def _scrub(apart: TakenApart, *, erased: int, key: int) -> None:
    """What the kept lead, and its history, has of the erased one since the merge."""
    columns = catalogue()
    gone = Lead.objects.get(pk=erased)
    held = {code: read_value(gone, column) for code, column in columns.items()}
    told = texts_of(held, columns)
    kept = Lead.objects.select_for_update().get(pk=apart.plan.keep)
    was_anew = Registration.objects.filter(pk=key, digest=None).exists()
    later = LeadChange.objects.filter(lead=kept, pk__gt=apart.made.change)
    if was_anew:
        _clear_what_came(kept, later)
    LeadChange.objects.filter(pk=apart.made.change).delete()
    for change in later:
        is_undone = change.kind == LeadChange.Kind.UNMERGED
        is_theirs = was_anew and change.kind == LeadChange.Kind.UPDATED
        for code, sides in change.columns.items():
            for side in ("old", "new"):
                same = sides[side] == told.get(code)
                if same or is_theirs or (is_undone and side == "old"):
                    sides[side] = ""
        change.save(update_fields=["columns"])


def _clear_what_came(kept: Lead, later: Iterable[LeadChange]) -> None:
    """The erased one was submitted anew into the kept lead: that goes, too."""
    columns = catalogue()
    for change in later:
        if change.kind != LeadChange.Kind.UPDATED:
            continue
        for code in change.columns:
            if code in columns and code not in kept.edited_columns:
                column = columns[code]
                put_stored(kept, column, column.empty if column.field else None)
    kept.save()
    # The next reading of the lead's own submissions fills them again.
    Registration.objects.filter(lead_id=kept.pk).update(digest=None)
    duplicate_keys.follow([kept.pk])


def put_together(apart: Sequence[TakenApart]) -> None:
    """Merge what remains as it was merged; in the caller's transaction."""
    for one in reversed(apart):
        plan = one.plan
        rows = Lead.objects.filter(pk__in=[plan.keep, *plan.absorb], merged_into=None)
        there = sorted(rows.values_list("pk", flat=True))
        if len(there) < 2:
            continue
        keep = plan.keep if plan.keep in there else there[0]
        merge(
            Plan(
                keep=keep,
                absorb=[lead for lead in plan.absorb if lead in there and lead != keep],
                choices={
                    code: lead for code, lead in plan.choices.items() if lead in there
                },
                revisions={},
                group=plan.group,
            ),
            by=one.made.by,
        )
