"""The engine's own housekeeping."""

from datetime import timedelta

from leadferry.jobs import inquiries
from leadferry.jobs.registry import HOUSEKEEPING, every, task
from leadferry.kit import clock

_KEEP = timedelta(hours=1)


@every(seconds=600)
@task(queue=HOUSEKEEPING)
def forget_finished_runs() -> None:
    """Finished runs say nothing that our own tables do not."""
    from leadferry.jobs import engine  # noqa: PLC0415 - slow; only workers need it

    before = (clock.now() - _KEEP).isoformat()
    while engine.forget_finished(before=before):
        pass


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def ask_again() -> None:
    """Questions whose kick was lost are asked after all."""
    inquiries.kick_waiting()
