"""Reads of runs: where each stands, and what is known of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from leadferry.integrations.models import Integration
from leadferry.kit import clock
from leadferry.sync.models import Slice, SyncRun

PAGE_SIZE = 20
# Before that, a rate says more about the start than about the run.
_TELLING_MS = 2_000
_PATIENCE_MS = 30_000


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run has come; `percent`, `rate` and `seconds_left` where known."""

    percent: int | None
    rate: float | None
    seconds_left: int | None


def progress_of(run: SyncRun) -> Progress:
    """By leads where LinkedIn told their number, else by the time that is read."""
    share = _share(run)
    rate = _rate(run)
    seconds = None
    if rate and run.expected is not None and run.expected > run.read:
        seconds = int((run.expected - run.read) / rate) + 1
    percent = int(share * 100) if share is not None else None
    return Progress(percent=percent, rate=rate, seconds_left=seconds)


def _share(run: SyncRun) -> float | None:
    if run.state == SyncRun.State.DONE:
        return 1.0
    if run.expected:
        return min(run.read / run.expected, 0.99)
    if not run.is_cut:
        return None
    left = sum(
        max(0, min(end, clock.now_ms()) - start + 1)
        for start, end in Slice.objects.filter(run=run).values_list("start", "end")
    )
    whole = min(run.end, clock.now_ms()) - run.start + 1
    return max(0.0, min(1 - left / max(whole, 1), 0.99))


def _rate(run: SyncRun) -> float | None:
    if run.state != SyncRun.State.RUNNING or run.working_since is None:
        return None
    worked = clock.now_ms() - run.working_since
    if worked < _TELLING_MS or run.read == run.read_then:
        return None
    return (run.read - run.read_then) * 1000 / worked


def is_unworked(run: SyncRun) -> bool:
    """Whether no worker took it up for a while."""
    if run.state != SyncRun.State.WAITING or run.due_at is None:
        return False
    return clock.now_ms() - run.due_at > _PATIENCE_MS


def find_run(run_id: int) -> SyncRun | None:
    """One run with what its page names."""
    runs = SyncRun.objects.select_related(
        "integration__ad_account", "form__lookup_value", "by"
    )
    return runs.filter(pk=run_id).first()


def runs_of(integration: Integration) -> Sequence[SyncRun]:
    """The newest runs of an integration that bring leads."""
    runs = _of(integration)
    related = runs.select_related("form__lookup_value", "by").order_by("-pk")
    return list(related[:PAGE_SIZE])


_ENDED = (SyncRun.State.DONE, SyncRun.State.CANCELLED)


def open_run_of(integration: Integration) -> SyncRun | None:
    """The newest run that brings leads and is not over yet."""
    return _of(integration).exclude(state__in=_ENDED).order_by("-pk").first()


def _of(integration: Integration) -> QuerySet[SyncRun]:
    runs = SyncRun.objects.filter(integration=integration)
    return runs.exclude(kind=SyncRun.Kind.CHECK)


def count_open_runs() -> int:
    """How many runs are not over yet."""
    return SyncRun.objects.exclude(state__in=_ENDED).count()
