"""Whatever is killed, whenever: one lead, one history row."""

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.support.instance import Instance, is_alive
from tests.support.sandbox import Sandbox
from tests.support.waiting import wait_until

pytestmark = pytest.mark.flow

WITHIN_SECONDS = 70
# The long proof stops the worker for two minutes; twenty seconds reach past the
# moment at which it is taken over.
STOPPED_SECONDS = float(os.environ.get("LEADFERRY_TEST_STOPPED_SECONDS", "20"))


def _hold(linkedin: Sandbox) -> None:
    linkedin.fault("leadFormResponses", "hold", latency_ms=5000)


def _wait_for_fetch(linkedin: Sandbox, *, after: int = 0) -> None:
    wait_until(
        lambda: [
            row for row in linkedin.calls("leadFormResponses") if row["number"] > after
        ],
        seconds=20,
        what="the fetch",
    )


def _wait_for_answered_fetch(linkedin: Sandbox, *, after: int) -> None:
    wait_until(
        lambda: [
            row
            for row in linkedin.calls("leadFormResponses")
            if row["number"] > after and row.get("status") == 200
        ],
        seconds=20,
        what="the answer to the fetch",
    )


def _one_of_each(instance: Instance, ids: list[str]) -> None:
    instance.wait_for_leads(ids, seconds=WITHIN_SECONDS)
    changes = instance.rows("SELECT lead_id, kind FROM leads_leadchange")
    assert len(changes) == len(ids)
    assert len(instance.rows("SELECT 1 FROM leads_registration")) == len(ids)
    wait_until(
        lambda: not instance.rows("SELECT 1 FROM ingest_timespending"),
        seconds=WITHIN_SECONDS,
        what="the count of the times",
    )
    assert _timed(instance) == len(ids)


def _timed(instance: Instance) -> int:
    """How many leads were timed, by what is counted of their whole way."""
    rows = instance.rows("SELECT counts FROM ingest_stagetotals")
    # SQLite keeps JSON as text.
    counts = [json.loads(row) if isinstance(row, str) else row for (row,) in rows]
    whole_ways = ("5", "6")
    return sum(
        sum(one[stage][1].values()) for one in counts for stage in whole_ways
        if stage in one
    )  # fmt: skip


@pytest.mark.req("R039", "R040")
def test_everything_is_killed_while_linkedin_answers(
    instance: Instance, linkedin: Sandbox
) -> None:
    _hold(linkedin)
    ids = linkedin.submit()
    _wait_for_fetch(linkedin)
    instance.kill_everything()
    assert instance.lead_ids() == []
    instance.start()
    _one_of_each(instance, ids)


def test_no_child_outlives_its_supervisor(
    instance: Instance, linkedin: Sandbox
) -> None:
    _hold(linkedin)
    ids = linkedin.submit()
    _wait_for_fetch(linkedin)
    children = instance.children()
    assert {"web", "web-0", "worker"} <= set(children)
    assert instance.supervisor is not None
    os.kill(instance.supervisor.pid, signal.SIGKILL)
    instance.supervisor.wait()
    wait_until(
        lambda: not any(is_alive(pid) for pid in children.values()),
        seconds=5,
        what="the end of the children",
    )
    instance.start()
    _one_of_each(instance, ids)


def test_the_worker_is_killed_between_fetch_and_commit(
    instance: Instance, linkedin: Sandbox
) -> None:
    # The form is known after this one, so that the next writes in its commit only.
    first = linkedin.submit()
    instance.wait_for_leads(first)
    _hold(linkedin)
    seen = len(linkedin.calls())
    second = linkedin.submit()
    # Not earlier: without a commit the worker could not take the notice on.
    _wait_for_fetch(linkedin, after=seen)
    with _no_commits(instance):
        _wait_for_answered_fetch(linkedin, after=seen)
        os.kill(instance.children()["worker"], signal.SIGKILL)
    assert instance.lead_ids() == first
    # The supervisor starts the next worker by itself.
    _one_of_each(instance, first + second)


@pytest.mark.req("B6")
def test_the_worker_is_killed_while_times_wait_to_be_counted(
    instance: Instance, linkedin: Sandbox
) -> None:
    ids: list[str] = []
    for _kill in range(3):
        ids += linkedin.submit(count=60)
        instance.wait_for_row("SELECT 1 FROM ingest_timespending")
        _kill_the_worker(instance)
    _one_of_each(instance, ids)


def _kill_the_worker(instance: Instance) -> None:
    wait_until(
        lambda: is_alive(instance.children().get("worker", 0)),
        seconds=20,
        what="the next worker",
    )
    os.kill(instance.children()["worker"], signal.SIGKILL)


@contextlib.contextmanager
def _no_commits(instance: Instance) -> Iterator[None]:
    """Hold what a registration needs, so that no commit can come between."""
    if instance.database:
        with psycopg.connect(instance.database) as connection:
            connection.execute("LOCK TABLE leads_registration IN EXCLUSIVE MODE")
            yield
        return
    path = instance.folder / "data" / "leadferry.sqlite3"
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as database:
        database.isolation_level = None
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def _stop_outside_a_write(instance: Instance, pid: int) -> None:
    """Stop a process at a moment when it does not keep SQLite's only write lock.

    Stopped with the lock, it would hold everybody else up until it wakes: no other
    process can take a file's lock away. PostgreSQL ends such a session by itself.
    """
    for _attempt in range(20):
        os.kill(pid, signal.SIGSTOP)
        if instance.database or _is_writable(instance):
            return
        os.kill(pid, signal.SIGCONT)
    raise AssertionError("The worker was writing each time that it was stopped.")


def _is_writable(instance: Instance) -> bool:
    for path in (instance.folder / "data").glob("*.sqlite3"):
        with contextlib.closing(sqlite3.connect(path, timeout=0.1)) as database:
            database.isolation_level = None
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            database.execute("ROLLBACK")
    return True


def test_a_stopped_worker_wakes_after_it_was_taken_over(
    instance: Instance, linkedin: Sandbox
) -> None:
    _hold(linkedin)
    ids = linkedin.submit()
    _wait_for_fetch(linkedin)
    sleeper = instance.children()["worker"]
    _stop_outside_a_write(instance, sleeper)
    stopped = time.monotonic()
    instance.add_worker()
    # The other one brings the lead by polling, too: that alone takes nothing over.
    wait_until(
        lambda: instance.rows("SELECT 1 FROM jobs_worker WHERE epoch > 1"),
        seconds=WITHIN_SECONDS,
        what="the slot taken over",
    )
    _one_of_each(instance, ids)
    wait_until(
        lambda: time.monotonic() - stopped > STOPPED_SECONDS,
        seconds=STOPPED_SECONDS + 1,
        what="the time of the stop",
    )
    os.kill(sleeper, signal.SIGCONT)
    wait_until(
        lambda: not is_alive(sleeper), seconds=15, what="the fenced worker's end"
    )
    later = linkedin.submit()
    _one_of_each(instance, ids + later)
