"""Whatever happens in whatever order: in the end each lead is there once, as it is."""

import random

import pytest

from leadferry.accounts.models import User
from leadferry.destinations import delivery, earlier, planning, services
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.tests.builders import (
    delete_lead,
    make_destination,
    make_due,
    make_leads,
    plan_all,
)
from leadferry.kit.errors import RejectedError
from leadferry.leads.edit import edit_lead
from leadferry.leads.models import Lead, LeadDeletion
from leadferry.leads.tests.builders import make_form_value
from tests.support.aborts import Abort, dying_at
from tests.support.receiver import Body, Receiver, Reply, takes_all

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = 60
REPLIES = [
    Reply(), Reply(), Reply(503), Reply(422, "no"), Reply(403), Reply(is_lost=True),
    Reply(429, headers={"Retry-After": "5"}),
]  # fmt: skip


class World:
    """A destination, leads, and everything that may happen to them."""

    def __init__(self, receiver: Receiver, luck: random.Random) -> None:
        self.luck = luck
        self.receiver = receiver
        self.person = User.objects.create(username="editor")
        make_form_value()
        make_leads("before@example.com")
        self.destination = make_destination(receiver)
        self.numbers = iter(range(1_000))

    def register(self) -> None:
        make_leads(*[f"{next(self.numbers)}@x.example" for _ in range(3)])

    def edit(self) -> None:
        lead = self.some_lead()
        if lead is not None:
            values = {"Email": f"{next(self.numbers)}@x.example"}
            edit_lead(
                lead_id=lead.pk, revision=lead.revision, values=values, by=self.person
            )

    def delete(self) -> None:
        lead = self.some_lead()
        if lead is not None:
            delete_lead(lead)

    def some_lead(self) -> Lead | None:
        leads = list(Lead.objects.order_by("pk"))
        return self.luck.choice(leads) if leads else None

    def work(self) -> None:
        plan_all(self.destination)
        delivery.work_on(self.destination.pk)

    def crash(self) -> None:
        death = Abort(self.luck.randint(1, 6), after=self.luck.random() < 0.5)
        with dying_at(death):
            self.work()

    def wait(self) -> None:
        make_due()

    def change_mood(self) -> None:
        replies = self.luck.sample(REPLIES, k=3)
        luck = random.Random(self.luck.random())  # noqa: S311 - a test's luck

        def moody(_body: Body) -> Reply:
            return luck.choice(replies)

        self.receiver.answer = moody

    def stop_or_resume(self) -> None:
        act = self.luck.choice([services.stop, services.resume])
        act(self.destination.pk, by=None)

    def send_earlier(self) -> None:
        try:
            earlier.start(self.destination.pk, by=None)
        except RejectedError:
            earlier.plan_more(self.destination.pk)

    def retry(self) -> None:
        services.try_all_again(self.destination.pk, by=None)

    def is_busy(self) -> bool:
        open_still = Delivery.objects.exclude(
            state__in=[Delivery.State.SENT, Delivery.State.ERASED]
        )
        return (
            open_still.exists()
            or LeadDeletion.objects.exists()
            or earlier.running(self.destination.pk) is not None
            or planning.has_news(Destination.objects.get())
        )

    def settle(self) -> None:
        """Everything is well again, and there is time enough."""
        self.receiver.answer = takes_all
        services.resume(self.destination.pk, by=None)
        for _round in range(60):
            if not self.is_busy():
                return
            services.try_all_again(self.destination.pk, by=None)
            earlier.plan_more(self.destination.pk)
            planning.plan_again(self.destination.pk)
            make_due()
            self.work()


@pytest.mark.parametrize("seed", range(6))
def test_each_lead_is_there_once_with_its_last_values(
    receiver: Receiver, seed: int
) -> None:
    luck = random.Random(seed)  # noqa: S311 - a test's luck
    world = World(receiver, luck)
    acts = [
        world.register, world.edit, world.edit, world.delete, world.work, world.work,
        world.crash, world.wait, world.change_mood, world.stop_or_resume, world.retry,
    ]  # fmt: skip
    for _step in range(STEPS):
        luck.choice(acts)()
    world.send_earlier()
    world.settle()
    now = dict(Lead.objects.values_list("pk", "email"))
    assert receiver.emails() == {str(pk): email for pk, email in now.items()}
    assert Destination.objects.get().state == Destination.State.ON
    rows = Delivery.objects.all()
    assert set(rows.values_list("state", flat=True)) <= {
        Delivery.State.SENT, Delivery.State.ERASED
    }  # fmt: skip
    assert rows.filter(state=Delivery.State.SENT).count() == len(now)
