"""Replays: started, ticked, applied, undone; taken up by a worker."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.integrations import queries
from leadferry.integrations.models import Integration, LeadForm, MappingVersion
from leadferry.jobs import services as jobs
from leadferry.jobs.claims import Claims
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, RejectedError, TemporaryError
from leadferry.sync import periods, replay_work
from leadferry.sync.models import ReplayBatch, ReplayChange
from leadferry.sync.periods import Period
from leadferry.sync.replay_queries import ChangeFilter
from leadferry.sync.services import time_zone, today

logger = logging.getLogger("leadferry.sync")

_OWN_FAULT_WAIT_MS = 60_000
_TICKED_AT_ONCE = 2_000
_DROPPED_AT_ONCE = 2_000
CLAIMS = Claims(ReplayBatch.objects.all(), at_work=ReplayBatch.AT_WORK)

State = ReplayBatch.State


@transaction.atomic
def start_preview(
    integration: Integration,
    *,
    forms: Sequence[LeadForm],
    period: Period,
    mapping: MappingVersion | None = None,
    by: User | None,
) -> ReplayBatch:
    """What the mapping would change of the forms' leads is found out; nothing written.

    Without a version each form's mapping in force counts. Raises RejectedError.
    """
    periods.check_order(period, today=today())
    if not forms:
        raise RejectedError(_("Choose at least one form."))
    if mapping is not None:
        _check_version(mapping, forms)
    start, end = period.bounds(time_zone())
    batch = ReplayBatch.objects.create(
        integration=integration,
        first_day=period.first,
        last_day=period.last,
        start=start,
        end=end,
        mapping_version=mapping,
        # What is in force now counts for the whole preview, whenever it is made.
        mappings={
            form.form_id: (mapping or queries.effective_mapping(form)).pk
            for form in forms
        },
        by=by,
        due_at=clock.now_ms(),
    )
    batch.forms.set(forms)
    return batch


def _check_version(mapping: MappingVersion, forms: Sequence[LeadForm]) -> None:
    if mapping.form_id is not None:
        if [form.pk for form in forms] != [mapping.form_id]:
            raise RejectedError(
                _("This version is of one form's own mapping: choose that form only.")
            )
        return
    # R032: where a form has its own mapping, the default is not for it.
    own = [form.lookup_value.name for form in forms if form.has_custom_mapping]
    if own:
        raise RejectedError(
            _("The default mapping is not for forms with a custom mapping: %(forms)s.")
            % {"forms": ", ".join(own)}
        )


@transaction.atomic
def tick(
    batch: ReplayBatch, *, shown: Collection[int], ticked: Collection[int]
) -> ReplayBatch:
    """Of the values shown, the ticked ones are to be written; raises RejectedError."""
    held = _ready(batch)
    rows = ReplayChange.objects.filter(batch=held)
    _tick(held, rows.filter(pk__in=set(shown) & set(ticked)), to=True)
    _tick(held, rows.filter(pk__in=set(shown) - set(ticked)), to=False)
    return held


def tick_all(
    batch: ReplayBatch, chosen: ChangeFilter, *, is_included: bool
) -> ReplayBatch:
    """All values of a filter are to be written, or not; raises RejectedError."""
    held = batch
    after = 0
    while True:
        with transaction.atomic():
            held = _ready(batch)
            rows = chosen.of(held).filter(lead_id__gt=after).order_by("lead_id")
            leads = list(rows.values_list("lead_id", flat=True)[:_TICKED_AT_ONCE])
            if not leads:
                return held
            some = chosen.of(held).filter(lead_id__gt=after, lead_id__lte=leads[-1])
            _tick(held, some, to=is_included)
            after = leads[-1]


def _ready(batch: ReplayBatch) -> ReplayBatch:
    held = ReplayBatch.objects.select_for_update().get(pk=batch.pk)
    if held.state != State.READY:
        raise RejectedError(_("Ticks can be changed only before it is applied."))
    return held


def _tick(held: ReplayBatch, rows: QuerySet[ReplayChange], *, to: bool) -> None:
    other = rows.filter(is_included=not to)
    for column in set(other.order_by().values_list("column", flat=True)):
        moved = other.filter(column=column).update(is_included=to)
        held.counts[column][2] += moved if to else -moved
    held.save(update_fields=["counts"])


@transaction.atomic
def apply(batch: ReplayBatch, *, by: User | None) -> bool:
    """Write what is ticked; what an earlier attempt left over, too. False: not now."""
    held = ReplayBatch.objects.select_for_update().get(pk=batch.pk)
    if held.state not in {State.READY, State.APPLIED}:
        return False
    planned = ReplayChange.objects.filter(
        batch=held, is_included=True, state=ReplayChange.State.PLANNED
    )
    total = planned.count()
    if not total:
        return False
    _set_to_work(held, State.APPLYING, total=total)
    held.applied_by, held.applied_at = by, clock.now()
    held.save()
    details: dict[str, object] = {
        "values": held.ticked,
        "edited": _edited_and_ticked(held),
    }
    audit.record("replay applied", subject=str(held.pk), by=by, details=details)
    return True


def _edited_and_ticked(batch: ReplayBatch) -> int:
    rows = ReplayChange.objects.filter(batch=batch, is_edited=True)
    return rows.filter(is_included=True).count()


@transaction.atomic
def undo(batch: ReplayBatch, *, by: User | None) -> bool:
    """Take back what was written, where nobody wrote since. False: not now."""
    held = ReplayBatch.objects.select_for_update().get(pk=batch.pk)
    if held.state != State.APPLIED:
        return False
    written = ReplayChange.objects.filter(
        batch=held, state=ReplayChange.State.APPLIED
    ).count()
    _set_to_work(held, State.UNDOING, total=written)
    held.undone_by, held.undone_at = by, clock.now()
    held.save()
    audit.record(
        "replay undone", subject=str(held.pk), by=by, details={"values": written}
    )
    return True


def _set_to_work(batch: ReplayBatch, state: str, *, total: int) -> None:
    batch.state, batch.due_at, batch.reason = state, clock.now_ms(), ""
    batch.total, batch.done, batch.done_then = total, 0, 0
    batch.cursor, batch.epoch = [], batch.epoch + 1


@transaction.atomic
def stop(batch: ReplayBatch, *, by: User | None) -> bool:
    """A preview is cancelled; of what is being applied, the rest stays unwritten.

    False where there is nothing to stop.
    """
    held = ReplayBatch.objects.select_for_update().get(pk=batch.pk)
    if held.state in {State.PREVIEWING, State.READY}:
        held.state = State.CANCELLED
    elif held.state == State.APPLYING:
        held.state = State.APPLIED
        audit.record("replay stopped", subject=str(held.pk), by=by)
    else:
        return False
    held.due_at, held.claimed_by, held.epoch = None, "", held.epoch + 1
    held.save()
    return True


def due_replays() -> list[int]:
    """Batches that a worker should take up now."""
    return CLAIMS.due()


def take_up(batch_id: int) -> None:
    """Work on a batch until its step is done or this worker stops."""
    CLAIMS.take_up(batch_id, _work, done_then=F("done"), reason="")


_STEPS: dict[str, Callable[[ReplayBatch], Iterator[None]]] = {
    State.PREVIEWING: replay_work.preview,
    State.APPLYING: replay_work.apply,
    State.UNDOING: replay_work.undo,
}


def _work(batch: ReplayBatch) -> None:
    try:
        for _step in _STEPS[batch.state](batch):
            if jobs.stopping():
                CLAIMS.put_off(batch, 0)
                return
        _tell_of_the_end(batch)
    except Fenced:
        logger.info("replay left to others", extra={"replay": batch.pk})
    except TemporaryError as exc:
        _put_off(batch, str(exc))
    except LeadferryError as exc:
        _fail(batch, str(exc))
    except Exception:
        logger.exception("replay failed", extra={"replay": batch.pk})
        reason = "Leadferry failed at it; the log says why. It goes on by itself."
        _put_off(batch, reason)
        raise


def _tell_of_the_end(batch: ReplayBatch) -> None:
    batch.refresh_from_db()
    since: datetime | None
    if batch.state == State.READY:
        since, title = None, _("A replay is previewed")
        text = _("%(name)s: leads that differ: %(leads)d. Nothing is written yet.")
    elif batch.state == State.APPLIED:
        since, title = batch.applied_at, _("A replay is applied")
        text = _(
            "%(name)s: leads written: %(written)d, values left alone: %(skipped)d."
        )
    else:
        since, title = batch.undone_at, _("A replay is undone")
        text = _("%(name)s: leads taken back: %(undone)d, values left alone: %(kept)d.")
    told = {
        "name": batch.integration.name,
        "leads": batch.leads,
        "written": batch.written,
        "skipped": batch.skipped,
        "undone": batch.undone,
        "kept": batch.kept,
    }
    alerts.tell_of_the_end(
        since=since or batch.created_at,
        topic=f"replay-{batch.pk}",
        title=title,
        text=text % told,
    )


def _put_off(batch: ReplayBatch, reason: str) -> None:
    CLAIMS.put_off(batch, _OWN_FAULT_WAIT_MS, reason=reason[:500])


def _fail(batch: ReplayBatch, reason: str) -> None:
    failed = CLAIMS.ours(batch)
    failed.update(state=State.FAILED, reason=reason[:500], claimed_by="")


def release(worker: str) -> None:
    """What a dead worker was at is due at once."""
    CLAIMS.release(worker)


def look_after_replays() -> None:
    """What this worker lost is due; previews that nobody wants any more go."""
    CLAIMS.let_go_of_lost()
    over = ReplayBatch.objects.filter(state__in=[State.CANCELLED, State.FAILED])
    stale = ReplayChange.objects.filter(batch__in=over).order_by("batch", "lead")
    ids = list(stale.values_list("pk", flat=True)[:_DROPPED_AT_ONCE])
    ReplayChange.objects.filter(pk__in=ids).delete()
