"""Groups of a search become one lead each: one by one, or many by a rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.kit import clock
from leadferry.leads import duplicate_keys, duplicate_work, merging
from leadferry.leads import duplicate_services as services
from leadferry.leads.duplicate_models import DuplicateGroup, DuplicateRun, LeadMerge
from leadferry.leads.duplicate_stock import rule_of
from leadferry.leads.matching.rules import match
from leadferry.leads.merging import MergeRefused, Plan
from leadferry.leads.models import Lead
from leadferry.leads.similar import not_duplicates

State = DuplicateRun.State
GroupState = DuplicateGroup.State


def leads_of(group: DuplicateGroup) -> list[Lead]:
    """The leads of a group that are still there by themselves, the oldest first."""
    rows = Lead.objects.filter(pk__in=group.leads, merged_into=None)
    return list(rows.order_by("pk"))


@transaction.atomic
def say_not_duplicates(group: DuplicateGroup, *, by: User | None) -> None:
    """No two leads of the group are one."""
    leads = [lead.pk for lead in leads_of(group)]
    for place, one in enumerate(leads):
        for other in leads[place + 1 :]:
            services.say_not_duplicate(one, other, by=by)
    DuplicateGroup.objects.filter(pk=group.pk).update(state=GroupState.NOT_DUPLICATES)


def older_kept(leads: Sequence[Lead], *, group: int | None) -> Plan:
    """Keep the oldest, fill its gaps from the others in their order."""
    return Plan(
        keep=leads[0].pk,
        absorb=[lead.pk for lead in leads[1:]],
        choices={},
        revisions={},
        group=group,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """How many groups a rule would merge, and how many leads would go into others."""

    groups: int
    absorbed: int


def sure_groups(run: DuplicateRun, *, least: int) -> Iterator[DuplicateGroup]:
    """The open groups that are at least this sure, the surest first."""
    rows = DuplicateGroup.objects.filter(
        run=run, state=GroupState.OPEN, certainty__gte=least
    )
    return rows.order_by("-certainty", "pk").iterator()


def preview(run: DuplicateRun, *, least: int) -> Preview:
    """What merging them would come to."""
    groups = absorbed = 0
    for group in sure_groups(run, least=least):
        groups += 1
        absorbed += group.size - 1
    return Preview(groups, absorbed)


@transaction.atomic
def begin_merging(run: DuplicateRun, *, least: int, by: User | None) -> bool:
    """Merge the groups at least this sure, in the background; False: not now."""
    held = DuplicateRun.objects.select_for_update().get(pk=run.pk)
    if held.state != State.READY or held.tried_id is not None:
        return False
    groups = preview(held, least=least).groups
    held.merge_from, held.merged_by = least, by
    _set_to_work(held, State.MERGING, total=groups)
    audit.record(
        "merging of groups started", subject=str(held.pk), by=by,
        details={"from": least, "groups": groups},
    )  # fmt: skip
    return True


@transaction.atomic
def begin_undoing(run: DuplicateRun, *, by: User | None) -> bool:
    """Take every merge of this search back, in the background; False: not now."""
    held = DuplicateRun.objects.select_for_update().get(pk=run.pk)
    if held.state != State.READY or held.tried_id is not None:
        return False
    held.merged_by = by
    _set_to_work(held, State.UNDOING, total=merges_of(held).count())
    audit.record("merging of groups undone", subject=str(held.pk), by=by)
    return True


def _set_to_work(run: DuplicateRun, state: str, *, total: int) -> None:
    run.state, run.due_at, run.cursor = state, clock.now_ms(), []
    run.total, run.done, run.done_then = total, 0, 0
    run.merged = run.skipped = 0
    run.epoch += 1
    run.save()


def merges_of(run: DuplicateRun) -> QuerySet[LeadMerge]:
    """The merges of groups of the search that were not taken back."""
    return LeadMerge.objects.filter(group__run=run, state=LeadMerge.State.MERGED)


def merge_groups(run: DuplicateRun) -> Iterator[None]:
    """One group after the other, each in a transaction of its own."""
    rows = DuplicateGroup.objects.filter(
        run=run, state=GroupState.OPEN, certainty__gte=run.merge_from
    ).order_by("-certainty", "pk")
    # A group that was dealt with is open no more: no other cursor is needed.
    while (group := rows.first()) is not None:
        with transaction.atomic():
            duplicate_work.hold(run)
            was_merged = _merge_if_same(run, group)
            _count(run, was_done=was_merged)
        yield
    _end(run)


def _merge_if_same(run: DuplicateRun, group: DuplicateGroup) -> bool:
    """Merge a group that is still what was found; otherwise it is over."""
    leads = leads_of(group)
    if len(leads) == group.size and _still_match(run, leads):
        try:
            with transaction.atomic():
                merging.merge(older_kept(leads, group=group.pk), by=run.merged_by)
        except MergeRefused:
            pass
        else:
            return True
    DuplicateGroup.objects.filter(pk=group.pk).update(state=GroupState.OVER)
    return False


def _still_match(run: DuplicateRun, leads: Sequence[Lead]) -> bool:
    """Whether every lead still matches another one, and nobody told two apart."""
    ids = [lead.pk for lead in leads]
    inside = set(ids)
    apart = not_duplicates(ids)
    if any(low in inside and high in inside for low, high in apart):
        return False
    known = duplicate_keys.persons(ids)
    rules = [rule_of(*one) for one in run.rules]
    return all(
        any(other != lead and match(known[lead], known[other], rules) for other in ids)
        for lead in ids
    )


def undo_groups(run: DuplicateRun) -> Iterator[None]:
    """Take the merges of the search back, the last one first."""
    after = run.cursor[0] if run.cursor else None
    while True:
        rows = merges_of(run).order_by("-pk")
        made = (rows if after is None else rows.filter(pk__lt=after)).first()
        if made is None:
            break
        after = made.pk
        with transaction.atomic():
            duplicate_work.hold(run)
            run.cursor = [made.pk]
            _count(run, was_done=_undo_one(made, by=run.merged_by))
        yield
    _end(run)


def _undo_one(made: LeadMerge, *, by: User | None) -> bool:
    try:
        with transaction.atomic():
            merging.undo(made.pk, by=by)
    except MergeRefused:
        return False
    return True


def _count(run: DuplicateRun, *, was_done: bool) -> None:
    DuplicateRun.objects.filter(pk=run.pk).update(
        done=F("done") + 1,
        merged=F("merged") + int(was_done),
        skipped=F("skipped") + int(not was_done),
        cursor=run.cursor,
    )


def _end(run: DuplicateRun) -> None:
    with transaction.atomic():
        duplicate_work.hold(run)
        DuplicateRun.objects.filter(pk=run.pk).update(
            state=State.READY, claimed_by="", due_at=None
        )


def check_least(text: str) -> int:
    """A certainty that a person typed; raises MergeRefused."""
    if not text.isdecimal() or not 1 <= int(text[:3]) <= 99:
        raise MergeRefused(_("The certainty lies between 1 and 99 %."))
    return int(text)
