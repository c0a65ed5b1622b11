"""Reads of replays: how far each is, its values page by page, and as CSV rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from leadferry.integrations.models import Integration, LeadForm, MappingVersion
from leadferry.kit import clock
from leadferry.leads.column_states import ColumnState
from leadferry.leads.columns import catalogue
from leadferry.sync.models import ReplayBatch, ReplayChange
from leadferry.sync.queries import Progress

PAGE_SIZE = 50
BATCHES = 20
_CSV_PAGE = 1_000
_MOST_VERSIONS = 200
_TELLING_MS = 2_000
_PATIENCE_MS = 30_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeFilter:
    """Which values of a preview: of one column, edited by a person, left alone."""

    column: str = ""
    is_edited: bool | None = None
    is_left: bool = False

    def of(self, batch: ReplayBatch) -> QuerySet[ReplayChange]:
        """The batch's values that it names."""
        rows = ReplayChange.objects.filter(batch=batch)
        if self.column:
            rows = rows.filter(column=self.column)
        if self.is_edited is not None:
            rows = rows.filter(is_edited=self.is_edited)
        if self.is_left:
            rows = rows.filter(is_left=True)
        return rows


@dataclass(frozen=True, kw_only=True)
class ColumnCount:
    """How many values of one column differ, a person edited, are ticked."""

    code: str
    caption: str
    values: int
    edited: int
    ticked: int


@dataclass(frozen=True, kw_only=True)
class ShownChange:
    """One value of a replay in words."""

    id: int
    lead: int
    name: str
    caption: str
    old: str
    new: str
    # What becomes of the answer where the value alone does not tell.
    note: str
    is_edited: bool
    is_included: bool
    state: str


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """Values in the order of their leads; `next` is where the next page begins."""

    rows: Sequence[ShownChange]
    next: str


def find_replay(batch_id: int) -> ReplayBatch | None:
    """One replay with what its page names."""
    batches = ReplayBatch.objects.select_related(
        "integration__ad_account", "mapping_version", "by", "applied_by", "undone_by"
    )
    return batches.filter(pk=batch_id).first()


def replays_of(integration: Integration) -> Sequence[ReplayBatch]:
    """The newest replays of an integration."""
    batches = ReplayBatch.objects.filter(integration=integration)
    return list(batches.select_related("by").order_by("-pk")[:BATCHES])


def versions_to_choose(integration: Integration) -> Sequence[MappingVersion]:
    """The mapping versions of the integration and its forms, newest first."""
    versions = MappingVersion.objects.filter(integration=integration)
    named = versions.select_related("form__lookup_value", "by")
    return list(named.order_by("-pk")[:_MOST_VERSIONS])


def used_mappings(batch: ReplayBatch) -> list[tuple[LeadForm, MappingVersion | None]]:
    """The forms with the mapping version that is used for each."""
    versions = MappingVersion.objects.in_bulk(set(batch.mappings.values()))
    forms = batch.forms.select_related("lookup_value").order_by("lookup_value__name")
    return [
        (form, versions.get(batch.mappings.get(str(form.form_id), 0))) for form in forms
    ]


def counts_of(batch: ReplayBatch) -> list[ColumnCount]:
    """What was counted of each column, in the order of the catalogue."""
    columns = catalogue()
    known = [code for code in columns if code in batch.counts]
    others = [code for code in batch.counts if code not in columns]
    return [
        ColumnCount(
            code=code,
            caption=str(columns[code].caption) if code in columns else code,
            values=batch.counts[code][0],
            edited=batch.counts[code][1],
            ticked=batch.counts[code][2],
        )
        for code in (*known, *others)
    ]


def progress_of(batch: ReplayBatch) -> Progress:
    """How far the present step is."""
    if not batch.is_at_work or not batch.total:
        return Progress(percent=None, rate=None, seconds_left=None)
    share = min(batch.done / batch.total, 0.99)
    rate = seconds = None
    worked = clock.now_ms() - (batch.working_since or 0)
    done = batch.done - batch.done_then
    if worked >= _TELLING_MS and done > 0 and batch.due_at is None:
        rate = done * 1000 / worked
        seconds = int(max(batch.total - batch.done, 0) / rate) + 1
    return Progress(percent=int(share * 100), rate=rate, seconds_left=seconds)


def is_unworked(batch: ReplayBatch) -> bool:
    """Whether no worker took it up for a while."""
    if batch.due_at is None or batch.reason:
        return False
    return clock.now_ms() - batch.due_at > _PATIENCE_MS


def change_page(
    batch: ReplayBatch, chosen: ChangeFilter, *, start: str = ""
) -> ChangePage:
    """The values from `start` on, which an earlier page named."""
    rows = _from(chosen.of(batch), start)
    found = list(rows.select_related("lead")[: PAGE_SIZE + 1])
    more = found[PAGE_SIZE:]
    return ChangePage(
        rows=_shown(found[:PAGE_SIZE]),
        next=f"{more[0].lead_id}-{more[0].column}" if more else "",
    )


def _from(rows: QuerySet[ReplayChange], start: str) -> QuerySet[ReplayChange]:
    lead, _dash, column = start.partition("-")
    if lead.isdecimal() and len(lead) < 19:
        same = Q(lead_id=int(lead), column__gte=column)
        rows = rows.filter(Q(lead_id__gt=int(lead)) | same, lead_id__gte=int(lead))
    return rows.order_by("lead_id", "column")


def _shown(rows: Sequence[ReplayChange]) -> list[ShownChange]:
    columns = catalogue()
    shown = []
    for row in rows:
        old = msgspec.convert(row.old, ColumnState)
        new = msgspec.convert(row.new, ColumnState)
        column = columns.get(row.column)
        shown.append(
            ShownChange(
                id=row.pk,
                lead=row.lead_id,
                name=str(row.lead),
                caption=str(column.caption) if column is not None else row.column,
                old=old.text,
                new=new.text,
                note=_note(old, new),
                is_edited=row.is_edited,
                is_included=row.is_included,
                state=str(row.get_state_display()),
            )
        )
    return shown


def _note(old: ColumnState, new: ColumnState) -> str:
    if new.problem is not None:
        return _("the answer waits for a value")
    if old.problem is not None:
        return _("no answer waits any more")
    return ""


def csv_rows(batch: ReplayBatch, chosen: ChangeFilter) -> Iterator[list[str]]:
    """The values with a head, read page by page: whatever their number."""
    yield [
        _("Lead"),
        _("Name"),
        _("Column"),
        _("Old value"),
        _("New value"),
        _("Note"),
        _("Edited by a person"),
        _("Ticked"),
        _("State"),
    ]
    start = ""
    while True:
        rows = _from(chosen.of(batch), start).select_related("lead")
        found = list(rows[: _CSV_PAGE + 1])
        for row in _shown(found[:_CSV_PAGE]):
            yield [
                str(row.lead),
                row.name,
                row.caption,
                row.old,
                row.new,
                row.note,
                _("yes") if row.is_edited else _("no"),
                _("yes") if row.is_included else _("no"),
                row.state,
            ]
        if len(found) <= _CSV_PAGE:
            return
        start = f"{found[_CSV_PAGE].lead_id}-{found[_CSV_PAGE].column}"
