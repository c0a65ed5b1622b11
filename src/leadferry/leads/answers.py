"""Leads and the answers that were no value by themselves: noted, brought in line."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from leadferry.alerts import services as alerts
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.leads import bulk, duplicate_keys
from leadferry.leads.columns import CatalogueColumn, catalogue, mapping_columns
from leadferry.leads.lookups import LookupValues
from leadferry.leads.models import (
    AnsweredLead,
    AnswerText,
    Lead,
    LeadChange,
)
from leadferry.leads.stock import registration_defaults
from leadferry.leads.value_tables import LONGEST_TEXT, table_key
from leadferry.leads.values import read_value, texts_of, write_value
from leadferry.mapping.compile import constant_value
from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import ColumnType

BATCH = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenAnswer:
    """An answer that is no value by itself; `written` is what a table made of it."""

    column: str
    text: str
    kind: str
    label: str
    written: str = ""
    # Of one that is given back to its lead: what was known of it before.
    is_kept: bool = False
    is_told: bool = False
    first_at: datetime | None = None


def note_answers(given: Iterable[tuple[int, GivenAnswer]]) -> None:
    """Keep which lead gave which answer, in the caller's transaction.

    An answer that was settled or taken back since the page was mapped becomes due.
    """
    uses: dict[tuple[str, str], dict[int, GivenAnswer]] = {}
    for lead, answer in given:
        key = table_key(answer.text)
        if key is not None:
            uses.setdefault((answer.column, key), {})[lead] = answer
    if not uses:
        return
    now = bulk.adapt(clock.now())
    stored: dict[tuple[str, str], AnswerText] = {}
    while missing := [pair for pair in sorted(uses) if pair not in stored]:
        rows = [_row(pair, uses[pair], now) for pair in missing]
        bulk.insert_missing(table="leads_answertext", columns=_COLUMNS, rows=rows)
        # One that was there may go with its last lead before it is ours.
        stored |= _locked(missing)
    bulk.insert(
        table="leads_answeredlead",
        columns=("answer_id", "lead_id", "value", "is_kept"),
        rows=[
            (stored[pair].pk, lead, answer.written, answer.is_kept)
            for pair in sorted(uses)
            for lead, answer in sorted(uses[pair].items())
        ],
    )
    for pair, leads in uses.items():
        if not stored[pair].kind:
            # It was in the table before anybody gave it.
            first = next(iter(leads.values()))
            named = {"kind": first.kind, "label": first.label[:LONGEST_TEXT]}
            AnswerText.objects.filter(pk=stored[pair].pk).update(**named)
    _count({stored[pair].pk: len(leads) for pair, leads in uses.items()})
    late = [
        stored[pair].pk
        for pair, leads in uses.items()
        if any(answer.written != stored[pair].value for answer in leads.values())
    ]
    AnswerText.objects.filter(pk__in=late).update(is_due=True)


_COLUMNS = (
    "column", "text_key", "text", "kind", "label", "leads", "value", "is_due",
    "is_told", "first_at",
)  # fmt: skip


def _row(
    pair: tuple[str, str], leads: Mapping[int, GivenAnswer], now: object
) -> bulk.Row:
    first = next(iter(leads.values()))
    label = first.label[:LONGEST_TEXT]
    at = bulk.adapt(first.first_at) if first.first_at is not None else now
    return (
        *pair, first.text, first.kind, label, 0, "", False, first.is_told, at,
    )  # fmt: skip


def _locked(uses: Iterable[tuple[str, str]]) -> dict[tuple[str, str], AnswerText]:
    by_column: dict[str, list[str]] = {}
    for column, key in sorted(uses):
        by_column.setdefault(column, []).append(key)
    found = {}
    for column, keys in by_column.items():
        for start in range(0, len(keys), BATCH):
            rows = AnswerText.objects.filter(
                column=column, text_key__in=keys[start : start + BATCH]
            )
            # In one order, so that two pages never wait for each other.
            for row in rows.order_by("pk").select_for_update():
                found[column, row.text_key] = row
    return found


def _count(more: Mapping[int, int]) -> None:
    by_number: dict[int, list[int]] = {}
    for answer, number in more.items():
        by_number.setdefault(number, []).append(answer)
    for number, answers in by_number.items():
        for start in range(0, len(answers), BATCH):
            rows = AnswerText.objects.filter(pk__in=answers[start : start + BATCH])
            rows.update(leads=F("leads") + number)


def forget_answers(leads: Sequence[int]) -> None:
    """The leads' answers are theirs no more; what nobody gave and settled goes."""
    _forget(AnsweredLead.objects.filter(lead__in=leads))


def forget_some(ids: Sequence[int]) -> None:
    """As `forget_answers`, of these answers of leads only."""
    _forget(AnsweredLead.objects.filter(pk__in=ids))


def _forget(held: QuerySet[AnsweredLead]) -> None:
    counts = Counter(held.values_list("answer_id", flat=True))
    if not counts:
        return
    # In one order, so that two pages never wait for each other.
    answers = AnswerText.objects.filter(pk__in=list(counts))
    list(answers.order_by("column", "pk").select_for_update().values_list("pk"))
    held.delete()
    _count({answer: -number for answer, number in counts.items()})
    answers.filter(leads=0, value="").delete()
    # Under which question it was met is told by the next lead that gives it.
    answers.filter(leads=0).exclude(kind="", label="").update(kind="", label="")


def due_answers() -> list[int]:
    """The answers some of whose leads do not hold what was settled."""
    found = AnswerText.objects.filter(is_due=True)
    return list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def bring_in_line(answer_id: int) -> bool:
    """Write what was settled to the next batch of leads; False when none is left.

    A column that a person edited stays theirs. Killed at any moment, it goes on
    from where it was.
    """
    hold_fence()
    behind = AnsweredLead.objects.filter(answer=answer_id).exclude(
        value=F("answer__value")
    )
    next_ones = list(
        behind.order_by("lead_id").values_list("lead_id", flat=True)[:BATCH]
    )
    # Leads first, then the answer, as a page of submissions does.
    leads = Lead.objects.select_for_update().filter(pk__in=next_ones)
    held = {lead.pk: lead for lead in leads.order_by("pk")}
    answer = AnswerText.objects.select_for_update().filter(pk=answer_id).first()
    if answer is None:
        return False
    rows = list(behind.filter(lead__in=held).order_by("lead_id"))
    _write_all(answer, [(row, held[row.lead_id]) for row in rows])
    if next_ones or behind.exists():
        return True
    AnswerText.objects.filter(pk=answer.pk).update(is_due=False)
    return False


def _write_all(answer: AnswerText, pairs: Sequence[tuple[AnsweredLead, Lead]]) -> None:
    if not pairs:
        return
    writer = _Writer(answer, catalogue()[answer.column])
    for row, lead in pairs:
        row.is_kept = not writer.write(lead, before=row.value)
    writer.finish()
    for is_kept in (True, False):
        chosen = [row.pk for row, _lead in pairs if row.is_kept is is_kept]
        AnsweredLead.objects.filter(pk__in=chosen).update(
            value=answer.value, is_kept=is_kept
        )


def tell_of_waiting() -> None:
    """A message to the role for the answers that nobody was told of yet."""
    untold = AnswerText.objects.filter(is_told=False, value="")
    rows = list(untold.order_by("-leads", "-pk")[:BATCH])
    if not rows:
        return
    columns = catalogue()
    shown = ", ".join(
        f"“{row.text[:60]}” ({columns[row.column].caption})"
        for row in rows[:3]
        if row.column in columns
    )
    AnswerText.objects.filter(pk__in=[row.pk for row in rows]).update(is_told=True)
    alerts.tell(
        topic="answers-waiting",
        title=_("Answers wait for a value"),
        text=_(
            "Their leads are registered with everything else. Choose once what an "
            "answer means, and these leads are completed: %(answers)s."
        )
        % {"answers": shown + (", …" if len(rows) > 3 else "")},
    )


class _Writer:
    """Writes one settled value, or takes it back, lead by lead."""

    def __init__(self, answer: AnswerText, column: CatalogueColumn) -> None:
        self._answer = answer
        self._column = column
        self._lookups = LookupValues()
        self._lookups.refresh()
        self._empty = registration_defaults().get(column.code, column.empty)
        self._new = self._typed(answer.value)
        self._problem = {
            "column": column.code,
            "kind": answer.kind,
            "label": answer.label,
        }
        self._texts: dict[object, str] = {}
        self._leads: list[Lead] = []
        self._changes: list[LeadChange] = []

    def _typed(self, written: str) -> object:
        if not written:
            return self._empty
        column = mapping_columns({self._column.code: self._column})[self._column.code]
        try:
            return constant_value(written, column, self._lookups)
        except MappingError:
            # What it was once is none any more.
            return self._empty

    def write(self, lead: Lead, *, before: str) -> bool:
        """False where the lead's value is not ours to change."""
        column, code = self._column, self._column.code
        held = read_value(lead, column)
        # Of two that were merged, either is the value that was written.
        same = self._present(held) == self._typed(before)
        is_kept = code in lead.edited_columns or (before != "" and not same)
        if is_kept:
            self._note(lead, held, kept=True)
            return False
        if held != self._new:
            self._note(lead, held, kept=False)
            write_value(lead, column, self._new)
        lead.problems = [row for row in lead.problems if row["column"] != code]
        if not self._answer.value:
            lead.problems.append(self._problem)
        self._leads.append(lead)
        return True

    def _present(self, held: object) -> object:
        if self._column.type is ColumnType.LOOKUP and isinstance(held, int):
            return self._lookups.find(self._column.lookup or "", held)
        return held

    def _note(self, lead: Lead, held: object, *, kept: bool) -> None:
        code = self._column.code
        change: dict[str, str | bool] = {
            "old": self._text(held),
            "new": self._text(self._new),
        }
        if kept:
            change["kept"] = True
        self._changes.append(
            LeadChange(
                lead=lead,
                kind=LeadChange.Kind.SETTLED,
                by=self._answer.by,
                columns={code: change},
            )
        )

    def _text(self, value: object) -> str:
        if value not in self._texts:
            code = self._column.code
            told = texts_of({code: value}, {code: self._column})
            self._texts[value] = told[code]
        return self._texts[value]

    def finish(self) -> None:
        """Store what was written."""
        field = self._column.field or "custom"
        alike: dict[str, list[Lead]] = {}
        for lead in self._leads:
            held = json.dumps([lead.problems, lead.custom], sort_keys=True)
            alike.setdefault(held, []).append(lead)
        # Most are alike in what is written, so that one statement does for many.
        for leads in alike.values():
            Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(
                **{field: getattr(leads[0], field)},
                problems=leads[0].problems,
                revision=F("revision") + 1,
                modified_at=clock.now(),
            )
        LeadChange.objects.bulk_create(self._changes)
        duplicate_keys.follow([lead.pk for lead in self._leads])
