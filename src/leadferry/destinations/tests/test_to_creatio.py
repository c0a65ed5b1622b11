"""From a registered lead to Creatio and back to nothing, as the worker does it."""

from collections.abc import Iterator

import pytest

from leadferry.destinations import services
from leadferry.destinations.creatio.models import CreatioSite, RemoteValue
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.services import Wanted
from leadferry.destinations.tests.builders import (
    bring_over,
    delete_lead,
    delivery_of,
    make_due,
    make_leads,
)
from tests.support.creatio import Creatio, running_creatio

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture(scope="module")
def _creatio_process() -> Iterator[Creatio]:
    with running_creatio() as creatio:
        yield creatio


@pytest.fixture
def creatio(_creatio_process: Creatio) -> Creatio:
    """The local Creatio, as new."""
    _creatio_process.reset()
    return _creatio_process


def make_destination(creatio: Creatio) -> Destination:
    wanted = Wanted(
        name="Creatio",
        settings={"address": creatio.url, "client_id": creatio.client_id},
        secrets={"client_secret": creatio.client_secret},
    )
    return services.create("creatio", wanted, by=None)


def test_leads_arrive_once_and_are_erased(creatio: Creatio) -> None:
    destination = make_destination(creatio)
    leads = make_leads("a@example.com", "b@example.com")
    destination = bring_over(destination)
    assert destination.state == Destination.State.ON, destination.reason
    held = creatio.records()
    assert {row["Email"] for row in held.values()} == {"a@example.com", "b@example.com"}
    first = delivery_of(leads[0])
    assert (first.state, first.remote_id) == (Delivery.State.SENT, first.expected_id)
    assert first.remote_id in held
    # What a crash after the reply would do: the page comes again.
    Delivery.objects.update(
        state=Delivery.State.WAITING, remote_id="", digests={}, due_at=0
    )
    bring_over(destination)
    assert delivery_of(leads[0]).state == Delivery.State.SENT
    assert len(creatio.records()) == 2
    delete_lead(leads[0])
    bring_over(destination)
    assert [row["Email"] for row in creatio.records().values()] == ["b@example.com"]
    assert delivery_of(first.lead_id).receipt == "204"


def test_a_secret_that_was_changed_pauses_until_it_is_mended(creatio: Creatio) -> None:
    destination = make_destination(creatio)
    creatio.change_client(secret="another")
    [lead] = make_leads("a@example.com")
    destination = bring_over(destination)
    assert (destination.state, destination.step) == ("paused", "client")
    creatio.change_client(secret=creatio.client_secret)
    make_due()
    destination = bring_over(destination)
    assert destination.state == Destination.State.ON
    assert delivery_of(lead).state == Delivery.State.SENT


def test_a_lead_that_creatio_refuses_is_parked_alone(creatio: Creatio) -> None:
    destination = make_destination(creatio)
    creatio.fault(
        "Lead", "refuse", column="Email", matches="^b@", message="Email is blocked"
    )
    leads = make_leads("a@example.com", "b@example.com", "c@example.com")
    bring_over(destination)
    parked = delivery_of(leads[1])
    assert (parked.state, parked.reason) == (Delivery.State.PARKED, "Email is blocked")
    assert len(creatio.records()) == 2


def test_a_deleted_destination_leaves_nothing_of_its_creatio(creatio: Creatio) -> None:
    destination = make_destination(creatio)
    make_leads("a@example.com")
    bring_over(destination)
    assert RemoteValue.objects.exists()
    services.delete(destination.pk, by=None)
    services.remove_what_is_left()
    assert not Destination.objects.exists()
    assert not CreatioSite.objects.exists()
    assert not RemoteValue.objects.exists()
    assert len(creatio.records()) == 1
