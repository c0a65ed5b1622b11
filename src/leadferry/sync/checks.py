"""When completeness is checked: asked for, each night, and all of it once a week."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet

from leadferry.accounts import audit
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.integrations.calls import DAY_MS
from leadferry.integrations.models import Integration
from leadferry.kit import clock
from leadferry.sync import periods
from leadferry.sync.models import CheckPlan, DayProof, SyncRun
from leadferry.sync.periods import Period
from leadferry.sync.proofs import date_of, number_of

# The day is over everywhere that counts in UTC, and LinkedIn counts calls anew.
_NIGHT_MS, _APART_MS, _APART = 30 * 60_000, 60_000, 120
_NIGHTLY_DAYS, _WHOLE_EVERY_DAYS = 7, 7
_ONE_DAY = timedelta(days=1)
_OVER = [SyncRun.State.DONE, SyncRun.State.CANCELLED]


def today() -> date:
    """The present UTC day: LinkedIn's days are proven, not those of a time zone."""
    return date_of(clock.now_ms() // DAY_MS)


def earliest_day() -> date:
    """The first day of which LinkedIn still has a part."""
    days = int(system_settings.read(system_settings.DAYS_TO_SYNC))
    return periods.earliest(today(), days)


def start_check(
    integration: Integration, *, first: date, last: date, by: User | None
) -> SyncRun:
    """Ask for a check of UTC days, both included; one that is open is returned.

    Raises RejectedError where the days cannot be asked for.
    """
    days = int(system_settings.read(system_settings.DAYS_TO_SYNC))
    periods.check(Period(first, last), today=today(), days=days)
    with transaction.atomic():
        # Two people who press at once get one run.
        Integration.objects.select_for_update().get(pk=integration.pk)
        running = _open_checks(integration).filter(first_day=first, last_day=last)
        if (held := running.first()) is not None:
            return held
        if by is not None:
            audit.record(
                "completeness check started",
                subject=str(integration.pk),
                by=by,
                details={"first": str(first), "last": str(last)},
            )
        return _make(integration, first, last, by=by)


def _make(
    integration: Integration, first: date, last: date, *, by: User | None
) -> SyncRun:
    return SyncRun.objects.create(
        integration=integration,
        kind=SyncRun.Kind.CHECK,
        takes_all=False,
        first_day=first,
        last_day=last,
        start=number_of(first) * DAY_MS,
        end=(number_of(last) + 1) * DAY_MS - 1,
        by=by,
        due_at=clock.now_ms(),
    )


def _open_checks(integration: Integration) -> QuerySet[SyncRun]:
    checks = SyncRun.objects.filter(integration=integration, kind=SyncRun.Kind.CHECK)
    return checks.exclude(state__in=_OVER)


def plan_checks() -> None:
    """Start what is due this night; new integrations get their first night."""
    for integration in Integration.objects.filter(check_plan=None):
        night = _next_night(integration)
        CheckPlan.objects.get_or_create(
            integration=integration, defaults={"due_at": night, "whole_due_at": night}
        )
    due = CheckPlan.objects.filter(due_at__lte=clock.now_ms())
    for plan in due.select_related("integration"):
        _start_planned(plan)


def _next_night(integration: Integration) -> int:
    midnight = (clock.now_ms() // DAY_MS + 1) * DAY_MS
    # Not all at once.
    return midnight + _NIGHT_MS + integration.pk % _APART * _APART_MS


@transaction.atomic
def _start_planned(plan: CheckPlan) -> None:
    integration = plan.integration
    is_whole = plan.whole_due_at <= clock.now_ms()
    next_night = _next_night(integration)
    whole_due_at = next_night + (_WHOLE_EVERY_DAYS - 1) * DAY_MS
    mine = CheckPlan.objects.filter(pk=plan.pk, due_at=plan.due_at)
    if not mine.update(
        due_at=next_night,
        whole_due_at=whole_due_at if is_whole else plan.whole_due_at,
    ):
        return
    first, last = today() - _NIGHTLY_DAYS * _ONE_DAY, today() - _ONE_DAY
    unasked = _open_checks(integration).filter(by=None)
    # One of an earlier night that never came to its end is in this one, or in the rest.
    unasked.filter(first_day__gte=first - _ONE_DAY).update(
        state=SyncRun.State.CANCELLED, due_at=None, ended_at=clock.now()
    )
    _make(integration, first, last, by=None)
    if unasked.filter(last_day__lt=first).exists():
        return
    older = (earliest_day(), first - _ONE_DAY)
    for since, until in [older] if is_whole else _unproven(integration, *older):
        _make(integration, since, until, by=None)


def _unproven(
    integration: Integration, first: date, last: date
) -> Iterator[tuple[date, date]]:
    """Ranges of days of which nothing is proven, newest first."""
    proven = set(
        DayProof.objects.filter(
            integration=integration,
            form_id=DayProof.ALL_FORMS,
            state=DayProof.State.PROVEN,
            day__gte=first,
        ).values_list("day", flat=True)
    )
    until: date | None = None
    day = last
    # What LinkedIn has of the first day shrinks: it stays partial.
    while day > first:
        if day in proven and until is not None:
            yield day + _ONE_DAY, until
            until = None
        elif day not in proven and until is None:
            until = day
        day -= _ONE_DAY
    if until is not None:
        yield first + _ONE_DAY, until
