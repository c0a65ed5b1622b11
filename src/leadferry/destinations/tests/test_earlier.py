"""All earlier leads on request: a few at a time, new ones first."""

import pytest

from leadferry.destinations import delivery, earlier
from leadferry.destinations.models import Delivery, EarlierRun
from leadferry.destinations.tests.builders import (
    bring_over,
    make_destination,
    make_leads,
)
from leadferry.kit.errors import RejectedError
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db


def work(destination_id: int) -> None:
    while earlier.plan_more(destination_id):
        pass


def test_they_are_sent_and_none_twice(receiver: Receiver) -> None:
    old = make_leads("a@example.com", "b@example.com")
    destination = make_destination(receiver)
    make_leads("new@example.com")
    bring_over(destination)
    run = earlier.start(destination.pk, by=None)
    work(destination.pk)
    assert earlier.progress_of(run).percent == 0
    run.refresh_from_db()
    assert (run.state, run.planned, run.looked_at) == (EarlierRun.State.RUNNING, 2, 3)
    bring_over(destination)
    work(destination.pk)
    run.refresh_from_db()
    assert run.state == EarlierRun.State.DONE
    assert earlier.progress_of(run).percent == 100
    assert len(receiver.leads) == 3
    assert set(receiver.versions.values()) == {1}
    assert str(old[0].pk) in receiver.leads


def test_there_is_room_for_few_so_that_nothing_waits_behind_them(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier, "_AT_ONCE", 2)
    monkeypatch.setattr(earlier, "_MOST_WAITING", 3)
    make_leads(*[f"{n}@example.com" for n in range(9)])
    destination = make_destination(receiver)
    earlier.start(destination.pk, by=None)
    work(destination.pk)
    assert Delivery.objects.count() == 4
    [new] = make_leads("new@example.com")
    bring_over(destination)
    assert next(iter(receiver.leads)) == str(new.pk)
    for _round in range(4):
        work(destination.pk)
        delivery.work_on(destination.pk)
    assert len(receiver.leads) == 10
    assert earlier.running(destination.pk) is None


def test_cancelled_it_leaves_no_lead_waiting(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier, "_AT_ONCE", 2)
    monkeypatch.setattr(earlier, "_MOST_WAITING", 3)
    make_leads(*[f"{n}@example.com" for n in range(9)])
    destination = make_destination(receiver)
    earlier.start(destination.pk, by=None)
    work(destination.pk)
    assert earlier.cancel(destination.pk, by=None)
    bring_over(destination)
    assert receiver.leads == {}
    assert not earlier.cancel(destination.pk, by=None)
    run = earlier.last_of(destination.pk)
    assert run is not None
    assert run.state == EarlierRun.State.CANCELLED


def test_one_run_at_a_time_and_none_without_leads(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    with pytest.raises(RejectedError, match="no lead yet"):
        earlier.start(destination.pk, by=None)
    make_leads("a@example.com")
    earlier.start(destination.pk, by=None)
    with pytest.raises(RejectedError, match="already"):
        earlier.start(destination.pk, by=None)
