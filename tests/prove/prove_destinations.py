"""Five thousand leads go on to a Creatio while both sides are killed at random."""

import contextlib
import os
import random
import secrets
import signal
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tests.support.creatio import Creatio, running_creatio
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import WEBINAR, running_sandbox
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.flow, pytest.mark.req("D8", "D11")]

LEADS = 5_000
KILLS = 16


def _went_on(instance: Instance, before: int) -> bool:
    return delivered(instance) > before or is_done(instance)


def test_kills_of_both_sides_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = secrets.randbelow(10**6)
    sys.stdout.write(f"seed {seed}\n")
    luck = random.Random(seed)  # noqa: S311 - repeatable by its seed
    state = tmp_path / "creatio.jsonl"
    with (
        running_sandbox() as linkedin,
        running_creatio("--state", str(state), "--latency-ms", "700") as creatio,
        running_instance(tmp_path, linkedin) as instance,
    ):
        set_up(instance, creatio)
        ids = linkedin.submit(WEBINAR, count=LEADS)
        for number in range(KILLS):
            before = delivered(instance)
            wait_until(
                partial(_went_on, instance, before),
                seconds=120,
                what=f"a delivery after kill {number}",
            )
            assert not is_done(instance), f"done after {number} kills"
            time.sleep(luck.uniform(0, 1.2))
            kill(luck.choice(["worker", "all", "creatio"]), instance, creatio)
        wait_until(lambda: is_done(instance), seconds=400, what="the end")
        compare(instance, creatio, ids)
    sys.stdout.write(f"{KILLS} kills, {LEADS} leads, each in Creatio once\n")


def set_up(instance: Instance, creatio: Creatio) -> None:
    """A destination, made as the page makes it."""
    instance.python(
        "from leadferry.destinations import services as s;"
        "s.create('creatio', s.Wanted(name='Creatio', "
        f"settings={{'address': '{creatio.url}', 'identity_url': "
        f"'{creatio.identity_url}', 'client_id': '{creatio.client_id}'}}, "
        f"secrets={{'client_secret': '{creatio.client_secret}'}}, "
        "with_test_leads=True), by=None)"
    )


def delivered(instance: Instance) -> int:
    """How many leads are known to be there."""
    query = "SELECT COUNT(*) FROM destinations_delivery WHERE state = 2"
    return int(instance.rows(query)[0][0])


def is_done(instance: Instance) -> bool:
    """Nothing waits, and all that came was planned."""
    return delivered(instance) == LEADS


def kill(whom: str, instance: Instance, creatio: Creatio) -> None:
    """-9 for one side, and its start."""
    if whom == "creatio":
        creatio.kill()
        creatio.start()
    elif whom == "all":
        instance.kill_everything()
        instance.start()
    else:
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.kill(instance.children()["worker"], signal.SIGKILL)


def compare(instance: Instance, creatio: Creatio, ids: list[str]) -> None:
    """Each lead exactly once, with its values and where it came from."""
    assert instance.lead_ids() == sorted(ids)
    here = instance.rows(
        "SELECT e.linkedin_lead_id, l.email, l.contact, l.account, d.remote_id "
        "FROM leads_lead l JOIN leads_extendedleadinformation e ON e.lead_id = l.id "
        "JOIN destinations_delivery d ON d.lead_id = l.id"
    )
    assert len(here) == LEADS
    there = creatio.records()
    extended = creatio.records("LeadGenExtendedLeadInformation")
    assert len(there) == len(extended) == LEADS
    for lead_id, email, contact, account, remote_id in here:
        record = there[remote_id]
        assert (record["Email"], record["Contact"], record["Account"]) == (
            email, contact, account,
        )  # fmt: skip
        row = extended[record["LeadGenExtendedLeadInfoId"]]
        assert lead_id in row["SocialLeadId"]
