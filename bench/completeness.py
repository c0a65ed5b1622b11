"""A check of completeness, beside reading the same ids and forgetting them.

`python -m bench.completeness million` measures it over a million leads instead.
"""

import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, tell
from bench.setup import DATABASE, prepare
from leadferry.kit import clock
from leadferry.linkedin.client import RESPONSE_OUTLINE, LinkedInClient
from leadferry.linkedin.walk import Element, Mark
from tests.support.sandbox import EMEA, Sandbox, running_sandbox

# Three quarters of the local LinkedIn's leads are of the ad account.
HUNDRED_THOUSAND, MILLION = 133_336, 1_333_336
PAGE, BATCH = 100, 5_000
# Pages share an edge, and a check reads on until a page is empty.
CALLS_MORE = 1.02


def main() -> None:
    """Fill the ledger with what LinkedIn has, then check it."""
    number = MILLION if sys.argv[1:] == ["million"] else HUNDRED_THOUSAND
    with running_sandbox("--leads", str(number)) as linkedin:
        os.environ["LEADFERRY_LINKEDIN_API"] = linkedin.url
        prepare()
        _measure(linkedin)


def _measure(linkedin: Sandbox) -> None:
    from leadferry.integrations.models import CallCount
    from leadferry.integrations.tests.builders import make_integration, make_user
    from leadferry.sync import calendars, checks, services

    token = linkedin.token()
    integration = make_integration(make_user(token, age_s=3600))
    started = time.perf_counter()
    listed = _fill(linkedin, token)
    bare = listed / (time.perf_counter() - started)
    first, last = calendars.window()
    run = checks.start_check(integration, first=first, last=last, by=None)
    memory: list[float] = []
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(memory, over))
    watch.start()
    started = time.perf_counter()
    services.take_up(run.pk)
    seconds = time.perf_counter() - started
    over.set()
    watch.join()
    run.refresh_from_db()
    counts = calendars.sums_of(
        calendars.days_of(integration, form_id=0, first=first, last=last)
    )
    if run.state != "done" or counts["registered"] != listed:
        raise SystemExit(f"{run.state} {run.reason}: {counts} of {listed}")
    calls = sum(row.calls for row in CallCount.objects.all())
    _tell(listed, seconds, bare, memory=memory, calls=calls)


def _tell(
    listed: int, seconds: float, bare: float, *, memory: list[float], calls: int
) -> None:
    tell(
        Figure(
            name=f"check of {listed:,} ids, {DATABASE}", value=listed / seconds,
            unit="ids/s", bare=bare, bare_name="read, and put into the ledger",
        )
    )  # fmt: skip
    early = memory[len(memory) // 10]
    tell(
        Figure(
            name=f"check of {listed:,} ids, memory at the end", value=memory[-1],
            unit="MB", bare=early, bare_name="after a tenth", budget=early * 1.1,
            lower_is_better=True,
        )
    )  # fmt: skip
    tell(
        Figure(
            name=f"check of {listed:,} ids, calls", value=calls, unit="calls",
            bare=listed / PAGE, bare_name="pages of 100",
            budget=listed / PAGE * CALLS_MORE, lower_is_better=True,
        )
    )  # fmt: skip


def _fill(linkedin: Sandbox, token: str) -> int:
    """Every id that LinkedIn has, registered as the ledger knows it."""
    from leadferry.ingest.identity import identity_of
    from leadferry.leads.models import Fate, Registration

    number = 0
    elements = _elements(linkedin, token)
    while batch := list(itertools.islice(elements, BATCH)):
        rows = []
        for one in batch:
            key, check = identity_of(one.key)
            rows.append(
                Registration(
                    key=key, check_key=check, fate=Fate.REGISTERED,
                    submitted_at=one.at, digest=0,
                )
            )  # fmt: skip
        Registration.objects.bulk_create(rows)
        number += len(rows)
    return number


def _elements(linkedin: Sandbox, token: str) -> Iterator[Element]:
    now = clock.now_ms()
    mark = Mark(now - 91 * 86_400_000, now)
    with LinkedInClient(token, version="202609", base_url=linkedin.url) as client:
        while not mark.is_done:
            fresh: list[Element]
            mark, fresh = client.next_responses(EMEA, mark, fields=RESPONSE_OUTLINE)
            yield from fresh


def _watch(memory: list[float], over: threading.Event) -> None:
    while not over.wait(0.5):
        status = Path("/proc/self/status").read_text()
        line = next(row for row in status.splitlines() if row.startswith("VmRSS"))
        memory.append(int(line.split()[1]) / 1024)


if __name__ == "__main__":
    main()
