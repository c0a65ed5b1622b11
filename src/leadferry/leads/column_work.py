"""Columns of a batch of leads move from one state to another, all alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F

from leadferry.accounts.models import User
from leadferry.kit import clock
from leadferry.leads import duplicate_keys
from leadferry.leads.answers import GivenAnswer, forget_some, note_answers
from leadferry.leads.column_states import (
    ColumnState,
    HeldLeads,
    Problem,
    answer_keys,
)
from leadferry.leads.models import ExtendedLeadInformation, Lead, LeadChange
from leadferry.leads.values import put_stored

Place = tuple[int, str]


@dataclass
class _Pending:
    saved: list[Lead] = field(default_factory=list)
    fields: dict[int, set[str]] = field(default_factory=dict)
    problems: dict[int, dict[str, Problem | None]] = field(default_factory=dict)
    told: dict[int, dict[str, dict[str, str]]] = field(default_factory=dict)
    mappings: dict[int, list[int]] = field(default_factory=dict)
    forgotten: list[int] = field(default_factory=list)
    noted: list[tuple[int, GivenAnswer]] = field(default_factory=list)


class ColumnWork:
    """Moves columns of a batch of leads from one state to another."""

    def __init__(self, held: HeldLeads, *, kind: str, by: User | None) -> None:
        self.held = held
        self.done: set[Place] = set()
        self._kind = kind
        self._by = by
        self._to = _Pending()

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
