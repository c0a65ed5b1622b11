"""Leads go on: each once, with its last values, whatever the receiver answers."""

from collections.abc import Callable, Sequence

import pytest

from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.destinations import claims, delivery, earlier, services
from leadferry.destinations.base import Connector, Temporary
from leadferry.destinations.claims import Page
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.tests.builders import (
    bring_over,
    delete_lead,
    delivery_of,
    make_destination,
    make_due,
    make_leads,
    plan_all,
)
from leadferry.kit import clock
from leadferry.leads import merging
from leadferry.leads.edit import edit_lead
from leadferry.leads.models import Lead, LookupValue
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_form_value, make_response
from tests.support.receiver import Body, Receiver, Reply, takes_all
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db
State, Queue = Delivery.State, Delivery.Queue


def edit(lead: Lead, email: str) -> Lead:
    lead.refresh_from_db()
    by, _made = User.objects.get_or_create(username="editor")
    return edit_lead(
        lead_id=lead.pk, revision=lead.revision, values={"Email": email}, by=by
    )


def refusing(*emails: str, status: int = 422) -> Callable[[Body], Reply]:
    def answer(body: Body) -> Reply:
        sent = [lead["values"]["Email"] for lead in body.get("leads", [])]
        return Reply(status, "no such person") if set(sent) & set(emails) else Reply()

    return answer


def posted(receiver: Receiver) -> list[Sequence[str]]:
    return [
        [lead["values"]["Email"] for lead in body["leads"]]
        for body in receiver.requests
    ]


def test_a_registered_lead_arrives_once_with_all_it_has(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    [lead] = make_leads("ada@example.com")
    bring_over(destination)
    held = receiver.leads[str(lead.pk)]
    assert held["values"]["Email"] == "ada@example.com"
    assert held["values"]["Contact"] == "Ada"
    assert held["urn"].startswith("urn:li:leadGenFormResponse:lead-")
    assert held["source"]["form"] == {"id": "Webinar", "name": "Webinar"}
    row = delivery_of(lead)
    assert (row.state, row.due_at, row.remote_id) == (State.SENT, None, str(lead.pk))
    bring_over(destination)
    assert len(receiver.requests) == 1


def test_leads_of_before_stay_until_they_are_asked_for(receiver: Receiver) -> None:
    make_leads("before@example.com")
    destination = make_destination(receiver)
    make_leads("after@example.com")
    bring_over(destination)
    assert list(receiver.emails().values()) == ["after@example.com"]


def test_a_change_follows_and_what_was_emptied_is_emptied_there(
    receiver: Receiver,
) -> None:
    destination = make_destination(receiver)
    [lead] = make_leads("ada@example.com")
    bring_over(destination)
    edit(lead, "")
    bring_over(destination)
    assert receiver.emails() == {str(lead.pk): ""}
    assert len(receiver.requests) == 2


def test_a_change_on_the_way_is_sent_after_it(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    [lead] = make_leads("old@example.com")
    changed: list[Lead] = []
    plan_all(destination)
    line = delivery._Line(destination.pk)
    hand_over = delivery._hand_over

    def edited_on_the_way(connector: Connector, page: Page) -> object:
        answers = hand_over(connector, page)
        if not changed:
            changed.append(edit(lead, "new@example.com"))
            plan_all(destination)
        return answers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "_hand_over", edited_on_the_way)
        while line.send_page():
            pass
    line.hang_up()
    assert posted(receiver) == [["old@example.com"], ["new@example.com"]]
    assert delivery_of(lead).state == State.SENT


def test_test_leads_go_nowhere_unless_chosen(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    chosen = make_destination(receiver, with_test_leads=True)
    [lead] = make_leads("test@example.com")
    Lead.objects.filter(pk=lead.pk).update(is_test=True)
    plan_all(destination)
    plan_all(chosen)
    assert list(Delivery.objects.values_list("destination", flat=True)) == [chosen.pk]


def test_a_destination_gets_what_it_is_for(receiver: Receiver) -> None:
    webinar, offer = make_form_value("Webinar"), make_form_value("Offer")
    by_form = make_destination(receiver, forms=[offer])
    by_account = make_destination(receiver, ad_accounts=[512345678])
    other = make_destination(receiver, ad_accounts=[1])
    [one] = make_leads("w@example.com", form=webinar)
    [two] = make_leads("o@example.com", form=offer)
    for destination in (by_form, by_account, other):
        plan_all(destination)
    rows = Delivery.objects.order_by("destination", "lead_id")
    assert list(rows.values_list("destination", "lead_id")) == [
        (by_form.pk, two.pk),
        (by_account.pk, one.pk),
        (by_account.pk, two.pk),
    ]


def test_one_that_is_not_taken_is_parked_and_stops_no_other(
    receiver: Receiver,
) -> None:
    destination = make_destination(receiver)
    receiver.answer = refusing("bad@example.com")
    good, bad, also = make_leads("a@example.com", "bad@example.com", "c@example.com")
    bring_over(destination)
    assert set(receiver.leads) == {str(good.pk), str(also.pk)}
    row = delivery_of(bad)
    assert row.state == State.PARKED
    assert "422" in row.reason
    assert "no such person" in row.reason
    receiver.answer = takes_all
    assert services.try_again(destination.pk, lead=bad.pk, by=None)
    bring_over(destination)
    assert str(bad.pk) in receiver.leads


def test_all_parked_ones_are_tried_again_and_an_edit_tries_by_itself(
    receiver: Receiver,
) -> None:
    destination = make_destination(receiver)
    receiver.answer = refusing("a@x.example", "b@x.example", "c@x.example")
    leads = make_leads("a@x.example", "b@x.example", "c@x.example")
    bring_over(destination)
    edit(leads[0], "better@x.example")
    bring_over(destination)
    assert list(receiver.emails().values()) == ["better@x.example"]
    receiver.answer = takes_all
    assert not services.try_all_again(destination.pk, by=None)
    bring_over(destination)
    assert len(receiver.leads) == 3


def test_very_many_parked_ones_are_tried_again_in_steps(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_AT_ONCE", 2)
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(422)
    make_leads(*[f"{n}@x.example" for n in range(5)])
    bring_over(destination)
    receiver.answer = takes_all
    assert services.try_all_again(destination.pk, by=None)
    assert Delivery.objects.filter(state=State.PARKED).count() == 3
    services.try_rest_again(destination.pk)
    bring_over(destination)
    assert len(receiver.leads) == 5


def test_one_that_is_deleted_while_it_gets_leads_is_left_alone(
    receiver: Receiver,
) -> None:
    destination = make_destination(receiver)
    make_leads("a@example.com")
    earlier.start(destination.pk, by=None)
    plan_all(destination)
    hand_over = delivery._hand_over

    def deleted_on_the_way(connector: Connector, page: Page) -> object:
        answers = hand_over(connector, page)
        services.delete(destination.pk, by=None)
        services.remove_what_is_left()
        return answers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "_hand_over", deleted_on_the_way)
        delivery.work_on(destination.pk)
    assert not earlier.plan_more(destination.pk)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refused_setup_pauses_tells_once_and_goes_on_by_itself(
    receiver: Receiver, status: int
) -> None:
    admin = person("admin", role="Administrators")
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(status)
    make_leads("a@example.com", "b@example.com")
    bring_over(destination)
    assert destination.state == Destination.State.PAUSED
    assert destination.step == "taken"
    for _round in range(3):
        assert delivery.due_destinations() == []
        make_due()
        assert delivery.due_destinations() == [destination.pk]
        bring_over(destination)
    messages = SystemMessage.objects.filter(person=admin)
    assert [one.count for one in messages.all()] == [1]
    assert str(status) in messages[0].text
    receiver.answer = takes_all
    make_due()
    bring_over(destination)
    assert (destination.state, destination.reason) == (Destination.State.ON, "")
    assert len(receiver.leads) == 2
    assert messages.count() == 2


def test_a_paused_one_with_nothing_to_send_is_examined(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(403)
    make_leads("a@example.com")
    bring_over(destination)
    Delivery.objects.all().delete()
    make_due()
    bring_over(destination)
    assert destination.state == Destination.State.PAUSED
    receiver.answer = takes_all
    make_due()
    bring_over(destination)
    assert destination.state == Destination.State.ON


def test_what_is_in_vain_is_tried_later_and_later(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(503)
    make_leads(*[f"{n}@example.com" for n in range(8)])
    waits = []
    for _round in range(6):
        make_due()
        bring_over(destination)
        waits.append(destination.due_at - clock.now_ms())
    assert destination.failures == 6
    assert waits[0] < 1_300
    assert 20_000 < waits[5] < 40_000
    receiver.answer = takes_all
    make_due()
    bring_over(destination)
    assert len(receiver.leads) == 8
    assert (destination.failures, destination.reason) == (0, "")


def test_an_hour_in_vain_is_told_once(receiver: Receiver) -> None:
    admin = person("admin", role="Administrators")
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(503)
    make_leads("a@example.com")
    bring_over(destination)
    messages = SystemMessage.objects.filter(person=admin)
    assert not messages.exists()
    Destination.objects.update(failing_since=clock.now_ms() - 3_700_000)
    for _round in range(2):
        make_due()
        Delivery.objects.update(queue=Queue.NEW)
        bring_over(destination)
    [message] = messages
    assert (message.count, "503" in message.text) == (1, True)


@pytest.mark.django_db(transaction=True)
def test_a_claim_lasts_as_long_as_the_receiver_takes(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_RENEW_SECONDS", 0.01)
    make_form_value()
    destination = make_destination(receiver)
    [lead] = make_leads("a@example.com")
    plan_all(destination)
    [row] = claims._take(destination, Queue.NEW, 5)
    Delivery.objects.update(claimed_until=1)
    with claims.held([row]):
        wait_until(
            lambda: (delivery_of(lead).claimed_until or 0) > clock.now_ms(),
            seconds=10,
            what="the renewal",
        )


def test_retry_after_is_honoured(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(429, headers={"Retry-After": "300"})
    make_leads("a@example.com")
    bring_over(destination)
    assert destination.due_at - clock.now_ms() > 230_000
    assert delivery.due_destinations() == []


def test_one_that_makes_the_receiver_fail_ends_apart_from_the_others(
    receiver: Receiver,
) -> None:
    destination = make_destination(receiver)
    receiver.answer = refusing("poison@example.com", status=500)
    emails = [f"{n}@example.com" for n in range(20)]
    emails[7] = "poison@example.com"
    leads = make_leads(*emails)
    for _round in range(25):
        Destination.objects.update(due_at=0)
        bring_over(destination)
    assert len(receiver.leads) == 19
    row = delivery_of(leads[7])
    assert (row.state, row.queue) == (State.WAITING, Queue.ALONE)
    make_leads("late@example.com")
    before = len(receiver.requests)
    bring_over(destination)
    assert len(receiver.leads) == 20
    assert len(receiver.requests) == before + 1


def test_a_lost_answer_makes_no_second_lead(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    lost = iter([True, False])
    receiver.answer = lambda _body: Reply(is_lost=next(lost))
    [lead] = make_leads("ada@example.com")
    bring_over(destination)
    make_due()
    bring_over(destination)
    assert list(receiver.leads) == [str(lead.pk)]
    assert list(receiver.versions.values()) == [2]


def test_a_claim_ends_by_itself_and_who_lost_it_writes_nothing(
    receiver: Receiver,
) -> None:
    destination = make_destination(receiver)
    [lead] = make_leads("ada@example.com")
    plan_all(destination)
    line = delivery._Line(destination.pk)
    first = claims.claim(destination, line._connect(destination), limit=5)
    assert first is not None
    assert claims.claim(destination, line._connect(destination), limit=5) is None
    Delivery.objects.update(claimed_until=clock.now_ms() - 1)
    delivery.work_on(destination.pk)
    assert delivery_of(lead).state == State.SENT
    line._note_failure(first, Temporary("late"))
    line.hang_up()
    assert delivery_of(lead).state == State.SENT


def test_a_stopped_one_gets_everything_once_it_is_resumed(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    services.stop(destination.pk, by=None)
    make_leads("a@example.com")
    bring_over(destination)
    assert receiver.requests == []
    assert delivery.due_destinations() == []
    services.resume(destination.pk, by=None)
    bring_over(destination)
    assert len(receiver.leads) == 1


def test_a_deleted_lead_is_erased_there_and_a_receipt_is_kept(
    receiver: Receiver,
) -> None:
    destination = make_destination(receiver)
    [lead, other] = make_leads("ada@example.com", "bo@example.com")
    bring_over(destination)
    delete_lead(lead)
    bring_over(destination)
    assert receiver.erased == [str(lead.pk)]
    assert list(receiver.leads) == [str(other.pk)]
    row = delivery_of(lead.pk)
    assert (row.state, row.due_at, row.digests) == (State.ERASED, None, {})
    assert row.erased_at is not None
    assert row.receipt == "HTTP 200 OK"


def test_one_that_is_merged_on_the_way_keeps_its_id_there(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    kept, absorbed = make_leads("a@example.com", "b@example.com")
    urn = "urn:li:leadGenFormResponse:" + absorbed.extended.linkedin_lead_id
    plan_all(destination)
    plan = merging.Plan(keep=kept.pk, absorb=[absorbed.pk], choices={}, revisions={})
    made = merging.merge(plan, by=None)
    bring_over(destination)
    assert receiver.leads[str(absorbed.pk)]["urn"] == urn
    assert receiver.leads[str(absorbed.pk)]["source"]["form"]["name"] == "Webinar"
    merging.undo(made.pk, by=None)
    edit(absorbed, "c@example.com")
    bring_over(destination)
    assert receiver.leads[str(absorbed.pk)]["urn"] == urn
    assert receiver.leads[str(absorbed.pk)]["values"]["Email"] == "c@example.com"


def test_one_deleted_before_it_was_sent_is_never_sent(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    [lead] = make_leads("ada@example.com")
    plan_all(destination)
    delete_lead(lead)
    delivery.work_on(destination.pk)
    delivery.work_on(destination.pk)
    assert receiver.requests == []
    assert delivery_of(lead.pk).state == State.ERASED


def test_one_whose_answer_was_lost_is_erased_all_the_same(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(is_lost=True)
    [lead] = make_leads("ada@example.com")
    bring_over(destination)
    assert str(lead.pk) in receiver.leads
    receiver.answer = takes_all
    delete_lead(lead)
    make_due()
    bring_over(destination)
    assert receiver.leads == {}
    assert receiver.erased == [str(lead.pk)]


def test_a_lookup_value_is_told_with_its_names(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    germany = LookupValue.objects.get(lookup__code="Country", code="DE")
    response = make_response(values={"Email": "a@x.example", "Country": germany.pk})
    lead = register([response]).registered[response.key]
    bring_over(destination)
    assert receiver.leads[str(lead)]["values"]["Country"] == {
        "lookup": "Country",
        "name": germany.name,
        "code": "DE",
        "guid": str(germany.guid),
    }


def test_nothing_is_left_of_a_deleted_destination(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    make_leads("a@example.com")
    plan_all(destination)
    services.delete(destination.pk, by=None)
    delivery.work_on(destination.pk)
    assert receiver.requests == []
    services.remove_what_is_left()
    assert not Destination.objects.exists()
    assert not Delivery.objects.exists()
