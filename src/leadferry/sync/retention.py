"""How long runs are kept, and the round through everything that gets old."""

from leadferry.accounts.purging import Rule, purge_mails, purge_rows
from leadferry.accounts.settings import DAYS_TO_KEEP_LOGS, days
from leadferry.alerts.retention import purge_messages
from leadferry.destinations.retention import purge_earlier_runs, purge_receipts
from leadferry.ingest.retention import (
    purge_discarded,
    purge_door_counts,
    purge_notices,
    purge_stage_times,
    purge_submissions,
)
from leadferry.integrations.retention import (
    purge_calls,
    purge_findings,
    purge_sign_ins,
)
from leadferry.jobs.services import bulk_work
from leadferry.sync.models import ReplayBatch, ReplayChange, Slice, SyncRun

RUNS, SLICES, REPLAYS = "syncs", "slices", "replays"
_ENDED = (SyncRun.State.DONE, SyncRun.State.CANCELLED)


def purge_runs() -> bool:
    """Runs that are done or cancelled, their slices first: they may be many."""
    rule = Rule(kind=SLICES, days=days(DAYS_TO_KEEP_LOGS))
    old = {"state__in": _ENDED, "ended_at__lt": rule.before}
    # Resumed in between, a cancelled one begins anew.
    SyncRun.objects.filter(**old, is_cut=True).update(is_cut=False)
    slices = Slice.objects.filter(**{f"run__{name}": old[name] for name in old})
    if not purge_rows(rule, slices):
        return False
    return purge_rows(
        Rule(kind=RUNS, days=rule.days), SyncRun.objects.filter(**old, slices=None)
    )


def purge_replays() -> bool:
    """What replays changed, old values and new; what is purged is not undone."""
    rule = Rule(kind=REPLAYS, days=days(DAYS_TO_KEEP_LOGS))
    old = ReplayBatch.objects.filter(created_at__lt=rule.before).exclude(
        state__in=ReplayBatch.AT_WORK
    )
    changes = ReplayChange.objects.filter(batch__in=old)
    return purge_rows(rule, changes) and purge_rows(rule, old.filter(changes=None))


_ROUND = (
    purge_notices, purge_door_counts, purge_messages, purge_sign_ins, purge_calls,
    purge_findings, purge_runs, purge_replays, purge_stage_times, purge_mails,
    purge_discarded, purge_submissions, purge_receipts, purge_earlier_runs,
)  # fmt: skip


def purge_what_is_old() -> None:
    """One round; killed at any moment, the next one takes what is left."""
    with bulk_work():
        for purge in _ROUND:
            if not purge():
                return
