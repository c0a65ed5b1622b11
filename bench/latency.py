"""From our 200 to the commit of the lead, against LinkedIn's own answer time."""

import tempfile
import time
from pathlib import Path

from bench.figure import Figure, tell
from bench.setup import DATABASE
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import Sandbox, running_sandbox

LEADS = 60


def main() -> None:
    """Single leads, one after the other, on the whole real path."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox() as sandbox,
        running_instance(Path(folder), sandbox) as instance,
    ):
        times = sorted(_measure(instance, sandbox))
        bare = _bare(sandbox)
    for name, share, budget in (("p50", 0.5, 500), ("p95", 0.95, 2_000)):
        tell(
            Figure(
                name=f"notice -> registered, {DATABASE}, {name}",
                value=times[int(len(times) * share)], unit="ms",
                bare=bare, bare_name="one bare fetch", budget=budget,
                lower_is_better=True,
            )
        )  # fmt: skip


def _measure(instance: Instance, sandbox: Sandbox) -> list[int]:
    ids: list[str] = []
    for _number in range(LEADS):
        ids += sandbox.submit()
        instance.wait_for_leads(ids)
    query = "SELECT received_at, done_at FROM ingest_notice WHERE done_at IS NOT NULL"
    rows = instance.rows(query, inbox=True)
    return [int(end - start) for start, end in rows]


def _bare(sandbox: Sandbox) -> float:
    lead = sandbox.truth(full="1")["ids"][0]
    headers = {
        "Authorization": f"Bearer {sandbox.token()}",
        "LinkedIn-Version": "202609",
        "X-Restli-Protocol-Version": "2.0.0",
    }
    started = time.perf_counter()
    for _number in range(50):
        path = f"/rest/leadFormResponses/{lead}"
        sandbox.http.get(path, headers=headers).raise_for_status()
    return (time.perf_counter() - started) / 50 * 1000


if __name__ == "__main__":
    main()
