"""The webhook door on one core, against bare commits of the same rows."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import httpx

from bench.figure import Figure, tell
from bench.load import make_requests, send
from bench.setup import DATABASE, prepare
from tests.support.ports import free_port
from tests.support.waiting import wait_until

COUNT, CONNECTIONS, THREADS = 8_000, 16, 6
STEADY_RATE, STEADY_COUNT = 500.0, 5_000


@contextlib.contextmanager
def _server(port: int) -> Iterator[None]:
    command = [
        sys.executable, "-m", "leadferry.config.cli", "web", "--port", str(port),
        "--threads", str(THREADS),
    ]  # fmt: skip
    process = subprocess.Popen(
        [*_on_one_core(), *command],
        env={**os.environ, "LEADFERRY_SUPERVISED": "1"},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _on_one_core() -> list[str]:
    return ["taskset", "-c", "0"] if shutil.which("taskset") else []


def _bare_commits() -> float:
    """Rows a second, one commit each, from as many threads as the server has."""
    from django.db import connections

    from leadferry.ingest import inbox, routers

    alias = routers.inbox()
    rows = iter(range(2_000))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number = next(rows, None)
            if number is None:
                break
            row = (f"bare-{number}", 1, number, 1, 1, 1, 1, 2, 1, "", "")
            with connections[alias].cursor() as cursor:
                cursor.execute(inbox._INSERT, row)
        connections.close_all()

    threads = [threading.Thread(target=work) for _number in range(THREADS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 2_000 / (time.perf_counter() - started)


def main() -> None:
    """Measure at full speed, then at five hundred a second."""
    prepare()
    from leadferry.accounts import settings

    settings.write(settings.NOTICE_ADDRESS_KEY, "bench", by=None)
    path, port = "/linkedin/notices/bench", free_port()
    bare = _bare_commits()
    host = f"127.0.0.1:{port}"
    full = make_requests(path, host=host, count=COUNT)
    steady = make_requests(path, host=host, count=STEADY_COUNT, first=COUNT)
    warm = make_requests(path, host=host, count=200, first=10**9)
    with _server(port):
        wait_until(lambda: _answers(port), seconds=30, what="the web process")
        send(port, warm, connections=CONNECTIONS)
        seconds, _times = send(port, full, connections=CONNECTIONS)
        _seconds, times = send(port, steady, connections=CONNECTIONS, rate=STEADY_RATE)
    _check(COUNT + STEADY_COUNT + len(warm))
    tell(
        Figure(
            name=f"door, {DATABASE}, full speed, one core",
            value=COUNT / seconds, unit="notices/s",
            bare=bare, bare_name="bare commits",
            budget=1_000 if DATABASE == "PostgreSQL" else 1_200,
        )
    )  # fmt: skip
    tell(
        Figure(
            name=f"door, {DATABASE}, p99 at {STEADY_RATE:.0f}/s",
            value=times[int(len(times) * 0.99)] * 1000, unit="ms",
            bare=1000 / bare, bare_name="one bare commit", budget=50,
            lower_is_better=True,
        )
    )  # fmt: skip


def _answers(port: int) -> bool:
    try:
        url = f"http://127.0.0.1:{port}/ping"
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _check(count: int) -> None:
    from leadferry.ingest.models import Notice

    stored = Notice.objects.filter(response_id__startswith="bench-").count()
    if stored != count:
        raise RuntimeError(f"{count} notices were answered 200, {stored} are on disk.")


if __name__ == "__main__":
    main()
