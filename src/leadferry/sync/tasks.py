"""When runs are worked on, and when leads are asked for unasked."""

from datetime import date

from leadferry.integrations import subscriptions
from leadferry.integrations.services import find_integration
from leadferry.integrations.tasks import keep_subscribed
from leadferry.jobs import inquiries
from leadferry.jobs.registry import (
    HOUSEKEEPING,
    NEW_LEADS,
    REPLAY,
    SYNC,
    WAITED_FOR,
    every,
    on_release,
    task,
    watch,
)
from leadferry.jobs.services import kick
from leadferry.sync import (
    checks,
    expectations,
    mending,
    polling,
    removal,
    replay,
    retention,
    services,
    silence,
)
from leadferry.sync.periods import Period


@task(queue=SYNC)
def work_on_run(run_id: int) -> None:
    """Read and store what is left of a run."""
    services.take_up(run_id)


@watch(seconds=0.3)
def look_for_due_runs() -> None:
    """Kick each run that is due."""
    for run_id in services.due_runs():
        kick(work_on_run, run_id, key=f"sync-{run_id}")


@task(queue=NEW_LEADS)
def poll_integration(integration_id: int) -> None:
    """Read what was submitted since the last time."""
    polling.poll(integration_id)


@task(queue=WAITED_FOR)
def count_period(integration_id: int, first: str, last: str) -> None:
    """Ask LinkedIn how many leads a period has."""
    integration = find_integration(integration_id)
    if integration is None:
        return
    period = Period(date.fromisoformat(first), date.fromisoformat(last))
    inquiries.answer(
        expectations.topic(integration, period),
        lambda: expectations.look(integration, period),
    )


@watch(seconds=0.3)
def look_for_due_pollings() -> None:
    """Kick a poll of each integration that is due."""
    for integration_id in polling.due_pollings():
        kick(poll_integration, integration_id, key=f"poll-{integration_id}")


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def look_for_new_integrations() -> None:
    """New integrations are polled, too."""
    polling.look_for_new_integrations()


@task(queue=REPLAY)
def work_on_replay(batch_id: int) -> None:
    """Preview, write or take back what is left of a replay."""
    replay.take_up(batch_id)


@watch(seconds=0.5)
def look_for_due_replays() -> None:
    """Kick each replay that is due."""
    for batch_id in replay.due_replays():
        kick(work_on_replay, batch_id, key=f"replay-{batch_id}")


@on_release
def release_runs(worker: str) -> None:
    """What a dead worker was at is due at once."""
    services.release(worker)
    replay.release(worker)


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def look_after_runs() -> None:
    """Runs that were lost or whose hindrance is mended go on."""
    services.look_after_runs()
    replay.look_after_replays()


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def plan_checks() -> None:
    """Each night completeness is checked."""
    checks.plan_checks()


@every(seconds=5)
@task(queue=HOUSEKEEPING)
def look_after_gaps() -> None:
    """Gaps are mended."""
    mending.look_after_gaps()


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def remove_deleted() -> None:
    """What is left of deleted integrations goes."""
    removal.remove_what_is_left()


@every(seconds=600)
@task(queue=HOUSEKEEPING)
def look_for_silence() -> None:
    """Subscriptions that LinkedIn seems to have blocked are made again."""
    silence.look_for_silence()
    if subscriptions.waiting().filter(renews_subscription=True).exists():
        kick(keep_subscribed, key="keep-subscribed")


@every(seconds=3600)
@task(queue=HOUSEKEEPING)
def purge_what_is_old() -> None:
    """What was kept as long as the settings say goes."""
    retention.purge_what_is_old()
