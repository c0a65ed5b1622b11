"""When runs are worked on, and when leads are asked for unasked."""

from datetime import date

from leadferry.integrations.services import find_integration
from leadferry.jobs import inquiries
from leadferry.jobs.registry import (
    HOUSEKEEPING,
    NEW_LEADS,
    SYNC,
    WAITED_FOR,
    every,
    on_release,
    task,
    watch,
)
from leadferry.jobs.services import kick
from leadferry.sync import expectations, polling, retention, services
from leadferry.sync.periods import Period


@task(queue=SYNC)
def work_on_run(run_id: int) -> None:
    """Read and store what is left of a run."""
    services.take_up(run_id)


@watch
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


@watch
def look_for_due_pollings() -> None:
    """Kick a poll of each integration that is due."""
    for integration_id in polling.due_pollings():
        kick(poll_integration, integration_id, key=f"poll-{integration_id}")


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def look_for_new_integrations() -> None:
    """New integrations are polled, too."""
    polling.look_for_new_integrations()


@on_release
def release_runs(worker: str) -> None:
    """What a dead worker was at is due at once."""
    services.release(worker)


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def look_after_runs() -> None:
    """Runs that were lost or whose hindrance is mended go on."""
    services.look_after_runs()


@every(seconds=3600)
@task(queue=HOUSEKEEPING)
def purge_what_is_old() -> None:
    """What was kept as long as the settings say goes."""
    retention.purge_what_is_old()
