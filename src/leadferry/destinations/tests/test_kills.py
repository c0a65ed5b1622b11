"""A worker that dies at any commit leaves nothing lost and nothing doubled."""

from itertools import count

import pytest

from leadferry.destinations import delivery, earlier, services
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.tests.builders import (
    delete_lead,
    make_destination,
    make_due,
    make_leads,
    plan_all,
)
from leadferry.leads.models import LeadDeletion, Registration
from leadferry.leads.tests.builders import make_form_value
from tests.support.aborts import Abort, dying_at
from tests.support.receiver import Body, Receiver, Reply

pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


def refuses_one(body: Body) -> Reply:
    emails = {lead["values"]["Email"] for lead in body["leads"] if "values" in lead}
    return Reply(422, "no") if "bad@example.com" in emails else Reply()


def work(destination: Destination) -> None:
    while earlier.plan_more(destination.pk):
        pass
    plan_all(destination)
    delivery.work_on(destination.pk)


def outcome() -> list[tuple[int, int]]:
    rows = Delivery.objects.order_by("lead_id")
    assert not rows.filter(due_at__isnull=False).exists()
    return [(row.state, row.sent_change - row.wanted_change) for row in rows]


@pytest.mark.parametrize("after", [False, True])
def test_it_goes_on_wherever_a_worker_dies(receiver: Receiver, *, after: bool) -> None:
    receiver.answer = refuses_one
    make_form_value()
    moments = []
    for number in count(1):
        receiver.leads.clear()
        receiver.erased.clear()
        old = make_leads("old@example.com")
        destination = make_destination(receiver)
        earlier.start(destination.pk, by=None)
        gone, *others = make_leads("gone@example.com", "a@example.com")
        work(destination)
        others += make_leads("bad@example.com", "c@example.com")
        delete_lead(gone)
        death = Abort(number, after=after)
        with dying_at(death):
            work(destination)
        make_due()
        work(destination)
        make_due()
        work(destination)
        sent = [(State.SENT, 0)]
        assert outcome() == [
            *sent, (State.ERASED, 0), *sent, (State.PARKED, outcome()[3][1]), *sent
        ]  # fmt: skip
        assert not LeadDeletion.objects.exists()
        expected = {one.pk for one in [*old, *others]} - {others[1].pk}
        assert set(receiver.leads) == {str(one) for one in expected}
        assert str(gone.pk) in receiver.erased
        services.delete(destination.pk, by=None)
        services.remove_what_is_left()
        Registration.objects.filter(lead_id__isnull=False).delete()
        for lead in [*old, *others]:
            lead.delete()
        if not death.reached:
            break
        moments.append(death.reached)
    assert len(moments) > 6
