"""Leads on their way to a destination when everything is killed: each arrives once."""

import subprocess
import sys
import threading
from functools import partial

import pytest

from tests.support.instance import Instance
from tests.support.receiver import SECRET, Body, Receiver, Reply, running_receiver
from tests.support.sandbox import WEBINAR, Sandbox
from tests.support.waiting import wait_until

pytestmark = pytest.mark.flow
LEADS, KILLS = 600, 3
_SET_UP = """
import django
django.setup()
from leadferry.destinations.services import Wanted, create
wanted = Wanted(name="CRM", settings={"address": %r}, secrets={"secret": %r})
create("webhook", wanted, by=None)
"""


def set_up(instance: Instance, receiver: Receiver) -> None:
    settings = {"DJANGO_SETTINGS_MODULE": "leadferry.config.settings"}
    subprocess.run(
        [sys.executable, "-c", _SET_UP % (receiver.url, SECRET)],
        env={**instance.environment, **settings},
        check=True,
    )


def _got_more(receiver: Receiver, seen: int) -> bool:
    return len(receiver.requests) > seen


def test_nothing_is_lost_or_doubled_on_the_way(
    instance: Instance, linkedin: Sandbox
) -> None:
    announced, slowly = threading.Event(), threading.Event()

    def slow(_body: Body) -> Reply:
        # What the door misses while it is dead, LinkedIn announces much later.
        announced.wait(10)
        slowly.wait(0.3)
        return Reply()

    with running_receiver() as receiver:
        receiver.answer = slow
        set_up(instance, receiver)
        ids = linkedin.submit(WEBINAR, count=LEADS)
        notices = "SELECT COUNT(DISTINCT response_id) FROM ingest_notice"
        wait_until(
            lambda: int(instance.rows(notices, inbox=True)[0][0]) >= LEADS,
            seconds=30,
            what="all notices",
        )
        announced.set()
        for number in range(1, KILLS + 1):
            seen = len(receiver.requests)
            wait_until(
                partial(_got_more, receiver, seen),
                seconds=60,
                what="a request",
            )
            instance.kill_everything()
            instance.start()
            # The claims of who was killed are over.
            instance.clock.write_text(str(number * 61_000), encoding="ascii")
        slowly.set()
        wait_until(lambda: len(receiver.leads) == LEADS, seconds=90, what="all leads")
        sent = {one["source"]["linkedin_lead_id"] for one in receiver.leads.values()}
        assert sent == set(ids)
        assert len(receiver.versions) == LEADS
        open_still = "SELECT COUNT(*) FROM destinations_delivery WHERE due_at > 0"
        wait_until(
            lambda: int(instance.rows(open_still)[0][0]) == 0,
            seconds=30,
            what="the last answers to be kept",
        )
        rows = instance.rows("SELECT state FROM destinations_delivery")
        assert [int(row[0]) for row in rows] == [2] * LEADS
