"""A mapping's values for leads that are there: compared, written, taken back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.db.models import F

from leadferry.accounts.models import User
from leadferry.kit import clock
from leadferry.leads import duplicate_keys
from leadferry.leads.answers import GivenAnswer, forget_some, note_answers
from leadferry.leads.column_states import (
    ColumnState,
    HeldLeads,
    Problem,
    Submitted,
    answer_keys,
    with_names,
)
from leadferry.leads.models import (
    ExtendedLeadInformation,
    Lead,
    LeadChange,
)
from leadferry.leads.value_tables import table_key
from leadferry.leads.values import as_stored, put_stored

Place = tuple[int, str]
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
    work = _Work(changes, kind=LeadChange.Kind.REPLAYED, by=by)
    for lead, its_own in work.by_lead():
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


def _write_one(work: "_Work", lead: Lead, change: ColumnChange) -> bool:
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
    work = _Work(changes, kind=LeadChange.Kind.REPLAY_UNDONE, by=by)
    for lead, its_own in work.by_lead():
        back = [one for one in its_own if _take_one_back(work, lead, one)]
        if back:
            work.keep(lead)
        is_whole = len(back) == len(its_own)
        if is_whole and work.held.mappings.get(lead.pk) == its_own[0].new_mapping:
            work.use_mapping(lead.pk, its_own[0].old_mapping)
    work.finish()
    return work.done


def _take_one_back(work: "_Work", lead: Lead, change: ColumnChange) -> bool:
    code = change.column
    if code in lead.edited_columns:
        return False
    if not work.move(lead, code, change.new, change.old):
        return False
    if change.is_edited:
        lead.edited_columns = sorted({*lead.edited_columns, code})
    return True


@dataclass
class _Pending:
    saved: list[Lead] = field(default_factory=list)
    fields: dict[int, set[str]] = field(default_factory=dict)
    problems: dict[int, dict[str, Problem | None]] = field(default_factory=dict)
    told: dict[int, dict[str, dict[str, str]]] = field(default_factory=dict)
    mappings: dict[int, list[int]] = field(default_factory=dict)
    forgotten: list[int] = field(default_factory=list)
    noted: list[tuple[int, GivenAnswer]] = field(default_factory=list)


class _Work:
    """Moves columns of a batch of leads from one state to another."""

    def __init__(
        self, changes: Sequence[ColumnChange], *, kind: str, by: User | None
    ) -> None:
        self._changes = sorted(changes, key=lambda change: change.place)
        self._kind = kind
        self._by = by
        self._to = _Pending()
        self.held = HeldLeads(change.lead for change in changes)
        self.done: set[Place] = set()

    def by_lead(self) -> Iterable[tuple[Lead, list[ColumnChange]]]:
        """The leads that are there, with what is to be done to each."""
        for lead_id, its_own in groupby(self._changes, key=lambda change: change.lead):
            lead = self.held.leads.get(lead_id)
            if lead is not None:
                # A column that was deleted meanwhile holds nothing any more.
                known = [one for one in its_own if one.column in self.held.columns]
                yield lead, known

    def move(self, lead: Lead, code: str, old: ColumnState, new: ColumnState) -> bool:
        """Set the column; False where it does not hold `old`, or cannot hold `new`."""
        held, now = self.held, self.held.state_of(lead, code)
        if not held.is_same(now, old, code) or not held.is_there(new, code):
            return False
        column = held.columns[code]
        fields = self._to.fields.setdefault(lead.pk, set())
        if not held.holds_same(old, new, code):
            put_stored(lead, column, new.value)
            fields.add(column.field or "custom")
            told = self._to.told.setdefault(lead.pk, {})
            told[code] = {"old": old.text, "new": new.text}
        if old.problem != new.problem:
            self._to.problems.setdefault(lead.pk, {})[code] = new.problem
            fields.add("problems")
        if answer_keys(old.answers) != answer_keys(new.answers):
            rows = held.answers_at(lead.pk, code)
            self._to.forgotten += [row.pk for row in rows]
            self._to.noted += [(lead.pk, one) for one in new.answers]
        self.done.add((lead.pk, code))
        return True

    def use_mapping(self, lead: int, mapping: int) -> None:
        """The lead was last written with this mapping version."""
        self._to.mappings.setdefault(mapping, []).append(lead)

    def keep(self, lead: Lead) -> None:
        """The lead is saved at the end."""
        if lead.pk in self._to.problems:
            lead.problems = _with_problems(lead.problems, self._to.problems[lead.pk])
        self._to.saved.append(lead)

    def finish(self) -> None:
        """Store everything; answers last, as a page of submissions does."""
        now = clock.now()
        self._save_leads(now)
        for mapping, leads in self._to.mappings.items():
            extended = ExtendedLeadInformation.objects.filter(lead__in=leads)
            extended.update(mapping_version=mapping)
        LeadChange.objects.bulk_create(
            LeadChange(
                lead=lead,
                kind=self._kind,
                at=now,
                by=self._by,
                columns=self._to.told.get(lead.pk, {}),
            )
            for lead in self._to.saved
        )
        duplicate_keys.follow([lead.pk for lead in self._to.saved])
        forget_some(self._to.forgotten)
        note_answers(self._to.noted)

    def _save_leads(self, now: datetime) -> None:
        alike: dict[str, list[int]] = {}
        written: dict[str, dict[str, object]] = {}
        for lead in self._to.saved:
            fields = sorted(self._to.fields.get(lead.pk, ()))
            values = {name: getattr(lead, name) for name in fields}
            values["edited_columns"] = lead.edited_columns
            key = json.dumps(values, default=str, sort_keys=True)
            written[key] = values
            alike.setdefault(key, []).append(lead.pk)
        # Many are alike in what is written, so that one statement does for them.
        for key, leads in alike.items():
            Lead.objects.filter(pk__in=leads).update(
                **written[key], revision=F("revision") + 1, modified_at=now
            )


def _with_problems(
    rows: Sequence[dict[str, str]], changed: Mapping[str, Problem | None]
) -> list[dict[str, str]]:
    kept = [row for row in rows if row["column"] not in changed]
    given = [(code, one) for code, one in changed.items() if one is not None]
    # In the order of their places, so that each finds the ones before it.
    for code, one in sorted(given, key=lambda pair: pair[1].at):
        kept.insert(one.at, {"column": code, "kind": one.kind, "label": one.label})
    return kept
