"""A sync of fifty thousand leads, its worker killed twenty times on the way."""

import contextlib
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.instance import Instance, running_instance
from tests.support.sandbox import DEMO, EMEA, WEBINAR, WHITE_PAPER, running_sandbox
from tests.support.waiting import wait_until

pytestmark = pytest.mark.flow

LEADS = 66_668  # three quarters of them are the ad account's
KILLS = 20


def test_twenty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = secrets.randbelow(10**6)
    sys.stdout.write(f"seed {seed}\n")
    luck = random.Random(seed)  # noqa: S311 - repeatable by its seed
    with (
        running_sandbox(
            "--leads", str(LEADS), "--latency-ms", "60", "--max-count", "50"
        ) as linkedin,
        running_instance(tmp_path, linkedin) as instance,
    ):
        truth = [
            lead
            for form in (WEBINAR, DEMO, WHITE_PAPER)
            for lead in linkedin.truth(ids="1", form=form)["ids"]
        ]
        subprocess.run(
            instance.command("sync", "--account", str(EMEA), "--no-wait"),
            env=instance.environment, check=True, capture_output=True,
        )  # fmt: skip
        for number in range(KILLS):
            _wait_until_it_works(instance)
            time.sleep(luck.uniform(0, 1.5))
            assert _state(instance) != "done", f"done after {number} kills"
            _kill(instance, everything=number % 5 == 4)
        wait_until(lambda: _state(instance) == "done", seconds=240, what="the end")
        ids = instance.lead_ids()
        read, registered = instance.rows(
            "SELECT read, registered FROM sync_syncrun WHERE kind = 'asked'"
        )[0]
        changes = instance.rows("SELECT COUNT(*) FROM leads_leadchange")[0][0]
        keys = instance.rows("SELECT COUNT(*) FROM leads_registration WHERE fate = 1")[
            0
        ][0]
    sys.stdout.write(f"{KILLS} kills, {len(ids)} leads, {read} read\n")
    assert ids == sorted(truth)
    assert len(ids) == registered == changes == keys


def _state(instance: Instance) -> str:
    query = "SELECT state FROM sync_syncrun WHERE kind = 'asked'"
    return str(instance.rows(query)[0][0])


def _read(instance: Instance) -> int:
    query = "SELECT read FROM sync_syncrun WHERE kind = 'asked'"
    return int(instance.rows(query)[0][0])


def _wait_until_it_works(instance: Instance) -> None:
    before = _read(instance)
    wait_until(
        lambda: _read(instance) > before or _state(instance) == "done",
        seconds=90,
        what="the next page",
    )


def _kill(instance: Instance, *, everything: bool) -> None:
    if everything:
        instance.kill_everything()
        instance.start()
        return
    with contextlib.suppress(ProcessLookupError, KeyError):
        os.kill(instance.children()["worker"], signal.SIGKILL)
