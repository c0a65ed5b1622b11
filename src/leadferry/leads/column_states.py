"""What leads hold in their columns, with the answers that wait or were settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from leadferry.leads.answers import GivenAnswer
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.lookups import LookupValues
from leadferry.leads.models import (
    AnsweredLead,
    ExtendedLeadInformation,
    Fate,
    Lead,
    Registration,
)
from leadferry.leads.value_tables import table_key
from leadferry.leads.values import as_text, as_typed, names_of_values, stored_value
from leadferry.mapping.fields import ColumnType


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that did not fit; `at` is its place among those of the lead."""

    kind: str
    label: str
    at: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnState:
    """A column of one lead; `value` as JSON, of a lookup the value's id and name."""

    value: object
    name: str = ""
    problem: Problem | None = None
    answers: tuple[GivenAnswer, ...] = ()

    @property
    def text(self) -> str:
        """The value as the history tells it."""
        return self.name or as_text(self.value)


@dataclass(frozen=True, slots=True)
class Submitted:
    """Which submission a lead was last written from."""

    at: int
    digest: int


class HeldLeads:
    """A batch of leads, locked until the transaction ends."""

    def __init__(self, ids: Iterable[int]) -> None:
        wanted = sorted(set(ids))
        self.columns = catalogue()
        self._lookups = LookupValues()
        self._lookups.refresh()
        # The ledger before the leads, each in one order, as a page of submissions
        # does: neither waits for the other, and none is submitted in between.
        self.newest = _newest(wanted)
        rows = Lead.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
        self.leads = {lead.pk: lead for lead in rows}
        extended = ExtendedLeadInformation.objects.filter(lead__in=wanted)
        self.mappings = dict(extended.values_list("lead_id", "mapping_version"))
        self._answers: dict[tuple[int, str], list[AnsweredLead]] = {}
        answered = AnsweredLead.objects.filter(lead__in=wanted).select_related("answer")
        for row in answered.order_by("pk"):
            key = (row.lead_id, row.answer.column)
            self._answers.setdefault(key, []).append(row)

    def answers_at(self, lead: int, code: str) -> Sequence[AnsweredLead]:
        """What was noted of the lead for this column."""
        return self._answers.get((lead, code), ())

    def state_of(self, lead: Lead, code: str) -> ColumnState:
        """What the lead holds there now."""
        return ColumnState(
            value=stored_value(lead, self.columns[code]),
            problem=_problem(lead, code),
            answers=tuple(_given(row) for row in self.answers_at(lead.pk, code)),
        )

    def is_same(self, one: ColumnState, other: ColumnState, code: str) -> bool:
        """Whether both are one to a reader, and for the answers that wait."""
        return (
            self.holds_same(one, other, code)
            and _without_place(one.problem) == _without_place(other.problem)
            and answer_keys(one.answers) == answer_keys(other.answers)
        )

    def holds_same(self, one: ColumnState, other: ColumnState, code: str) -> bool:
        """Whether both hold the same value."""
        return self._present(one.value, code) == self._present(other.value, code)

    def is_there(self, state: ColumnState, code: str) -> bool:
        """Whether the column can hold the value: of a lookup it may have gone."""
        held = as_typed(state.value, self.columns[code])
        return held is None or self._present(state.value, code) is not None

    def _present(self, stored: object, code: str) -> object:
        column = self.columns[code]
        value = as_typed(stored, column)
        if column.type is ColumnType.LOOKUP and isinstance(value, int):
            # Of two that were merged, either is the value.
            return self._lookups.find(column.lookup or "", value)
        return value


def _newest(leads: Sequence[int]) -> dict[int, Submitted]:
    # After a merge a lead stands for several submissions: the newest speaks.
    rows = Registration.objects.filter(lead_id__in=leads, fate=Fate.REGISTERED)
    locked = list(rows.order_by("pk").select_for_update())
    found: dict[int, Submitted] = {}
    for row in sorted(locked, key=lambda row: (row.submitted_at or 0, row.pk)):
        if row.lead_id is not None:
            found[row.lead_id] = Submitted(row.submitted_at or 0, row.digest or 0)
    return found


def _problem(lead: Lead, code: str) -> Problem | None:
    for at, row in enumerate(lead.problems):
        if row["column"] == code:
            return Problem(row["kind"], row["label"], at)
    return None


def _without_place(problem: Problem | None) -> Problem | None:
    return replace(problem, at=0) if problem is not None else None


def _given(row: AnsweredLead) -> GivenAnswer:
    answer = row.answer
    return GivenAnswer(
        column=answer.column,
        text=answer.text,
        kind=answer.kind,
        label=answer.label,
        written=row.value,
        is_kept=row.is_kept,
        is_told=answer.is_told,
        first_at=answer.first_at,
    )


def given_answers(leads: Sequence[int]) -> dict[int, list[GivenAnswer]]:
    """What was noted of the leads."""
    found: dict[int, list[GivenAnswer]] = {}
    rows = AnsweredLead.objects.filter(lead__in=leads).select_related("answer")
    for row in rows.order_by("pk"):
        found.setdefault(row.lead_id, []).append(_given(row))
    return found


def answer_keys(answers: Iterable[GivenAnswer]) -> set[tuple[str | None, str]]:
    """What tells the answers of one column apart."""
    return {(table_key(one.text), one.written) for one in answers}


def with_names(
    states: Sequence[tuple[str, ColumnState]], columns: Mapping[str, CatalogueColumn]
) -> list[ColumnState]:
    """The states with the names of the lookup values that they hold."""
    looked_up = {
        cast("int", state.value)
        for code, state in states
        if columns[code].type is ColumnType.LOOKUP and state.value is not None
    }
    names = names_of_values(looked_up) if looked_up else {}
    return [
        replace(state, name=names.get(cast("int", state.value), ""))
        if columns[code].type is ColumnType.LOOKUP and state.value is not None
        else state
        for code, state in states
    ]
