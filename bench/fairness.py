"""What others get while a hundred thousand earlier leads are fetched."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.figure import Figure, tell
from bench.load import make_requests, send
from bench.pages import PASSWORD, sign_in
from bench.setup import DATABASE
from leadferry.kit import clock
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import EMEA, Sandbox, running_sandbox
from tests.support.waiting import wait_until

LEADS = 133_336  # three quarters of them are the ad account's
NOTICES_PER_SECOND = 20
# Nothing imports from it: its notices are stored and set aside.
_FOREIGN = 599_999_999
_CODE = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"


@dataclass
class Seen:
    """Milliseconds of each kind of request."""

    door: list[float] = field(default_factory=list)
    challenge: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)


def main() -> None:
    """Ask for everything at once, as long as the sync goes on."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox("--leads", str(LEADS)) as linkedin,
        running_instance(Path(folder), linkedin) as instance,
    ):
        set_password(instance)
        address = str(linkedin.control("GET", "subscriptions")[0]["webhook"])
        path = address.removeprefix(instance.url)
        idle = _measure(instance, linkedin, path, until=after(5))
        subprocess.run(
            instance.command("sync", "--account", str(EMEA), "--no-wait"),
            env=instance.environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        since = clock.now_ms()
        busy = _measure(instance, linkedin, path, until=lambda: _is_done(instance))
        wait_until(
            lambda: (
                not instance.rows(
                    "SELECT 1 FROM ingest_notice WHERE state = 1", inbox=True
                )
            ),
            seconds=60,
            what="the last notice",
        )
        rows = instance.rows(
            "SELECT received_at, done_at FROM ingest_notice WHERE state = 2",
            inbox=True,
        )
    before = [float(done - came) for came, done in rows if came < since]
    during = [float(done - came) for came, done in rows if came > since]
    for name, value, bare, budget in (
        ("challenge answered, worst", max(busy.challenge), max(idle.challenge), 1_000),
        ("door p99", share(busy.door, 0.99), share(idle.door, 0.99), 300),
        ("pages p95", share(busy.pages, 0.95), share(idle.pages, 0.95), 500),
        ("new leads p95", share(during, 0.95), share(before, 0.95), 5_000),
    ):
        tell(
            Figure(
                name=f"during a sync, {DATABASE}: {name}", value=value, unit="ms",
                bare=bare, bare_name="without one", budget=budget,
                lower_is_better=True,
            )
        )  # fmt: skip


def set_password(instance: Instance) -> None:
    """So that somebody can look at pages."""
    instance.python(
        "from leadferry.accounts import services; "
        f"services.set_password(username='admin', password='{PASSWORD}')"
    )


def after(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed since now."""
    until = time.perf_counter() + seconds
    return lambda: time.perf_counter() > until


def _is_done(instance: Instance) -> bool:
    query = "SELECT state FROM sync_syncrun WHERE kind = 'asked'"
    return bool(instance.rows(query)[0][0] == "done")


def share(times: list[float], part: float) -> float:
    """The time under which this part of them lies."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)]


def _measure(
    instance: Instance, linkedin: Sandbox, path: str, *, until: Callable[[], bool]
) -> Seen:
    seen, over = Seen(), threading.Event()
    threads = [
        threading.Thread(target=work, args=(instance, path, seen, over))
        for work in (_knock, _challenge, look_at_pages)
    ]
    for thread in threads:
        thread.start()
    while not until():
        linkedin.submit()
        time.sleep(0.5)
    over.set()
    for thread in threads:
        thread.join()
    return seen


def _knock(instance: Instance, path: str, seen: Seen, over: threading.Event) -> None:
    first = clock.now_ms()
    host = f"127.0.0.1:{instance.port}"
    while not over.is_set():
        requests = make_requests(
            path, host=host, count=NOTICES_PER_SECOND, first=first, account=_FOREIGN
        )
        first += NOTICES_PER_SECOND
        _seconds, times = send(
            instance.port, requests, connections=2, rate=NOTICES_PER_SECOND
        )
        seen.door += [one * 1000 for one in times]


def _challenge(
    instance: Instance, path: str, seen: Seen, over: threading.Event
) -> None:
    with httpx.Client(base_url=instance.url, trust_env=False, timeout=30) as linkedin:
        while not over.wait(2.0):
            seen.challenge.append(_timed(linkedin, f"{path}?challengeCode={_CODE}"))


def look_at_pages(
    instance: Instance, _path: str, seen: Seen, over: threading.Event
) -> None:
    """Somebody goes from page to page."""
    with httpx.Client(base_url=instance.url, trust_env=False, timeout=30) as person:
        sign_in(person, PASSWORD)
        while not over.wait(0.2):
            for page in ("/leads/", "/leads/?search=ada", "/social-leads/1"):
                seen.pages.append(_timed(person, page))


def _timed(client: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
