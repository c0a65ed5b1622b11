"""Leads become one, and may become several again: nothing of any is lost.

What a merge takes in stays in its row, out of every list; its submissions stand for
the lead that is kept, so that a repeat, a sync or a replay finds that one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.leads import duplicate_keys
from leadferry.leads.answers import GivenAnswer, forget_answers, note_answers
from leadferry.leads.column_states import (
    ColumnState,
    HeldLeads,
    given_answers,
    with_names,
)
from leadferry.leads.column_work import ColumnWork
from leadferry.leads.duplicate_models import DuplicateGroup, LeadMerge, MergedLead
from leadferry.leads.models import (
    ExtendedLeadInformation,
    Lead,
    LeadChange,
    Registration,
)
from leadferry.leads.values import as_typed

_EXTENDED = (
    "linkedin_lead_id", "ad_account", "form_id", "form_version", "mapping_version",
    "campaign_group_id", "campaign_id", "creative_id", "came_by", "submitted_at",
    "is_test",
)  # fmt: skip


class MergeRefused(RejectedError):
    """The leads are not those that the person saw any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The lead that is kept, those it takes in, and what a person chose.

    Without a choice a column keeps what it holds; an empty one takes what the first
    of the others holds.
    """

    keep: int
    absorb: Sequence[int]
    # Column -> the lead whose value it takes.
    choices: Mapping[str, int]
    # As the person saw them; of a lead that is not named any will do.
    revisions: Mapping[int, int]
    group: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A column of the kept lead before and after a merge."""

    code: str
    source: int
    old: ColumnState
    new: ColumnState
    is_edited: bool


@transaction.atomic
def merge(plan: Plan, *, by: User | None) -> LeadMerge:
    """Make one of them; raises MergeRefused where one changed or went meanwhile."""
    held = HeldLeads([plan.keep, *plan.absorb])
    _check(plan, held)
    lead = held.leads[plan.keep]
    taken = what_is_taken(plan, held)
    work = ColumnWork(held, kind=LeadChange.Kind.MERGED, by=by)
    changes = {}
    for one in taken:
        was_edited = one.code in lead.edited_columns
        if work.move(lead, one.code, one.old, one.new):
            _set_edited(lead, one.code, to=one.is_edited)
            changes[one.code] = {
                "old": msgspec.to_builtins(one.old),
                "new": msgspec.to_builtins(one.new),
                "was_edited": was_edited,
                "is_edited": one.is_edited,
            }
    work.keep(lead)
    work.finish()
    made = LeadMerge.objects.create(
        lead=lead,
        choices=dict(plan.choices),
        changes=changes,
        submitted_at=clock.to_ms(lead.submitted_at),
        change=_last_change(lead.pk),
        group=DuplicateGroup.objects.filter(pk=plan.group or 0).first(),
        by=by,
    )
    _take_in(made, [held.leads[one] for one in plan.absorb])
    DuplicateGroup.objects.filter(pk=plan.group or 0).update(
        state=DuplicateGroup.State.MERGED
    )
    audit.record(
        "leads merged", subject=str(lead.pk), by=by, details={"merge": made.pk}
    )
    return made


def _check(plan: Plan, held: HeldLeads) -> None:
    wanted = {plan.keep, *plan.absorb}
    if len(wanted) < 2 or plan.keep in plan.absorb:
        raise MergeRefused(_("Choose at least two leads."))
    there = {pk for pk, lead in held.leads.items() if lead.merged_into_id is None}
    if wanted - there:
        raise MergeRefused(
            _("One of these leads was merged or deleted meanwhile. Look again.")
        )
    changed = [
        pk
        for pk, revision in plan.revisions.items()
        if pk in wanted and held.leads[pk].revision != revision
    ]
    if changed:
        raise MergeRefused(
            _("Somebody changed one of these leads meanwhile. Look again.")
        )


def what_is_taken(plan: Plan, held: HeldLeads) -> list[Taken]:
    """The columns that the kept lead takes from others."""
    lead = held.leads[plan.keep]
    found = []
    for code in held.columns:
        old = held.state_of(lead, code)
        source = plan.choices.get(code) or _default(plan, held, code, old)
        if source == plan.keep or source not in held.leads:
            continue
        new = held.state_of(held.leads[source], code)
        if held.is_same(old, new, code):
            continue
        # A person decided against what stood there: no import decides otherwise.
        decided = code in plan.choices and not _is_nothing(held, old, code)
        is_edited = decided or code in held.leads[source].edited_columns
        found.append(
            Taken(code=code, source=source, old=old, new=new, is_edited=is_edited)
        )
    olds = with_names([(one.code, one.old) for one in found], held.columns)
    news = with_names([(one.code, one.new) for one in found], held.columns)
    return [
        Taken(
            code=one.code, source=one.source, old=old, new=new, is_edited=one.is_edited
        )
        for one, old, new in zip(found, olds, news, strict=True)
    ]


def _is_nothing(held: HeldLeads, state: ColumnState, code: str) -> bool:
    column = held.columns[code]
    return as_typed(state.value, column) == column.empty


def _default(plan: Plan, held: HeldLeads, code: str, own: ColumnState) -> int:
    if not _is_nothing(held, own, code):
        return plan.keep
    others = [(one, held.state_of(held.leads[one], code)) for one in plan.absorb]
    for one, state in others:
        if not _is_nothing(held, state, code):
            return one
    if not own.answers and own.problem is None:
        for one, state in others:
            # An answer that waits for its value waits on.
            if state.answers or state.problem is not None:
                return one
    return plan.keep


def _set_edited(lead: Lead, code: str, *, to: bool) -> None:
    others = [one for one in lead.edited_columns if one != code]
    lead.edited_columns = sorted([*others, code]) if to else others


def _last_change(lead: int) -> int:
    rows = LeadChange.objects.filter(lead=lead).order_by("-pk")
    return rows.values_list("pk", flat=True).first() or 0


def _take_in(made: LeadMerge, absorbed: Sequence[Lead]) -> None:
    ids = [lead.pk for lead in absorbed]
    answers = given_answers(ids)
    for lead in absorbed:
        extended = ExtendedLeadInformation.objects.get(pk=lead.pk)
        ledger = Registration.objects.filter(lead_id=lead.pk).order_by("pk")
        MergedLead.objects.create(
            merge=made,
            lead=lead,
            extended={name: getattr(extended, name) for name in _EXTENDED},
            registrations=[
                list(row) for row in ledger.values_list("pk", "submitted_at", "digest")
            ],
            answers=msgspec.to_builtins(answers.get(lead.pk, [])),
        )
        extended.delete()
    forget_answers(ids)
    Registration.objects.filter(lead_id__in=ids).update(lead_id=made.lead_id)
    Lead.objects.filter(pk__in=ids).update(merged_into=made.lead_id)
    newest = max(clock.to_ms(lead.submitted_at) for lead in absorbed)
    _set_submitted(made.lead_id, max(newest, made.submitted_at))
    duplicate_keys.follow(ids)


def _set_submitted(lead: int, at: int) -> None:
    Lead.objects.filter(pk=lead).update(submitted_at=clock.from_ms(at))
    ExtendedLeadInformation.objects.filter(pk=lead).update(submitted_at=at)


@transaction.atomic
def undo(merge_id: int, *, by: User | None) -> LeadMerge:
    """The leads are as they were; what was changed since the merge stays so.

    Raises MergeRefused where it cannot be taken back now, with what to do first.
    """
    made = LeadMerge.objects.select_for_update().get(pk=merge_id)
    if made.state != LeadMerge.State.MERGED:
        raise MergeRefused(_("This merge was taken back already."))
    lead = Lead.objects.get(pk=made.lead_id)
    if lead.merged_into_id is not None:
        raise MergeRefused(
            _("The lead became part of another one since: take that merge back first.")
        )
    if newest_merge(lead.pk) != made:
        raise MergeRefused(
            _("The lead took in others since: take the later merge back first.")
        )
    take_apart(made, by=by)
    DuplicateGroup.objects.filter(pk=made.group_id or 0).update(
        state=DuplicateGroup.State.OPEN
    )
    made.undone_by = by
    made.save(update_fields=["undone_by"])
    audit.record(
        "merge undone", subject=str(lead.pk), by=by, details={"merge": made.pk}
    )
    return made


def newest_merge(lead: int) -> LeadMerge | None:
    """The last merge of a lead that was not taken back."""
    rows = LeadMerge.objects.filter(lead=lead, state=LeadMerge.State.MERGED)
    return rows.order_by("-pk").first()


def take_apart(made: LeadMerge, *, by: User | None) -> None:
    """Give every lead of a merge back what was its own, in the caller's transaction."""
    rows = list(MergedLead.objects.filter(merge=made).order_by("lead_id"))
    ids = [row.lead_id for row in rows]
    held = HeldLeads([made.lead_id, *ids])
    lead = held.leads[made.lead_id]
    work = ColumnWork(held, kind=LeadChange.Kind.UNMERGED, by=by)
    for code, change in made.changes.items():
        if code not in held.columns:
            continue
        old, new = (msgspec.convert(change[name], ColumnState) for name in _SIDES)
        if (code in lead.edited_columns) is not change["is_edited"]:
            continue
        if work.move(lead, code, new, old):
            _set_edited(lead, code, to=change["was_edited"])
    work.keep(lead)
    work.finish()
    for row in rows:
        _give_back(row, kept=made.lead_id)
    Lead.objects.filter(pk__in=ids).update(merged_into=None)
    _set_submitted(made.lead_id, _newest_of(made.lead_id) or made.submitted_at)
    duplicate_keys.follow(ids)
    MergedLead.objects.filter(merge=made).delete()
    made.state, made.undone_at = LeadMerge.State.UNDONE, clock.now()
    # Nothing of the leads stays with a merge that is over.
    made.changes, made.choices = {}, {}
    made.save()


_SIDES = ("old", "new")


def _newest_of(lead: int) -> int | None:
    ledger = Registration.objects.filter(lead_id=lead).exclude(submitted_at=None)
    return (
        ledger.order_by("-submitted_at").values_list("submitted_at", flat=True).first()
    )


def _give_back(row: MergedLead, *, kept: int) -> None:
    ExtendedLeadInformation.objects.create(lead_id=row.lead_id, **row.extended)
    for key, submitted_at, digest in row.registrations:
        ledger = Registration.objects.filter(pk=key, lead_id=kept)
        # Submitted anew since: what was said then is on the kept lead. Without its
        # digest the next reading of it counts, and this lead gets it, too.
        anew = ledger.exclude(submitted_at=submitted_at, digest=digest)
        anew.update(lead_id=row.lead_id, digest=None)
        ledger.update(lead_id=row.lead_id)
    answers = msgspec.convert(row.answers, list[GivenAnswer])
    note_answers((row.lead_id, one) for one in answers)


def is_of(made: LeadMerge, key: int) -> bool:
    """Whether a submission came into the lead with this merge."""
    rows = MergedLead.objects.filter(merge=made).values_list("registrations", flat=True)
    return any(key == one[0] for some in rows for one in some)
