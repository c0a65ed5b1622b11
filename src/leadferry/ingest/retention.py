"""How long submissions and notices are kept, and which submissions for longer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec
from django.db import connections
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from leadferry.accounts import purging
from leadferry.accounts.purging import Batch, Rule, Take, purge, purge_rows
from leadferry.accounts.settings import (
    DAYS_TO_KEEP_LOGS,
    DAYS_TO_KEEP_NOTICES,
    DAYS_TO_KEEP_SUBMISSIONS,
    days,
)
from leadferry.ingest import inbox
from leadferry.ingest.counting import SLOT_MS
from leadferry.ingest.latency import HOUR_MS
from leadferry.ingest.models import DoorCount, HeldBack, LeadFormResponse, StageTimes
from leadferry.ingest.routers import inbox as inbox_alias
from leadferry.integrations import queries as integrations
from leadferry.integrations.form_versions import schema_of
from leadferry.integrations.schema import submission
from leadferry.kit import clock
from leadferry.leads import holding
from leadferry.leads.columns import CatalogueColumn
from leadferry.leads.models import Fate, Lead, Registration
from leadferry.linkedin import wire
from leadferry.mapping.macro import MacroText, macro_lines

SUBMISSIONS, DISCARDED = "submissions", "discarded"
NOTICES, DOOR_COUNTS, STAGE_TIMES = "notices", "door-counts", "stage-times"
WAITS, PROBLEM, NOT_ALL, UNKNOWN = "waits", "problem", "not-all", "unknown"
# Why an old submission is kept.
REASONS = {
    WAITS: _("held back: it waits for a person"),
    PROBLEM: _("an answer of it is no value of its column and waits"),
    NOT_ALL: _("not every answer stands on the lead: edited there, or too long"),
    UNKNOWN: _("its form version is not known: what it answered cannot be told"),
}
_BATCH_BESIDE_NOTICES = 200


def _size() -> int:
    return _BATCH_BESIDE_NOTICES if inbox.is_busy() else purging.BATCH


def purge_notices() -> bool:
    """Notices that nobody works on any more, with what stood in unreadable ones."""
    rule = Rule(kind=NOTICES, days=days(DAYS_TO_KEEP_NOTICES), using=inbox_alias())

    def take(size: int) -> Batch:
        with connections[rule.using].cursor() as cursor:
            cursor.execute(
                # The literal state lets SQLite take the partial index; asked twice,
                # because one may be opened again meanwhile.
                "DELETE FROM ingest_notice WHERE state > 1 AND id IN ("
                "SELECT id FROM ingest_notice WHERE state > 1 AND received_at < %s "
                "AND (reopened_at IS NULL OR reopened_at < %s) "
                "ORDER BY received_at LIMIT %s)",
                [rule.before_ms, rule.before_ms, size],
            )
            purged = cursor.rowcount
        return Batch(purged=purged, is_last=purged == 0)

    return purge(rule, partial(partial, take), size=_size)


def purge_door_counts() -> bool:
    """What the door counted."""
    rule = Rule(kind=DOOR_COUNTS, days=days(DAYS_TO_KEEP_NOTICES), using=inbox_alias())
    old = DoorCount.objects.filter(slot__lt=rule.before_ms // SLOT_MS)
    return purge_rows(rule, old)


def purge_stage_times() -> bool:
    """How long leads took, by form and hour; what was ever counted stays a number."""
    rule = Rule(kind=STAGE_TIMES, days=days(DAYS_TO_KEEP_LOGS))
    old = StageTimes.objects.filter(hour__lt=rule.before_ms // HOUR_MS)
    return purge_rows(rule, old)


def purge_discarded() -> bool:
    """What was submitted and discarded; that it was, and why, stays."""
    rule = Rule(kind=DISCARDED, days=days(DAYS_TO_KEEP_SUBMISSIONS))
    old = _discarded_before(rule)

    def take(size: int) -> Batch:
        keys = list(old.order_by("-pk").values_list("pk", flat=True)[:size])
        purged = old.filter(pk__in=keys).update(raw=b"")
        return Batch(purged=purged, is_last=len(keys) < size)

    return purge(rule, partial(partial, take), size=_size)


def _discarded_before(rule: Rule) -> QuerySet[HeldBack]:
    # When it was submitted is not known of what nobody could read.
    old = Q(submitted_at__lt=rule.before_ms) | Q(submitted_at=None, at__lt=rule.before)
    return HeldBack.objects.filter(old, discarded_at__isnull=False).exclude(raw=b"")


def purge_submissions() -> bool:
    """Submissions older than the setting says, but for those that must stay."""
    rule = Rule(kind=SUBMISSIONS, days=days(DAYS_TO_KEEP_SUBMISSIONS))
    walk = _Walk(rule.before_ms)
    if not purge(rule, walk.look, size=_size):
        return False
    purging.note_kept(SUBMISSIONS, walk.kept)
    return True


@dataclass(frozen=True, kw_only=True)
class PurgedSubmission:
    """A submission that was kept for so many days."""

    submitted_at: datetime
    days: int


def purged_of(lead: Lead) -> list[PurgedSubmission]:
    """The submissions behind the lead that were purged, newest first."""
    ledger = Registration.objects.filter(lead_id=lead.pk)
    newest = {
        row.key: row.submitted_at for row in ledger if row.submitted_at is not None
    }
    rows = LeadFormResponse.objects.filter(urn_key__in=list(newest))
    stored = set(rows.values_list("urn_key", "submitted_at"))
    gone = sorted(at for key, at in newest.items() if (key, at) not in stored)
    took = [(at, purging.rule_that_took(SUBMISSIONS, at)) for at in reversed(gone)]
    return [
        PurgedSubmission(submitted_at=clock.from_ms(at), days=kept)
        for at, kept in took
        if kept is not None
    ]


class _Walk:
    """Along the index of each form, so that what is kept is looked at once a round."""

    def __init__(self, before_ms: int) -> None:
        self._before_ms = before_ms
        self._form: int | None = None
        # Submitted at, key: the last one looked at.
        self._place = (-1, 0)
        self._texts: dict[tuple[int, int], MacroText | None] = {}
        self._columns: Sequence[CatalogueColumn] = ()
        self.kept: Counter[str] = Counter()

    def look(self, size: int) -> Take:
        """Find the next rows and who may go; they are taken afterwards."""
        rows = self._next_rows(size)
        while not rows and self._next_form():
            rows = self._next_rows(size)
        if not rows:
            return lambda: Batch(purged=0, is_last=True)
        self._place = (rows[-1].submitted_at, rows[-1].pk)
        ledger = Registration.objects.in_bulk([row.urn_key for row in rows])
        leads = self._leads({one.lead_id or 0 for one in ledger.values()})
        self._learn_texts(rows)
        reasons = {row.pk: self._reason(row, ledger, leads) for row in rows}
        lead_of = {row.pk: _lead_of(row, ledger) for row in rows}
        return partial(self._take, reasons, lead_of, leads)

    def _take(
        self,
        reasons: Mapping[int, str],
        lead_of: Mapping[int, int],
        leads: Mapping[int, Lead],
    ) -> Batch:
        held = Lead.objects.select_for_update().filter(pk__in=leads).order_by("pk")
        now = dict(held.values_list("pk", "revision"))
        # Whose lead was changed since it was looked at is looked at in the next round.
        changed = {pk for pk, lead in leads.items() if now.get(pk) != lead.revision}
        sure = {row: why for row, why in reasons.items() if lead_of[row] not in changed}
        going = [row for row, why in sure.items() if not why]
        deleted = LeadFormResponse.objects.filter(pk__in=going).delete()[0]
        self.kept.update(why for why in sure.values() if why)
        return Batch(purged=deleted, is_last=False)

    def _leads(self, ids: set[int]) -> dict[int, Lead]:
        self._columns = holding.text_columns()
        fields = [column.field for column in self._columns if column.field]
        rows = Lead.objects.only("problems", "custom", "revision", *fields)
        return rows.in_bulk(ids)

    def _next_form(self) -> bool:
        forms = LeadFormResponse.objects.order_by("form_id")
        if self._form is not None:
            forms = forms.filter(form_id__gt=self._form)
        self._form = forms.values_list("form_id", flat=True).first()
        self._place = (-1, 0)
        return self._form is not None

    def _next_rows(self, size: int) -> list[LeadFormResponse]:
        if self._form is None:
            return []
        at, pk = self._place
        rows = LeadFormResponse.objects.filter(
            Q(submitted_at__gt=at) | Q(submitted_at=at, pk__gt=pk),
            form_id=self._form,
            submitted_at__gte=at,
            submitted_at__lt=self._before_ms,
        )
        return list(rows.order_by("submitted_at", "pk")[:size])

    def _reason(
        self,
        row: LeadFormResponse,
        ledger: Mapping[int, Registration],
        leads: Mapping[int, Lead],
    ) -> str:
        """Why it must stay; empty where nothing holds it."""
        known = ledger.get(row.urn_key)
        lead = leads.get(_lead_of(row, ledger))
        if lead is None:
            waits = known is not None and known.fate == Fate.HELD_BACK
            return WAITS if waits else ""
        if lead.problems:
            return PROBLEM
        text = self._text(row)
        if text is None:
            return UNKNOWN
        return "" if holding.holds(lead, text, self._columns) else NOT_ALL

    def _learn_texts(self, rows: Iterable[LeadFormResponse]) -> None:
        pairs = {(row.form_id, row.form_version) for row in rows} - set(self._texts)
        versions = integrations.versions_by_number(pairs) if pairs else {}
        for pair in pairs:
            version = versions.get(pair)
            self._texts[pair] = macro_lines(schema_of(version)) if version else None

    def _text(self, row: LeadFormResponse) -> str | None:
        """The whole submission as the macro writes it; none where it cannot."""
        lines = self._texts[row.form_id, row.form_version]
        if lines is None:
            return None
        try:
            given = submission(wire.decode_response(bytes(row.raw)))
        except msgspec.DecodeError:
            return None
        return "\n".join(lines(given))


def _lead_of(row: LeadFormResponse, ledger: Mapping[int, Registration]) -> int:
    known = ledger.get(row.urn_key)
    return (known.lead_id or 0) if known is not None else 0
