"""A mapping's values for leads that are there: compared, written, taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from leadferry.accounts.models import User
from leadferry.leads.answers import GivenAnswer
from leadferry.leads.column_states import (
    ColumnState,
    HeldLeads,
    Problem,
    Submitted,
    with_names,
)
from leadferry.leads.column_work import ColumnWork, Place
from leadferry.leads.models import (
    Lead,
    LeadChange,
)
from leadferry.leads.value_tables import table_key
from leadferry.leads.values import as_stored

_LAST = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a mapping makes of a lead's submission; it fills `columns`."""

    submitted: Submitted
    mapping: int
    columns: Sequence[str]
    values: Mapping[str, object]
    answers: Sequence[GivenAnswer]


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnChange:
    """One column of one lead before and after; `mapping`s are version ids."""

    lead: int
    column: str
    old: ColumnState
    new: ColumnState
    old_mapping: int
    new_mapping: int
    submitted: Submitted
    # A person edited the column: it is overwritten only where one ticked that.
    is_edited: bool

    @property
    def place(self) -> Place:
        """The lead and the column."""
        return self.lead, self.column


def compare(wanted: Mapping[int, Wanted]) -> list[ColumnChange]:
    """What the mapping would change of these leads, in the caller's transaction.

    A lead that has a newer submission than the one that was mapped is left out.
    """
    held = HeldLeads(wanted)
    found = []
    for lead in held.leads.values():
        made = wanted[lead.pk]
        if held.newest.get(lead.pk) != made.submitted:
            continue
        for code in made.columns:
            old = held.state_of(lead, code)
            new = _wished(held, made, code, old)
            is_edited = code in lead.edited_columns
            if is_edited:
                # Somebody has seen to what did not fit there.
                differs = code in made.values and not held.holds_same(old, new, code)
            else:
                differs = not held.is_same(old, new, code)
            if differs:
                found.append((lead, code, old, new, is_edited))
    olds = with_names([(code, old) for _, code, old, _, _ in found], held.columns)
    news = with_names([(code, new) for _, code, _, new, _ in found], held.columns)
    return [
        ColumnChange(
            lead=lead.pk,
            column=code,
            old=old,
            new=new,
            old_mapping=held.mappings.get(lead.pk, 0),
            new_mapping=wanted[lead.pk].mapping,
            submitted=wanted[lead.pk].submitted,
            is_edited=is_edited,
        )
        for (lead, code, _, _, is_edited), old, new in zip(
            found, olds, news, strict=True
        )
    ]


def _wished(held: HeldLeads, made: Wanted, code: str, old: ColumnState) -> ColumnState:
    """What the column would hold: where the mapping finds nothing, what is there."""
    answers = [
        one
        for one in made.answers
        if one.column == code and table_key(one.text) is not None
    ]
    waiting = [one for one in made.answers if one.column == code and not one.written]
    at = old.problem.at if old.problem is not None else _LAST
    value = old.value
    if code in made.values:
        value = as_stored(made.values[code], held.columns[code])
    return ColumnState(
        value=value,
        problem=Problem(waiting[0].kind, waiting[0].label, at) if waiting else None,
        answers=tuple(answers),
    )


def write(changes: Sequence[ColumnChange], *, by: User | None) -> set[Place]:
    """Write what was compared, in the caller's transaction; returns what was written.

    The rest changed since: another value, an edit, a submission, a mapping. All
    changes of one lead come together.
    """
    work = ColumnWork(_held(changes), kind=LeadChange.Kind.REPLAYED, by=by)
    for lead, its_own in _by_lead(changes, work.held):
        mapping = work.held.mappings.get(lead.pk)
        newest = work.held.newest.get(lead.pk)
        fresh = [
            one
            for one in its_own
            if one.old_mapping == mapping and one.submitted == newest
        ]
        written = [one for one in fresh if _write_one(work, lead, one)]
        if written:
            work.use_mapping(lead.pk, written[0].new_mapping)
            work.keep(lead)
    work.finish()
    return work.done


def _held(changes: Sequence[ColumnChange]) -> HeldLeads:
    return HeldLeads(change.lead for change in changes)


def _by_lead(
    changes: Sequence[ColumnChange], held: HeldLeads
) -> Iterable[tuple[Lead, list[ColumnChange]]]:
    """The leads that are there, with what is to be done to each."""
    ordered = sorted(changes, key=lambda change: change.place)
    for lead_id, its_own in groupby(ordered, key=lambda change: change.lead):
        lead = held.leads.get(lead_id)
        if lead is not None:
            # A column that was deleted meanwhile holds nothing any more.
            yield lead, [one for one in its_own if one.column in held.columns]


def _write_one(work: ColumnWork, lead: Lead, change: ColumnChange) -> bool:
    code = change.column
    if (code in lead.edited_columns) is not change.is_edited:
        return False
    if not work.move(lead, code, change.old, change.new):
        return False
    # What a person ticked is the mapping's again.
    lead.edited_columns = [one for one in lead.edited_columns if one != code]
    return True


def take_back(changes: Sequence[ColumnChange], *, by: User | None) -> set[Place]:
    """Give back what was there before `write`; returns where that was done.

    Where a person or an import wrote since, theirs stays. In the caller's
    transaction, all changes of one lead together.
    """
    work = ColumnWork(_held(changes), kind=LeadChange.Kind.REPLAY_UNDONE, by=by)
    for lead, its_own in _by_lead(changes, work.held):
        back = [one for one in its_own if _take_one_back(work, lead, one)]
        if back:
            work.keep(lead)
        is_whole = len(back) == len(its_own)
        if is_whole and work.held.mappings.get(lead.pk) == its_own[0].new_mapping:
            work.use_mapping(lead.pk, its_own[0].old_mapping)
    work.finish()
    return work.done


def _take_one_back(work: ColumnWork, lead: Lead, change: ColumnChange) -> bool:
    code = change.column
    if code in lead.edited_columns:
        return False
    if not work.move(lead, code, change.new, change.old):
        return False
    if change.is_edited:
        lead.edited_columns = sorted({*lead.edited_columns, code})
    return True
