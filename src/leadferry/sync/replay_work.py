"""The work of a replay, batch by batch, each in one transaction with its cursor."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

import msgspec
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import F, Q

from leadferry.ingest.context import ReadyForm, ready_form, refresh_values
from leadferry.ingest.import_page import answers_of
from leadferry.ingest.models import LeadFormResponse
from leadferry.integrations import queries
from leadferry.integrations.models import MappingVersion
from leadferry.integrations.schema import submission
from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.leads import replay as leads
from leadferry.leads.column_states import ColumnState, Submitted
from leadferry.leads.models import Fate, Registration
from leadferry.leads.replay import ColumnChange, Wanted
from leadferry.linkedin import wire
from leadferry.sync.models import ReplayBatch, ReplayChange

logger = logging.getLogger("leadferry.sync")

LEADS = 200


def hold(batch: ReplayBatch) -> None:
    """Keep the batch ours until the transaction ends; raises Fenced otherwise."""
    jobs.hold_fence()
    ours = ReplayBatch.objects.filter(pk=batch.pk, epoch=batch.epoch, state=batch.state)
    # An update locks the row: a stop waits for a commit that has begun.
    if not ours.update(epoch=F("epoch")):
        raise Fenced(f"Replay {batch.pk} was taken over or stopped.")


def _finish(batch: ReplayBatch, state: ReplayBatch.State) -> None:
    with transaction.atomic():
        hold(batch)
        ReplayBatch.objects.filter(pk=batch.pk).update(
            state=state, due_at=None, claimed_by="", cursor=[]
        )


def preview(batch: ReplayBatch) -> Iterator[None]:
    """Find what differs; raises LeadferryError where the mapping cannot be used."""
    mappings = _Mappings(batch.mappings)
    forms = sorted(mappings.of_form)
    if not batch.cursor:
        _count(batch, forms)
    for form_id in forms:
        while rows := _next_responses(batch, form_id):
            _preview_some(batch, rows, mappings)
            yield
    _finish(batch, ReplayBatch.State.READY)


def _of_period(batch: ReplayBatch) -> Q:
    return Q(submitted_at__gte=batch.start, submitted_at__lte=batch.end)


def _count(batch: ReplayBatch, forms: Sequence[int]) -> None:
    rows = LeadFormResponse.objects.filter(_of_period(batch), form_id__in=forms)
    total = rows.count()
    with transaction.atomic():
        hold(batch)
        ReplayBatch.objects.filter(pk=batch.pk).update(total=total)


def _next_responses(batch: ReplayBatch, form_id: int) -> list[LeadFormResponse]:
    rows = LeadFormResponse.objects.filter(_of_period(batch), form_id=form_id)
    if batch.cursor:
        form, at, last = batch.cursor
        if form > form_id:
            return []
        if form == form_id:
            later = Q(submitted_at__gt=at) | Q(submitted_at=at, pk__gt=last)
            rows = rows.filter(later, submitted_at__gte=at)
    return list(rows.order_by("submitted_at", "pk")[:LEADS])


class _Mappings:
    """Form versions with the mapping of the replay, compiled as they are met."""

    def __init__(self, stored: Mapping[str, int]) -> None:
        used = MappingVersion.objects.in_bulk(set(stored.values()))
        self.of_form = {int(form): used[pk] for form, pk in stored.items()}
        self._columns = {
            pk: [row.column for row in queries.mapping_rows(version)]
            for pk, version in used.items()
        }

    def ready_for(
        self, rows: Sequence[LeadFormResponse]
    ) -> dict[tuple[int, int], ReadyForm]:
        """By form and version; raises LeadferryError for a mapping of no use."""
        lookups = refresh_values()
        pairs = {(row.form_id, row.form_version) for row in rows}
        versions = queries.versions_by_number(pairs)
        return {
            pair: ready_form(version, self.of_form[pair[0]], lookups=lookups)
            for pair, version in versions.items()
        }

    def columns_of(self, mapping: int) -> Sequence[str]:
        """What a mapping fills, in its order."""
        return self._columns[mapping]


def _preview_some(
    batch: ReplayBatch, rows: Sequence[LeadFormResponse], mappings: _Mappings
) -> None:
    ready = mappings.ready_for(rows)
    wanted: dict[int, Wanted] = {}
    unmapped = 0
    for lead, row in _registered(rows):
        form = ready.get((row.form_id, row.form_version))
        made = _map(row, form, mappings) if form is not None else None
        if made is None:
            unmapped += 1
        else:
            # In the order of their submissions: the newest speaks.
            wanted[lead] = made
    last = rows[-1]
    cursor = [last.form_id, last.submitted_at, last.pk]
    with transaction.atomic():
        hold(batch)
        _drop_earlier(batch, wanted)
        changes = leads.compare(wanted)
        ReplayChange.objects.bulk_create(
            [_as_row(batch, change) for change in changes], batch_size=500
        )
        _add_counts(batch, changes)
        batch.leads += len({change.lead for change in changes})
        batch.read += len(rows)
        batch.done += len(rows)
        batch.unmapped += unmapped
        batch.cursor = cursor
        batch.save(
            update_fields=["cursor", "counts", "leads", "read", "done", "unmapped"]
        )


def _registered(
    rows: Sequence[LeadFormResponse],
) -> Iterator[tuple[int, LeadFormResponse]]:
    """The rows that the ledger has as the newest of a lead, with the lead."""
    ledger = Registration.objects.filter(
        pk__in={row.urn_key for row in rows}, fate=Fate.REGISTERED
    )
    known = {row.key: row for row in ledger}
    for row in rows:
        held = known.get(row.urn_key)
        if held is None or held.lead_id is None:
            continue
        there = (held.check_key, held.submitted_at, held.digest)
        if there == (row.urn_check, row.submitted_at, row.digest):
            yield held.lead_id, row


def _map(row: LeadFormResponse, form: ReadyForm, mappings: _Mappings) -> Wanted | None:
    try:
        mapped = form.mapping.apply(submission(wire.decode_response(bytes(row.raw))))
    except msgspec.DecodeError:
        return None
    except Exception:
        # I6: one bad submission never stops the others. Ids only in the log.
        logger.exception("mapping failed", extra={"response": row.pk})
        return None
    return Wanted(
        submitted=Submitted(row.submitted_at, row.digest),
        mapping=form.mapping_version,
        columns=mappings.columns_of(form.mapping_version),
        values=mapped.values,
        answers=answers_of(mapped),
    )


def _drop_earlier(batch: ReplayBatch, wanted: Mapping[int, Wanted]) -> None:
    """A lead that submitted again while the preview was made is compared anew."""
    earlier = ReplayChange.objects.filter(batch=batch, lead__in=wanted)
    held = list(earlier.values_list("lead_id", "column", "is_edited", "is_included"))
    if not held:
        return
    for _lead, column, is_edited, is_included in held:
        _count_one(batch, column, -1, is_edited=is_edited, is_ticked=is_included)
    batch.leads -= len({row[0] for row in held})
    earlier.delete()


def _add_counts(batch: ReplayBatch, changes: Sequence[ColumnChange]) -> None:
    for one in changes:
        edited = one.is_edited
        _count_one(batch, one.column, 1, is_edited=edited, is_ticked=not edited)


def _count_one(
    batch: ReplayBatch, column: str, step: int, *, is_edited: bool, is_ticked: bool
) -> None:
    row = batch.counts.setdefault(column, [0, 0, 0])
    for place, counts in enumerate((True, is_edited, is_ticked)):
        row[place] += step if counts else 0
    if row == [0, 0, 0]:
        del batch.counts[column]


def _as_row(batch: ReplayBatch, change: ColumnChange) -> ReplayChange:
    return ReplayChange(
        batch=batch,
        lead_id=change.lead,
        column=change.column,
        old=msgspec.to_builtins(change.old),
        new=msgspec.to_builtins(change.new),
        old_mapping=change.old_mapping,
        new_mapping=change.new_mapping,
        submitted_at=change.submitted.at,
        digest=change.submitted.digest,
        is_edited=change.is_edited,
        is_included=not change.is_edited,
    )


def _as_change(row: ReplayChange) -> ColumnChange:
    return ColumnChange(
        lead=row.lead_id,
        column=row.column,
        old=msgspec.convert(row.old, ColumnState),
        new=msgspec.convert(row.new, ColumnState),
        old_mapping=row.old_mapping,
        new_mapping=row.new_mapping,
        submitted=Submitted(row.submitted_at, row.digest),
        is_edited=row.is_edited,
    )


@dataclass(frozen=True, slots=True)
class _Direction:
    """From which state the values go to which, or to which where they are left."""

    taken: ReplayChange.State
    done: ReplayChange.State
    left: ReplayChange.State
    leads: str
    values_left: str


_APPLY = _Direction(
    ReplayChange.State.PLANNED,
    ReplayChange.State.APPLIED,
    ReplayChange.State.SKIPPED,
    "written",
    "skipped",
)
_UNDO = _Direction(
    ReplayChange.State.APPLIED,
    ReplayChange.State.UNDONE,
    ReplayChange.State.KEPT,
    "undone",
    "kept",
)


def apply(batch: ReplayBatch) -> Iterator[None]:
    """Write what is ticked, where the lead is as it was previewed."""
    while rows := _next_changes(batch, _APPLY):
        _move(batch, rows, _APPLY)
        yield
    _finish(batch, ReplayBatch.State.APPLIED)


def undo(batch: ReplayBatch) -> Iterator[None]:
    """Take back what was written, where the lead still holds it."""
    while rows := _next_changes(batch, _UNDO):
        _move(batch, rows, _UNDO)
        yield
    _finish(batch, ReplayBatch.State.UNDONE)


def _move(batch: ReplayBatch, rows: Sequence[ReplayChange], way: _Direction) -> None:
    try:
        with transaction.atomic():
            hold(batch)
            changes = [_as_change(row) for row in rows]
            if way is _APPLY:
                done = leads.write(changes, by=batch.applied_by)
            else:
                done = leads.take_back(changes, by=batch.undone_by)
            _settle(batch, rows, done, way)
    except OperationalError:
        # The database itself is in trouble: nothing is wrong with the leads.
        raise
    except DatabaseError as exc:
        _move_apart(batch, rows, way, exc)


def _move_apart(
    batch: ReplayBatch,
    rows: Sequence[ReplayChange],
    way: _Direction,
    error: DatabaseError,
) -> None:
    """I6: the one lead that the database refuses is left alone."""
    by_lead = _by_lead(rows)
    if len(by_lead) > 1:
        for its_own in by_lead:
            _move(batch, its_own, way)
        return
    # Its message may quote what the person wrote.
    told = {"lead": rows[0].lead_id, "error": type(error).__name__}
    logger.error("a replayed lead could not be stored", extra=told)
    with transaction.atomic():
        hold(batch)
        _settle(batch, rows, set(), way)


def _by_lead(rows: Sequence[ReplayChange]) -> list[list[ReplayChange]]:
    return [list(its_own) for _, its_own in groupby(rows, lambda row: row.lead_id)]


def _next_changes(batch: ReplayBatch, way: _Direction) -> list[ReplayChange]:
    """All values of the next leads."""
    after = cast("int", batch.cursor[0]) if batch.cursor else 0
    found = ReplayChange.objects.filter(
        batch=batch, is_included=True, state=way.taken, lead_id__gt=after
    )
    leads_of_it = found.order_by("lead_id").values_list("lead_id", flat=True).distinct()
    ids = list(leads_of_it[:LEADS])
    if not ids:
        return []
    return list(found.filter(lead_id__lte=ids[-1]).order_by("lead_id", "column"))


def _settle(
    batch: ReplayBatch,
    rows: Sequence[ReplayChange],
    done: set[tuple[int, str]],
    way: _Direction,
) -> None:
    places = {row.pk: (row.lead_id, row.column) for row in rows}
    moved = [pk for pk, place in places.items() if place in done]
    left = [pk for pk, place in places.items() if place not in done]
    ReplayChange.objects.filter(pk__in=moved).update(state=way.done)
    ReplayChange.objects.filter(pk__in=left).update(state=way.left, is_left=True)
    counted = Counter({way.leads: len({lead for lead, _column in done})})
    counted[way.values_left] += len(left)
    batch.cursor = [rows[-1].lead_id]
    ReplayBatch.objects.filter(pk=batch.pk).update(
        cursor=batch.cursor,
        done=F("done") + len(rows),
        **{name: F(name) + number for name, number in counted.items()},
    )
