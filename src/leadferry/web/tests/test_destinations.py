"""The pages of destinations: set up, looked after, deleted."""

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.destinations import earlier, examination, registry
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.tests.builders import (
    bring_over,
    delivery_of,
    make_destination,
    make_leads,
)
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.jobs.models import Inquiry
from leadferry.leads.models import LEADGEN_LOOKUPS, Lead, Lookup
from tests.support.receiver import SECRET, Receiver, Reply, running_receiver

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(person("admin", role=accounts.ADMINISTRATORS))
    return client


def typed(receiver: Receiver, **changed: object) -> dict[str, object]:
    return {
        "name": "Sales CRM",
        "kind-address": receiver.url,
        "kind-secret": SECRET,
        **changed,
    }


def test_a_destination_is_set_up_and_its_secret_never_shown(
    admin: Client, receiver: Receiver
) -> None:
    for code in LEADGEN_LOOKUPS:
        # A test with real commits leaves empty tables behind.
        Lookup.objects.get_or_create(code=code)
    form = make_form(make_integration())
    assert "Webhook" in admin.get("/social-leads/destinations/new").content.decode()
    page = admin.get("/social-leads/destinations/new/webhook").content.decode()
    assert form.lookup_value.name in page
    chosen = {"forms_chosen": [form.lookup_value_id], "with_test_leads": "on"}
    answer = admin.post(
        "/social-leads/destinations/new/webhook", typed(receiver, **chosen)
    )
    destination = Destination.objects.get()
    assert answer["Location"] == f"/social-leads/destinations/{destination.pk}"
    assert registry.secrets_of(destination) == {"secret": SECRET}
    assert destination.forms == [form.lookup_value_id]
    assert destination.with_test_leads
    for address in ("", "/change"):
        shown = admin.get(f"/social-leads/destinations/{destination.pk}{address}")
        assert SECRET not in shown.content.decode()
    assert "Sales CRM" in admin.get("/social-leads/settings").content.decode()
    stored = Destination.objects.values_list("secrets", flat=True).query
    assert SECRET not in str(stored)


def test_what_cannot_work_is_refused_beside_its_field(
    admin: Client, receiver: Receiver
) -> None:
    wrong = {"kind-address": "http://crm.example.com/x", "kind-secret": "short"}
    answer = admin.post(
        "/social-leads/destinations/new/webhook", typed(receiver, **wrong)
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "only https is allowed" in page
    assert "At least 16 characters" in page
    assert not Destination.objects.exists()


def test_a_change_keeps_the_secret_that_is_not_typed_anew(
    admin: Client, receiver: Receiver
) -> None:
    destination = make_destination(receiver)
    changed = typed(receiver, name="CRM of sales", **{"kind-secret": ""})
    admin.post(f"/social-leads/destinations/{destination.pk}/change", changed)
    destination.refresh_from_db()
    assert (destination.name, destination.revision) == ("CRM of sales", 2)
    assert registry.secrets_of(destination) == {"secret": SECRET}


def test_the_connection_is_tested_step_by_step(
    admin: Client, receiver: Receiver
) -> None:
    destination = make_destination(receiver)
    page = f"/social-leads/destinations/{destination.pk}"
    admin.post(f"{page}/test")
    assert "Being tested" in admin.get(page).content.decode()
    examination.examine(destination.pk)
    told = admin.get(f"{page}/test").content.decode()
    assert "It takes signed requests" in told
    assert "HTTP 200" in told
    assert [one["event"] for one in receiver.requests] == ["ping"]
    receiver.answer = lambda _body: Reply(403, "who are you")
    admin.post(f"{page}/test")
    examination.examine(destination.pk)
    assert "who are you" in admin.get(f"{page}/test").content.decode()
    [inquiry] = Inquiry.objects.all()
    assert [step["ok"] for step in inquiry.answer["steps"]] == [True, False]


def test_it_is_stopped_and_resumed(admin: Client, receiver: Receiver) -> None:
    destination = make_destination(receiver)
    page = f"/social-leads/destinations/{destination.pk}"
    admin.post(f"{page}/switch", {"to": "stop"})
    assert "Nothing is sent." in admin.get(page).content.decode()
    admin.post(f"{page}/switch", {"to": "resume"})
    destination.refresh_from_db()
    assert destination.state == Destination.State.ON


def test_a_paused_one_says_what_to_mend(admin: Client, receiver: Receiver) -> None:
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(401, "unknown key")
    make_leads("a@example.com")
    bring_over(destination)
    page = admin.get(f"/social-leads/destinations/{destination.pk}").content.decode()
    assert "unknown key" in page
    assert "Try now" in page
    told = admin.get("/notifications/").content.decode()
    assert f'href="/social-leads/destinations/{destination.pk}"' in told


def test_what_was_not_taken_is_listed_and_tried_again(
    admin: Client, receiver: Receiver
) -> None:
    destination = make_destination(receiver)
    receiver.answer = lambda _body: Reply(422, "no such country")
    first, second = make_leads("a@example.com", "b@example.com")
    bring_over(destination)
    page = f"/social-leads/destinations/{destination.pk}"
    told = admin.get(f"{page}/not-taken").content.decode()
    assert told.count("no such country") == 2
    admin.post(f"{page}/leads/{first.pk}/again", {"back": "lead"})
    assert delivery_of(first).state == Delivery.State.WAITING
    admin.post(f"{page}/not-taken/again")
    assert delivery_of(second).state == Delivery.State.WAITING
    assert "Every lead was taken" in admin.get(f"{page}/not-taken").content.decode()


def test_many_that_were_not_taken_come_page_by_page(
    admin: Client, receiver: Receiver
) -> None:
    destination = make_destination(receiver)
    Delivery.objects.bulk_create(
        Delivery(destination=destination, lead_id=number, state=Delivery.State.PARKED)
        for number in range(1, 71)
    )
    page = f"/social-leads/destinations/{destination.pk}/not-taken"
    first = admin.get(page)
    assert first.content.decode().count("deleted lead") == 50
    older = first.context["older"]
    rest = admin.get(f"{page}?before={older}").content.decode()
    assert rest.count("deleted lead") == 20


def test_earlier_leads_are_sent_and_cancelled(
    admin: Client, receiver: Receiver
) -> None:
    make_leads("old@example.com")
    destination = make_destination(receiver)
    page = f"/social-leads/destinations/{destination.pk}"
    admin.post(f"{page}/earlier", {"to": "start"})
    assert earlier.running(destination.pk) is not None
    assert "earlier leads looked at" in admin.get(page).content.decode()
    admin.post(f"{page}/earlier", {"to": "cancel"})
    assert earlier.running(destination.pk) is None


def test_it_is_deleted_after_a_question(admin: Client, receiver: Receiver) -> None:
    destination = make_destination(receiver)
    page = f"/social-leads/destinations/{destination.pk}/delete"
    assert "No lead goes there any more" in admin.get(page).content.decode()
    assert admin.post(page)["Location"] == "/social-leads/settings"
    assert admin.get(page).status_code == 404


def test_the_lead_says_where_it_went(admin: Client, receiver: Receiver) -> None:
    destination = make_destination(receiver)
    [lead] = make_leads("ada@example.com")
    bring_over(destination)
    Delivery.objects.update(
        notes=[{"column": "Email", "kind": "changed", "text": "changed there"}]
    )
    page = admin.get(f"/leads/{lead.pk}").content.decode()
    assert "Deliveries" in page
    assert "changed there" in page
    assert f"<code>{lead.pk}</code>" in page


def test_monitoring_sees_what_waits(
    client: Client, receiver: Receiver, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "shown"
    destination = make_destination(receiver)
    receiver.answer = lambda body: Reply(
        422 if body["leads"][0]["values"]["Email"] == "bad@example.com" else 200
    )
    make_leads("bad@example.com")
    bring_over(destination)
    make_leads("good@example.com")
    bring_over(destination)
    answer = client.get("/metrics", headers={"Authorization": "Bearer shown"})
    told = answer.content.decode()
    name = f'destination="{destination.pk}"'
    assert f"leadferry_delivered_total{{{name}}} 1.0" in told
    assert f'leadferry_deliveries{{{name},state="parked"}} 1.0' in told
    assert f'leadferry_deliveries{{{name},state="waiting"}} 0.0' in told
    assert f"leadferry_destination_on{{{name}}} 1.0" in told
    assert Lead.objects.count() == 2
