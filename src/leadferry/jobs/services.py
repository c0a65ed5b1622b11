"""The port to the job engine: kick a task, hold the fence."""

import contextlib
import threading
from collections.abc import Iterator

from django.db import connection

from leadferry.jobs.errors import Fenced, KickInTransaction
from leadferry.jobs.models import Worker
from leadferry.jobs.registry import Argument, Task

_process_identity: list[tuple[str, int]] = []
_stop = threading.Event()
_bulk_lock = threading.Lock()
_bulk_works = [0]


def kick(task: Task, *arguments: Argument, key: str | None = None) -> bool:
    """Ask for a run of `task`; false where one with this key waits or runs.

    A kick only carries the wish: the work itself is a row that a sweep finds too.
    Raises KickInTransaction inside `atomic`: use `transaction.on_commit` there.
    """
    if connection.in_atomic_block:
        raise KickInTransaction(f"{task.name} was kicked inside a transaction.")
    from leadferry.jobs import engine  # noqa: PLC0415 - slow; many processes never kick

    return engine.enqueue(task=task.name, arguments=list(arguments), key=key)


def become(*, slot: str, epoch: int) -> None:
    """This process is the worker that owns `slot` at `epoch`."""
    _process_identity[:] = [(slot, epoch)]


def whoami() -> str:
    """The name under which this worker claims rows; empty outside a worker."""
    return "{}:{}".format(*_process_identity[0]) if _process_identity else ""


def hold_fence() -> None:
    """Raise Fenced where another worker took over; call it inside each transaction.

    The row stays locked until the end of the transaction, so that a take-over waits
    for a commit that has begun.
    """
    if not _process_identity:
        return
    slot, epoch = _process_identity[0]
    workers = Worker.objects.filter(slot=slot, epoch=epoch)
    if connection.vendor == "postgresql":
        # A share lock: tasks of one worker do not wait for each other.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM jobs_worker WHERE slot = %s AND epoch = %s FOR SHARE",
                [slot, epoch],
            )
            held = cursor.fetchone() is not None
    else:
        held = workers.exists()
    if not held:
        raise Fenced(f"Slot {slot} went to another worker.")


@contextlib.contextmanager
def bulk_work() -> Iterator[None]:
    """Hours of work begin in this process: what can wait gives it room."""
    with _bulk_lock:
        _bulk_works[0] += 1
    try:
        yield
    finally:
        with _bulk_lock:
            _bulk_works[0] -= 1


def bulk_works() -> bool:
    """Whether such work goes on in this process."""
    return _bulk_works[0] > 0


def stopping() -> bool:
    """Whether this worker is asked to stop; long tasks look after each page."""
    return _stop.is_set()


def ask_to_stop() -> None:
    """Running tasks end at their next page."""
    _stop.set()
