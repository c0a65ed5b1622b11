"""Sending all earlier leads: planned a few at a time, as fast as they are sent."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.destinations import planning
from leadferry.destinations.models import Delivery, Destination, EarlierRun
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.leads.models import Lead

_AT_ONCE = 500
# So many wait at most: new leads and other work never stand behind a million.
_MOST_WAITING = 4_000
# Before that, a rate says more about the start than about the run.
_LEAST_SECONDS = 3.0
State = EarlierRun.State


@transaction.atomic
def start(destination_id: int, *, by: User | None) -> EarlierRun:
    """All leads that are there now and fit are sent; raises RejectedError."""
    held = Destination.objects.select_for_update().filter(pk=destination_id)
    destination = held.exclude(state=Destination.State.DELETING).first()
    if destination is None:
        raise RejectedError(_("This destination was deleted meanwhile."))
    if running(destination_id) is not None:
        raise RejectedError(_("The earlier leads are being sent already."))
    ends = Lead.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        raise RejectedError(_("There is no lead yet."))
    audit.record("earlier leads sent", subject=str(destination_id), by=by)
    return EarlierRun.objects.create(
        destination=destination,
        first_lead=ends["first"],
        last_lead=ends["last"],
        cursor=ends["first"] - 1,
        by=by,
    )


@transaction.atomic
def cancel(destination_id: int, *, by: User | None) -> bool:
    """No more of them is sent than those on their way; false where none runs."""
    Destination.objects.select_for_update().filter(pk=destination_id).first()
    run = EarlierRun.objects.filter(
        destination=destination_id, state=State.RUNNING
    ).first()
    if run is None:
        return False
    run.state, run.ended_at = State.CANCELLED, clock.now()
    run.save()
    Delivery.objects.filter(
        destination=destination_id,
        queue=Delivery.Queue.EARLIER,
        state=Delivery.State.WAITING,
        sending_change=0,
        due_at__isnull=False,
    ).delete()
    audit.record("earlier leads cancelled", subject=str(destination_id), by=by)
    return True


def running(destination_id: int) -> EarlierRun | None:
    """The run that is not over."""
    rows = EarlierRun.objects.filter(destination=destination_id, state=State.RUNNING)
    return rows.first()


def last_of(destination_id: int) -> EarlierRun | None:
    """The newest run."""
    return EarlierRun.objects.filter(destination=destination_id).last()


def destinations_with_runs() -> list[int]:
    """Those whose earlier leads are being sent."""
    rows = EarlierRun.objects.filter(state=State.RUNNING)
    return list(rows.values_list("destination", flat=True))


def plan_more(destination_id: int) -> bool:
    """Plan the next leads of a run where there is room; whether to go on at once."""
    with transaction.atomic():
        hold_fence()
        held = Destination.objects.select_for_update().filter(pk=destination_id)
        destination = held.exclude(state=Destination.State.DELETING).first()
        run = running(destination_id)
        if destination is None or run is None or _waiting(destination) > _MOST_WAITING:
            return False
        ids = Lead.objects.filter(
            pk__gt=run.cursor, pk__lte=run.last_lead, merged_into=None
        )
        some = list(ids.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
        if not some:
            # The last ones are waited for: then it says what really was sent.
            if _waiting(destination):
                return False
            run.state, run.ended_at = State.DONE, clock.now()
            run.cursor = run.last_lead
            run.save()
            return False
        run.planned += planning.plan_leads(
            destination, after=run.cursor, until=some[-1]
        )
        run.cursor = some[-1]
        run.looked_at += len(some)
        run.save()
        return True


def _waiting(destination: Destination) -> int:
    rows = Delivery.objects.filter(
        destination=destination, queue=Delivery.Queue.EARLIER, due_at__isnull=False
    )
    return len(rows.values_list("pk")[: _MOST_WAITING + 1])


@dataclass(frozen=True)
class Progress:
    """How far a run has come; `rate` and `seconds_left` where known."""

    percent: int
    rate: float | None
    seconds_left: int | None


def progress_of(run: EarlierRun) -> Progress:
    """By numbers of leads: they are given in order, with few gaps."""
    if run.state == State.DONE:
        return Progress(100, None, None)
    total = max(1, run.last_lead - run.first_lead + 1)
    done = run.cursor - run.first_lead + 1
    percent = min(99, done * 100 // total)
    seconds = (clock.now() - run.started_at).total_seconds()
    if seconds < _LEAST_SECONDS or not run.looked_at:
        return Progress(percent, None, None)
    left = int((total - done) * seconds / done) + 1 if done else None
    return Progress(percent, run.looked_at / seconds, left)
