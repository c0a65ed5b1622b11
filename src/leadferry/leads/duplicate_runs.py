"""Searches for duplicates among all leads: begun, cancelled, gone on with."""

import logging
from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.jobs import services as jobs
from leadferry.jobs.claims import Claims
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock
from leadferry.leads import duplicate_index, duplicate_work, group_merging
from leadferry.leads.duplicate_models import (
    DuplicateGroup,
    DuplicatePair,
    DuplicateRule,
    DuplicateRun,
)
from leadferry.leads.duplicate_services import RuleRefused

logger = logging.getLogger("leadferry.leads")

_OWN_FAULT_WAIT_MS = 60_000
_INDEX_WAIT_MS = 1_000
_DROPPED_AT_ONCE = 2_000
CLAIMS = Claims(DuplicateRun.objects.all(), at_work=DuplicateRun.AT_WORK)
State = DuplicateRun.State


@transaction.atomic
def start_search(*, by: User | None) -> DuplicateRun:
    """Look for groups among all leads; one that is at work goes on instead.

    The rules of the search count as they are now. Raises RuleRefused without any.
    """
    present = at_work()
    if present is not None:
        return present
    stored = _stored(DuplicateRule.objects.filter(for_search=True))
    if not stored:
        raise RuleRefused(
            _("No rule is active for the search: switch one on under Duplicate rules.")
        )
    run = _begin(DuplicateRun(rules=stored, by=by))
    audit.record("search for duplicates started", subject=str(run.pk), by=by)
    return run


@transaction.atomic
def try_rule(rule: DuplicateRule, *, by: User | None) -> DuplicateRun:
    """What the rule would find, and what of it no rule of the search does."""
    for earlier in DuplicateRun.objects.filter(tried=rule).order_by("pk"):
        _end(earlier)
    others = DuplicateRule.objects.filter(for_search=True).exclude(pk=rule.pk)
    run = DuplicateRun(
        tried=rule,
        rules=_stored(DuplicateRule.objects.filter(pk=rule.pk)),
        others=_stored(others),
        by=by,
    )
    return _begin(run)


def _stored(rules: QuerySet[DuplicateRule]) -> list[list[object]]:
    ordered = rules.order_by("pk")
    return [[rule.pk, rule.conditions, rule.certainty] for rule in ordered]


def _begin(run: DuplicateRun) -> DuplicateRun:
    run.due_at = clock.now_ms()
    run.save()
    # A mask that only this run needs is built for it, and dropped after it.
    duplicate_index.adjust_indexes()
    return run


def at_work() -> DuplicateRun | None:
    """The search that goes on, if one does."""
    rows = DuplicateRun.objects.filter(tried=None, state__in=DuplicateRun.AT_WORK)
    return rows.order_by("-pk").first()


@transaction.atomic
def cancel(run: DuplicateRun, *, by: User | None) -> bool:
    """Give the search up; False where there is nothing to give up."""
    held = DuplicateRun.objects.select_for_update().get(pk=run.pk)
    if not held.is_at_work:
        return False
    if held.state in {State.MERGING, State.UNDOING}:
        # What was merged stays so, what was found stays found.
        held.state, held.due_at, held.claimed_by = State.READY, None, ""
        held.epoch += 1
        held.save()
    else:
        _end(held)
    audit.record("search for duplicates cancelled", subject=str(held.pk), by=by)
    return True


def _end(run: DuplicateRun) -> None:
    DuplicateRun.objects.filter(pk=run.pk, state__in=DuplicateRun.AT_WORK).update(
        state=State.CANCELLED,
        due_at=None,
        claimed_by="",
        epoch=F("epoch") + 1,
        ended_at=clock.now(),
    )
    duplicate_index.adjust_indexes()


@transaction.atomic
def resume(run: DuplicateRun, *, by: User | None) -> bool:
    """Go on with a cancelled search from where it was; False where that cannot be."""
    held = DuplicateRun.objects.select_for_update().get(pk=run.pk)
    if held.state != State.CANCELLED or (held.tried_id is None and at_work()):
        return False
    # What was found is still there, and so is the cursor: only an index may be gone.
    held.state = State.WAITING
    held.due_at, held.ended_at = clock.now_ms(), None
    held.save()
    duplicate_index.adjust_indexes()
    audit.record("search for duplicates resumed", subject=str(held.pk), by=by)
    return True


def due_runs() -> list[int]:
    """Runs that a worker should take up now."""
    return CLAIMS.due()


def take_up(run_id: int) -> None:
    """Work on a run until it is done or this worker stops."""
    CLAIMS.take_up(run_id, _work, done_then=F("done"))


_STEPS: dict[str, Callable[[DuplicateRun], Iterator[duplicate_work.Step | None]]] = {
    State.MERGING: group_merging.merge_groups,
    State.UNDOING: group_merging.undo_groups,
}


def _work(run: DuplicateRun) -> None:
    try:
        for step in _STEPS.get(run.state, duplicate_work.steps)(run):
            if step is duplicate_work.Step.WAIT:
                CLAIMS.put_off(run, _INDEX_WAIT_MS)
                return
            if jobs.stopping():
                CLAIMS.put_off(run, 0)
                return
        _tell_of_the_end(run)
    except Fenced:
        logger.info("search left to others", extra={"run": run.pk})
    except Exception:
        logger.exception("search failed", extra={"run": run.pk})
        CLAIMS.put_off(run, _OWN_FAULT_WAIT_MS)
        raise


def _tell_of_the_end(run: DuplicateRun) -> None:
    step = run.state
    run.refresh_from_db()
    since = run.started_at
    told = {
        "groups": run.groups,
        "leads": run.leads,
        "merged": run.merged,
        "skipped": run.skipped,
    }
    if step == State.MERGING:
        since = clock.from_ms(run.working_since or 0)
        title = _("Duplicates are merged")
        text = _("Groups merged: %(merged)d, left alone: %(skipped)d.") % told
    elif step == State.UNDOING:
        since = clock.from_ms(run.working_since or 0)
        title = _("Merges are taken back")
        text = _("Taken back: %(merged)d, left as they are: %(skipped)d.") % told
    elif run.tried is not None:
        title = _("A duplicate rule was tried")
        text = _("Groups: %(groups)d, leads in them: %(leads)d.") % told
    else:
        title = _("The search for duplicates is done")
        text = _("Groups: %(groups)d, leads in them: %(leads)d.") % told
    alerts.tell_of_the_end(
        since=since, topic=f"duplicates-{run.pk}-{step}", title=title, text=text
    )


def release(worker: str) -> None:
    """What a dead worker was at is due at once."""
    CLAIMS.release(worker)


def look_after_runs() -> None:
    """What this worker lost is due; what no page shows any more goes, bit by bit."""
    CLAIMS.let_go_of_lost()
    _drop_pairs()
    _drop_groups()


def _drop_pairs() -> None:
    # Of a cancelled run they stay: it may go on.
    over = DuplicateRun.objects.filter(state=State.READY).values("pk")
    used = DuplicateRun.objects.values("pk")
    for rows in (
        DuplicatePair.objects.filter(run_id__in=over),
        DuplicatePair.objects.exclude(run_id__in=used),
    ):
        first = rows.order_by("run_id", "low").values_list("run_id", "low").first()
        if first is not None:
            run, _low = first
            some = rows.filter(run_id=run).order_by("low").values_list("low", flat=True)
            last = list(some[:_DROPPED_AT_ONCE])[-1]
            rows.filter(run_id=run, low__lte=last).delete()


def _drop_groups() -> None:
    """Of searches before the newest finished one, open groups go."""
    newest = DuplicateRun.objects.filter(tried=None, state=State.READY)
    last = newest.order_by("-pk").values_list("pk", flat=True).first()
    if last is None:
        return
    rows = DuplicateGroup.objects.filter(
        run__tried=None, run__lt=last, state=DuplicateGroup.State.OPEN
    )
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:_DROPPED_AT_ONCE])
    DuplicateGroup.objects.filter(pk__in=ids).delete()
