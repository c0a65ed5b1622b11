"""The engine itself, with a store of its own."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from leadferry.jobs import engine
from leadferry.jobs.tasks import forget_finished_runs
from leadferry.kit import clock
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def running(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.JOBS_DATABASE_URL = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    monkeypatch.setattr(engine, "_clients", [])
    engine.launch(executor="one")
    yield
    engine.stop(seconds=5)
    for client in engine._clients:
        client.destroy()


def states() -> list[str]:
    """How the runs that the store still knows stand."""
    return [run.status for run in engine._store().list_workflows()]


def ask() -> None:
    engine.enqueue(task=forget_finished_runs.name, arguments=[], key=None)


def test_runs_that_are_over_are_forgotten(
    running: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _time in range(3):
        ask()
    wait_until(
        lambda: states() == ["SUCCESS"] * 3, seconds=20, what="three finished runs"
    )
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=2))
    ask()
    # Itself, it is not over an hour ago as the engine tells the time.
    wait_until(lambda: len(states()) < 3, seconds=20, what="the end of what was over")
