"""Runs over earlier leads: started, taken up by a worker, paused, cancelled."""

import logging
import random
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.ingest.retry import wait_seconds
from leadferry.integrations import access, api_versions, calls, clients
from leadferry.integrations.models import Integration, LeadForm, LinkedInUser
from leadferry.jobs.claims import Claims
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, TemporaryError
from leadferry.linkedin.errors import (
    MissingRight,
    Throttled,
    TokenDead,
    VersionSunset,
)
from leadferry.sync import backfill, completeness, periods
from leadferry.sync.errors import BudgetSpent
from leadferry.sync.models import SyncRun
from leadferry.sync.periods import Period

logger = logging.getLogger("leadferry.sync")

_SETUP_WAIT_SECONDS = 300.0
_OWN_FAULT_WAIT_SECONDS = 60.0
# A burst ends soon; what is still refused then is refused until midnight.
_BURST_ATTEMPTS = 3
_random = random.Random()  # noqa: S311 - spreads load, guards nothing
CLAIMS = Claims(
    SyncRun.objects.select_related("integration__ad_account", "form"),
    at_work=[SyncRun.State.RUNNING],
)


def time_zone() -> ZoneInfo:
    """The time zone in which the instance counts days."""
    return ZoneInfo(system_settings.read(system_settings.TIME_ZONE))


def days_to_sync() -> int:
    """How many days back a period may begin."""
    return int(system_settings.read(system_settings.DAYS_TO_SYNC))


def today() -> date:
    """The present day of the instance."""
    return clock.now().astimezone(time_zone()).date()


def check_period(period: Period) -> None:
    """Raise RejectedError with a sentence where the period cannot be asked for."""
    periods.check(period, today=today(), days=days_to_sync())


def earliest_day() -> date:
    """The first day that can be asked for."""
    return periods.earliest(today(), days_to_sync())


@transaction.atomic
def start_sync(
    integration: Integration,
    *,
    period: Period,
    form: LeadForm | None = None,
    by: User | None,
) -> SyncRun:
    """Ask for the leads of a period, whatever was switched off then.

    What is open already for just that is returned as it is. Raises RejectedError
    where the period cannot be.
    """
    check_period(period)
    # Two people who press at once get one run.
    Integration.objects.select_for_update().get(pk=integration.pk)
    wanted = {
        "integration": integration,
        "form": form,
        "first_day": period.first,
        "last_day": period.last,
    }
    held = SyncRun.objects.filter(**wanted).exclude(
        state__in=[SyncRun.State.DONE, SyncRun.State.CANCELLED]
    )
    if (running := held.first()) is not None:
        return running
    start, end = period.bounds(time_zone())
    run = SyncRun.objects.create(
        **wanted, start=start, end=end, by=by, due_at=clock.now_ms()
    )
    subject = f"{integration.pk}/{form.form_id if form else 'all'}"
    audit.record(
        "sync started",
        subject=subject,
        by=by,
        details={"first": str(period.first), "last": str(period.last)},
    )
    return run


def start_gap(integration: Integration, *, start: int, end: int) -> SyncRun:
    """Polling hands a long rest over; only what was on is registered."""
    return SyncRun.objects.create(
        integration=integration,
        kind=SyncRun.Kind.GAP,
        takes_all=False,
        start=start,
        end=end,
        due_at=clock.now_ms(),
    )


@transaction.atomic
def cancel(run: SyncRun, *, by: User | None) -> bool:
    """The run reads nothing more; what it registered stays. False where it ended."""
    stopped = SyncRun.objects.filter(pk=run.pk).exclude(
        state__in=[SyncRun.State.DONE, SyncRun.State.CANCELLED]
    )
    if not stopped.update(
        state=SyncRun.State.CANCELLED,
        due_at=None,
        claimed_by="",
        epoch=F("epoch") + 1,
        ended_at=clock.now(),
    ):
        return False
    audit.record("sync cancelled", subject=str(run.pk), by=by)
    return True


@transaction.atomic
def resume(run: SyncRun, *, by: User | None) -> bool:
    """A cancelled or paused run goes on from its marks. False where it is at work."""
    stopped = SyncRun.objects.filter(
        pk=run.pk, state__in=[SyncRun.State.CANCELLED, SyncRun.State.PAUSED]
    )
    if not stopped.update(
        state=SyncRun.State.WAITING,
        reason="",
        attempts=0,
        due_at=clock.now_ms(),
        ended_at=None,
    ):
        return False
    audit.record("sync resumed", subject=str(run.pk), by=by)
    return True


def due_runs() -> list[int]:
    """Runs that a worker should take up now."""
    return CLAIMS.due()


def take_up(run_id: int) -> None:
    """Work on a run until it is done, paused, or this worker stops."""
    CLAIMS.take_up(
        run_id, _work, state=SyncRun.State.RUNNING, read_then=F("read"), reason=""
    )


def _work(run: SyncRun) -> None:
    user = None
    try:
        account = run.integration.ad_account.account_id
        user = clients.user_for(account)
        if run.kind == SyncRun.Kind.CHECK:
            completeness.work_on(run, user)
        else:
            backfill.work_on(run, user)
        access.note_success(user, account)
        # Where it is not done this worker stops: the next one goes on.
        CLAIMS.put_off(run, 0)
        _tell_of_the_end(run)
    except Fenced:
        logger.info("sync run left to others", extra={"run": run.pk})
    except LeadferryError as exc:
        _pause(run, user, exc)
    except Exception:
        logger.exception("sync run failed", extra={"run": run.pk})
        reason = "Leadferry failed at it; the log says why. It goes on by itself."
        _put_off(run, reason, _OWN_FAULT_WAIT_SECONDS)
        raise


def _tell_of_the_end(run: SyncRun) -> None:
    run.refresh_from_db()
    if run.state != SyncRun.State.DONE or run.kind == SyncRun.Kind.CHECK:
        return
    alerts.tell_of_the_end(
        since=run.created_at,
        topic=f"sync-{run.pk}",
        title=_("A sync is done"),
        text=_(
            "%(name)s: %(read)d leads read, %(registered)d registered, %(held)d held "
            "back."
        )
        % {
            "name": run.integration.name,
            "read": run.read,
            "registered": run.registered,
            "held": run.held_back,
        },
    )


def _pause(run: SyncRun, user: LinkedInUser | None, error: LeadferryError) -> None:
    if not CLAIMS.ours(run).exists():
        # Cancelled, or gone with its integration.
        return
    run.refresh_from_db(fields=["attempts"])
    if isinstance(error, (TokenDead, MissingRight)) and user is not None:
        _after_refusal(run, user, error)
        return
    if isinstance(error, VersionSunset) and user is not None:
        error = _after_sunset(user, error)
    if isinstance(error, Throttled) and user is not None:
        _put_off(run, str(error), _wait_after_throttling(run, user, error))
        return
    if isinstance(error, BudgetSpent):
        _put_off(run, str(error), _until_midnight())
        return
    _wait(run, error)


def _after_refusal(
    run: SyncRun, user: LinkedInUser, refusal: TokenDead | MissingRight
) -> None:
    account = run.integration.ad_account.account_id
    error = access.note_refusal(user, account, refusal)
    buried = isinstance(error, TokenDead)
    # Nobody else there, it says so when it is taken up again.
    if buried or access.has_another(account, but=user):
        _put_off(run, str(error), 0.0)
    else:
        _wait(run, error)


def _wait(run: SyncRun, error: LeadferryError) -> None:
    if isinstance(error, TemporaryError):
        wait = error.retry_after or wait_seconds(run.attempts + 1)
        _put_off(run, str(error), wait)
        return
    _put_off(run, str(error), _SETUP_WAIT_SECONDS)
    if run.kind == SyncRun.Kind.CHECK:
        # Who looks for new leads says it already.
        return
    alerts.tell(
        topic=f"sync-{run.pk}",
        title=_("A sync waits for you"),
        text=_("%(name)s: %(why)s It goes on by itself once that is mended.")
        % {"name": run.integration.name, "why": error},
    )


def _after_sunset(user: LinkedInUser, error: VersionSunset) -> LeadferryError:
    """Temporary where another version took over, or LinkedIn says nothing of one."""
    try:
        has_successor = api_versions.has_successor(user, error.version)
    except TemporaryError as exc:
        return exc
    if not has_successor:
        return error
    return TemporaryError("Another API version took over.", retry_after=0.01)


def _wait_after_throttling(run: SyncRun, user: LinkedInUser, error: Throttled) -> float:
    if error.retry_after is not None:
        return error.retry_after
    if run.attempts < _BURST_ATTEMPTS:
        return wait_seconds(run.attempts + 1)
    calls.note_refusal(user, calls.RESPONSES)
    return _until_midnight()


def _until_midnight() -> float:
    until_midnight = (calls.next_day_ms() - clock.now_ms()) / 1000
    return until_midnight + _random.uniform(1, 120)


def _put_off(run: SyncRun, reason: str, seconds: float) -> None:
    CLAIMS.put_off(
        run,
        int(seconds * 1000),
        state=SyncRun.State.PAUSED,
        reason=reason[:500],
        attempts=F("attempts") + 1,
        paused_at=clock.now(),
    )


def release(worker: str) -> None:
    """What a dead worker was at is due at once."""
    CLAIMS.release(worker)


def look_after_runs() -> None:
    """Runs that this worker lost, and those whose hindrance is mended, are due."""
    CLAIMS.let_go_of_lost()
    paused = SyncRun.objects.filter(
        state=SyncRun.State.PAUSED, due_at__gt=clock.now_ms()
    ).select_related("integration__ad_account")
    for run in paused:
        account = run.integration.ad_account.account_id
        since = run.paused_at or run.created_at
        if clients.was_connected_since(account, since):
            SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.PAUSED).update(
                due_at=clock.now_ms(), attempts=0
            )
