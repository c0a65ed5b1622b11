"""What others get while ten thousand waiting leads go on to a Creatio."""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.fairness import Seen, after, look_at_pages, set_password, share
from bench.figure import Figure, tell
from bench.setup import DATABASE
from tests.support.creatio import Creatio, running_creatio
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import WEBINAR, running_sandbox
from tests.support.waiting import wait_until

LEADS = 10_000
_WAITING, _DELIVERED = 1, 2


def main() -> None:
    """Pages without and with the deliveries, and how fast those were."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_creatio() as creatio,
        running_sandbox() as linkedin,
        running_instance(Path(folder), linkedin) as instance,
    ):
        set_password(instance)
        _make_destination(instance, creatio)
        started = time.perf_counter()
        linkedin.submit(WEBINAR, count=LEADS)
        _wait_for(instance, _WAITING)
        registered = LEADS / (time.perf_counter() - started)
        idle = _look(instance, until=after(10))
        instance.python(
            "from leadferry.destinations import services as s; s.resume(1, by=None)"
        )
        started = time.perf_counter()
        busy = _look(instance, until=lambda: _count(instance, _DELIVERED) == LEADS)
        seconds = time.perf_counter() - started
    name = f"{LEADS:,} waiting deliveries, {DATABASE}"
    tell(
        Figure(
            name=f"{name}: pages p95", value=share(busy, 0.95), unit="ms",
            bare=share(idle, 0.95), bare_name="without them", budget=500,
            lower_is_better=True,
        )
    )  # fmt: skip
    tell(
        Figure(
            name=f"{name}: drained", value=LEADS / seconds, unit="leads/s",
            bare=registered, bare_name="registered from notices",
        )
    )  # fmt: skip


def _make_destination(instance: Instance, creatio: Creatio) -> None:
    """As the page makes it, and stopped."""
    instance.python(
        "from leadferry.destinations import services as s; "
        "s.create('creatio', s.Wanted(name='Creatio', "
        f"settings={{'address': '{creatio.url}', "
        f"'identity_url': '{creatio.identity_url}', "
        f"'client_id': '{creatio.client_id}'}}, "
        f"secrets={{'client_secret': '{creatio.client_secret}'}}), by=None); "
        "s.stop(1, by=None)"
    )


def _count(instance: Instance, state: int) -> int:
    query = f"SELECT COUNT(*) FROM destinations_delivery WHERE state = {state:d}"  # noqa: S608 - a number
    return int(instance.rows(query)[0][0])


def _wait_for(instance: Instance, state: int) -> None:
    wait_until(lambda: _count(instance, state) == LEADS, seconds=300, what="all leads")


def _look(instance: Instance, *, until: Callable[[], bool]) -> list[float]:
    seen, over = Seen(), threading.Event()
    person = threading.Thread(target=look_at_pages, args=(instance, "", seen, over))
    person.start()
    while not until():
        time.sleep(0.2)
    over.set()
    person.join()
    return seen.pages


if __name__ == "__main__":
    main()
