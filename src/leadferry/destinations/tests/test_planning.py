"""No change is passed over, in whatever order transactions end."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connection, transaction

from leadferry.destinations import planning
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.tests.builders import make_destination, make_leads
from leadferry.leads.models import LEADGEN_LOOKUPS, LeadChange, Lookup
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_form_value, make_response
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)


@contextmanager
def another_transaction(email: str) -> Iterator[None]:
    """Within the block a lead is registered, and not committed before its end."""
    is_written, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            make_leads(email)
            is_written.set()
            may_end.wait(30)
        connection.close()

    other = threading.Thread(target=write)
    other.start()
    assert is_written.wait(30)
    try:
        yield
    finally:
        may_end.set()
        other.join()


def planned(destination: Destination) -> set[int]:
    rows = Delivery.objects.filter(destination=destination)
    return set(rows.values_list("wanted_change", flat=True))


def plan_again(destination: Destination) -> None:
    for _round in range(4):
        planning.plan_again(destination.pk)
    destination.refresh_from_db()


@on_postgres
def test_a_change_that_becomes_visible_late_is_planned(receiver: Receiver) -> None:
    make_form_value()
    destination = make_destination(receiver)
    with ExitStack() as late:
        with transaction.atomic():
            # This one is numbered first among transactions, and last among changes.
            Lookup.objects.update(revision=2)
            late.enter_context(another_transaction("late@example.com"))
            make_leads("early@example.com")
        assert planning.plan(destination.pk)
        [early] = planned(destination)
        assert LeadChange.objects.filter(pk__lt=early).count() == 0
        plan_again(destination)
        assert (destination.planned_to, destination.looked_to) == (0, early)
    [slow] = LeadChange.objects.filter(pk__lt=early).values_list("pk", flat=True)
    assert not planning.plan(destination.pk)
    assert planned(destination) == {early}
    plan_again(destination)
    assert planned(destination) == {slow, early}
    assert destination.planned_to == destination.looked_to == early


@on_postgres
def test_it_waits_for_one_numbered_after_the_last_that_is_over(
    receiver: Receiver,
) -> None:
    make_form_value()
    destination = make_destination(receiver)
    with ExitStack() as late:
        with transaction.atomic():
            Lookup.objects.update(revision=2)
            late.enter_context(another_transaction("late@example.com"))
            # Without a savepoint: it would be numbered after the other transaction.
            register([make_response(values={"Email": "early@example.com"})])
            early = LeadChange.objects.get().pk
            Destination.objects.update(looked_to=early)
        plan_again(destination)
        assert (destination.planned_to, planned(destination)) == (0, set())
    plan_again(destination)
    assert destination.planned_to == early
    assert planned(destination) == {early - 1, early}


@on_postgres
def test_what_came_before_a_destination_is_before_it_however_late(
    receiver: Receiver,
) -> None:
    made: list[Destination] = []

    def make() -> None:
        made.append(make_destination(receiver))
        connection.close()

    with another_transaction("before@example.com"):
        maker = threading.Thread(target=make)
        maker.start()
        maker.join(0.3)
        assert made == []
    maker.join()
    assert made[0].planned_to == LeadChange.objects.get().pk


def test_planning_twice_is_planning_once(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    for code in LEADGEN_LOOKUPS:
        Lookup.objects.get_or_create(code=code)
    make_leads("a@example.com", "b@example.com")
    assert planning.plan(destination.pk)
    before = list(Delivery.objects.order_by("pk").values())
    with transaction.atomic():
        planning.plan_changes(destination, after=0, until=10**9)
    assert list(Delivery.objects.order_by("pk").values()) == before
    assert len(before) == 2


def test_a_stretch_is_as_long_as_one_transaction_may_be(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_AT_ONCE", 3)
    destination = make_destination(receiver)
    make_leads(*[f"{n}@example.com" for n in range(7)])
    rounds = 0
    while planning.plan(destination.pk):
        rounds += 1
        assert Delivery.objects.count() <= rounds * 3
    assert (rounds, Delivery.objects.count()) == (3, 7)
