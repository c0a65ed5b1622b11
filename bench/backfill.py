"""Earlier leads on the whole real path, beside tools that others wrote.

`python -m bench.backfill million` measures how it holds over a million leads instead.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import peers
from bench.figure import Figure, tell
from bench.setup import DATABASE
from leadferry.kit import clock
from leadferry.linkedin.client import RESPONSE_FIELDS, LinkedInClient
from leadferry.linkedin.walk import Element, Mark
from leadferry.sync.reading import Part, Reader
from tests.support.instance import Instance, children_of, running_instance
from tests.support.sandbox import EMEA, Sandbox, running_sandbox
from tests.support.waiting import wait_until

# Three quarters of the local LinkedIn's leads are of the ad account.
HUNDRED_THOUSAND, MILLION, WITH_LATENCY, OF_PEERS = 133_336, 1_333_336, 20_000, 3_000
LATENCY_MS = 50
PEERS = Path("build/peers")
_LAST = 100_000


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a sync did: leads, seconds, and the most memory its worker had, in MB."""

    leads: int
    seconds: float
    memory: float
    # The share of the first rate that the last hundred thousand kept.
    kept: float


def main() -> None:
    """Without latency, then with fifty milliseconds a call beside the others."""
    if sys.argv[1:] == ["million"]:
        _million()
        return
    with running_sandbox("--leads", str(HUNDRED_THOUSAND)) as linkedin:
        run = _sync(linkedin)
        read = _read_only(linkedin, lanes=4)
    tell(
        Figure(
            name=f"backfill, {DATABASE}, no latency", value=run.leads / run.seconds,
            unit="leads/s", bare=read, bare_name="read, not stored", budget=6_000,
        )
    )  # fmt: skip
    _tell_memory(run)
    if DATABASE == "SQLite":
        _beside_others()


def _million() -> None:
    with running_sandbox("--leads", str(MILLION)) as linkedin:
        run = _sync(linkedin)
        read = _read_only(linkedin, lanes=4, most=_LAST)
    tell(
        Figure(
            name=f"backfill of a million, {DATABASE}", value=run.leads / run.seconds,
            unit="leads/s", bare=read, bare_name="read, not stored",
        )
    )  # fmt: skip
    tell(
        Figure(
            name="the last 100,000 of a million", value=run.kept, unit="x the first",
            bare=1.0, bare_name="as fast", budget=0.35,
        )
    )  # fmt: skip
    _tell_memory(run)


def _tell_memory(run: Run) -> None:
    tell(
        Figure(
            name=f"backfill, {DATABASE}, worker's memory", value=run.memory,
            unit="MB", bare=300, bare_name="allowed", budget=300,
            lower_is_better=True,
        )
    )  # fmt: skip


def _beside_others() -> None:
    latency = ("--latency-ms", str(LATENCY_MS))
    with running_sandbox("--leads", str(WITH_LATENCY), *latency) as linkedin:
        run = _sync(linkedin)
        single = _read_only(linkedin, lanes=1)
    ours = run.leads / run.seconds
    with running_sandbox("--leads", str(OF_PEERS), *latency) as linkedin:
        leads, seconds = peers.toolsconnector(PEERS, linkedin, account=EMEA)
        toolsconnector = leads / seconds
        leads, seconds = peers.ingestr(PEERS, linkedin, account=EMEA)
        ingestr = leads / seconds
    for name, rate, least in (
        ("one call at a time, not stored", single, 3.3),
        ("toolsconnector at its defaults", toolsconnector, 5.0),
        ("ingestr, fields unresolved", ingestr, None),
    ):
        tell(
            Figure(
                name=f"backfill, {LATENCY_MS} ms a call", value=ours, unit="leads/s",
                bare=rate, bare_name=name, budget=least and least * rate,
            )
        )  # fmt: skip


def _sync(linkedin: Sandbox) -> Run:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_instance(Path(folder), linkedin) as instance,
    ):
        subprocess.run(
            instance.command("sync", "--account", str(EMEA), "--no-wait"),
            env=instance.environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        seen: list[tuple[float, int]] = []
        wait_until(lambda: _look(instance, seen), seconds=3_000, what="the sync")
        memory = _peak_memory(instance)
    started = next(at for at, read in seen if read)
    ended, leads = seen[-1]
    # Up to one look, a tenth of a second, may have passed before the first one.
    return Run(leads=leads, seconds=ended - started, memory=memory, kept=_kept(seen))


def _look(instance: Instance, seen: list[tuple[float, int]]) -> bool:
    rows = instance.rows(
        "SELECT state, read FROM sync_syncrun WHERE kind = 'asked' ORDER BY id"
    )
    state, read = rows[0]
    seen.append((time.perf_counter(), int(read)))
    return bool(state == "done")


def _kept(seen: Sequence[tuple[float, int]]) -> float:
    whole = seen[-1][1]

    def seconds(first: int, last: int) -> float:
        times = [at for at, read in seen if first <= read <= last]
        return times[-1] - times[0]

    last = seconds(max(0, whole - _LAST), whole)
    return seconds(1, min(_LAST, whole)) / last if last else 0.0


def _peak_memory(instance: Instance) -> float:
    pid = instance.children()["worker"]
    total = 0.0
    for one in (pid, *children_of(pid)):
        status = Path(f"/proc/{one}/status")
        if not status.exists():
            return 0.0
        line = next(
            row for row in status.read_text().splitlines() if row.startswith("VmHWM")
        )
        total += int(line.split()[1]) / 1024
    return total


def _read_only(linkedin: Sandbox, *, lanes: int, most: int = 10**9) -> float:
    now = clock.now_ms()
    span = 89 * 86_400_000 // lanes
    parts = [
        Part(number, Mark(now - (number + 1) * span, now - number * span - 1))
        for number in range(lanes)
    ]
    with LinkedInClient(
        linkedin.token(), version="202609", base_url=linkedin.url
    ) as client:

        def fetch(mark: Mark) -> tuple[Mark, list[Element]]:
            return client.next_responses(EMEA, mark, fields=RESPONSE_FIELDS)

        started, leads = time.perf_counter(), 0
        with Reader(fetch, parts, lanes=lanes) as reader:
            while not reader.is_over and leads < most:
                leads += sum(len(page.elements) for page in reader.take(elements=500))
        return leads / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
