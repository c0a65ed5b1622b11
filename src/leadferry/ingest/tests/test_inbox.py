import json
import threading

import pytest
from django.db import connections, transaction

from leadferry.ingest import inbox, retry
from leadferry.ingest.models import HeldBack, Notice
from leadferry.ingest.tests.builders import make_notice
from leadferry.kit import clock
from tests.support.sandbox import EMEA

pytestmark = pytest.mark.django_db(databases="__all__")


def record(count: int = 1) -> None:
    for number in range(count):
        urn = f"urn:li:leadGenFormResponse:lead-{number}"
        inbox.record(json.dumps(make_notice(leadGenFormResponse=urn)).encode())


def claim(worker: str = "w:1", count: int = 50) -> list[inbox.Claimed]:
    return inbox.claim(ad_account=EMEA, worker=worker, count=count)


def test_a_claimed_notice_is_nobody_elses_for_a_minute() -> None:
    record(3)
    assert inbox.accounts_with_due_notices() == [EMEA]
    assert len(claim(count=2)) == 2
    assert len(claim("w:2")) == 1
    assert claim("w:3") == []
    assert inbox.accounts_with_due_notices() == []


@pytest.mark.skipif(
    connections["default"].vendor != "postgresql", reason="PostgreSQL chooses a plan"
)
def test_no_plan_of_the_database_claims_more_than_was_asked_for() -> None:
    record(6)
    # What is left is the plan that asks for due notices once for each notice.
    names = ("hashjoin", "mergejoin", "hashagg", "sort", "material")
    with transaction.atomic(), connections["default"].cursor() as cursor:
        for name in names:
            cursor.execute(f"SET LOCAL enable_{name} = off")
        assert len(claim(count=2)) == 2


def test_what_a_dead_worker_held_is_due_at_once() -> None:
    record(2)
    claim("w:1")
    assert inbox.release(worker="w:1") == 2
    assert len(claim("w:2")) == 2


def test_a_finished_notice_is_never_due_again() -> None:
    record()
    inbox.finish(claim())
    assert inbox.release(worker="") == 0
    assert inbox.accounts_with_due_notices() == []
    assert (Notice.objects.get().done_at or 0) > 0


def test_a_notice_that_failed_waits_longer_each_time() -> None:
    assert 0.9 <= retry.wait_seconds(1) <= 1.1
    waits = [retry.wait_seconds(attempts) for attempts in range(1, 12)]
    assert max(waits) <= 990
    record()
    assert inbox.put_off(claim(), reason="LinkedIn is down.") == []
    notice = Notice.objects.get()
    assert notice.due_at > clock.now_ms()
    assert notice.reason == "LinkedIn is down."


def test_a_wait_that_linkedin_names_is_kept() -> None:
    record()
    inbox.put_off(claim(), reason="x", at_least=500.0)
    assert Notice.objects.get().due_at > clock.now_ms() + 490_000


def test_after_a_day_a_notice_is_given_up() -> None:
    record()
    Notice.objects.update(received_at=clock.now_ms() - inbox.GIVE_UP_MS)
    assert len(inbox.put_off(claim(), reason="x")) == 1


def test_a_notice_that_was_given_up_can_be_reopened() -> None:
    record()
    inbox.set_aside(claim(), state=Notice.State.GIVEN_UP, reason="x")
    inbox.reopen(
        HeldBack(response_id=response_id, ad_account=EMEA)
        for response_id in ("lead-0", "never-announced")
    )
    assert {row.response_id for row in claim()} == {"lead-0", "never-announced"}


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_two_workers_never_hold_the_same_notice() -> None:
    record(100)
    held: list[int] = []
    barrier = threading.Barrier(4)

    def work(name: str) -> None:
        barrier.wait(timeout=10)
        try:
            while mine := claim(name, 7):
                held.extend(notice.pk for notice in mine)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(f"w:{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == len(set(held)) == 100
