"""The guide, and the way of a test lead stage by stage."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest.models import Notice
from leadferry.integrations import connect, services
from leadferry.integrations.models import Integration
from leadferry.integrations.tests.builders import (
    make_application,
    make_form,
    make_integration,
    make_user,
)
from leadferry.jobs.models import Inquiry
from leadferry.kit import clock
from tests.support.sandbox import WEBINAR, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def marketer(client: Client, worker_at_once: None) -> Client:
    client.force_login(person("mia", accounts.MARKETERS))
    return client


def done(client: Client) -> list[bool]:
    page = client.get("/first-steps/").content.decode()
    steps = page.partition('<ol class="list-group')[2].partition("</ol>")[0]
    return ["Done:" in step for step in steps.split("<li ")[1:]]


def test_each_step_is_looked_at(marketer: Client) -> None:
    assert done(marketer) == [False] * 6
    make_application()
    assert done(marketer) == [False] * 6
    Inquiry.objects.create(
        topic=connect.APPLICATION_TOPIC, asked_at=clock.now(),
        answered_at=clock.now(), answer={"client_id": "demo-client"},
    )  # fmt: skip
    assert done(marketer) == [True, *[False] * 5]
    services.save_url("https://crm.example.com", by=None)
    integration = make_integration(make_user())
    assert done(marketer) == [True, True, True, False, False, False]
    make_form(integration)
    assert done(marketer) == [True, True, True, True, False, False]
    Integration.objects.update(notification_id="1")
    assert done(marketer) == [*[True] * 5, False]
    # Another application is not the one that LinkedIn accepted.
    Inquiry.objects.update(answer={"client_id": "other"})
    assert done(marketer)[0] is False


def test_a_test_lead_of_the_local_linkedin(
    marketer: Client, settings: Settings, sandbox: Sandbox
) -> None:
    settings.LINKEDIN_API, settings.LINKEDIN_IS_LOCAL = sandbox.url, True
    make_form(make_integration(make_user()), int(WEBINAR))
    answer = marketer.post("/first-steps/test-lead", {"form": WEBINAR}, follow=True)
    page = answer.content.decode()
    assert 'hx-trigger="every 500ms"' in page
    (lead,) = sandbox.truth(full="1")["leads"]
    assert lead["test"] is True
    settings.LINKEDIN_API = "http://127.0.0.1:9"
    answer = marketer.post("/first-steps/test-lead", {"form": WEBINAR}, follow=True)
    assert "did not take the test lead" in answer.content.decode()


def test_the_real_linkedin_gets_no_made_up_lead(
    marketer: Client, settings: Settings, sandbox: Sandbox
) -> None:
    settings.LINKEDIN_API, settings.LINKEDIN_IS_LOCAL = sandbox.url, False
    make_form(make_integration(make_user()), int(WEBINAR))
    page = marketer.get("/first-steps/").content.decode()
    assert "one test lead per form, person and day" in page
    marketer.post("/first-steps/test-lead", {"form": WEBINAR})
    assert sandbox.truth()["count"] == 0


def test_the_way_of_a_lead_lights_up_stage_by_stage(marketer: Client) -> None:
    since = clock.now_ms()
    path = f"/first-steps/way?since={since}"
    assert marketer.get(path).content.decode().count("is-lit") == 0
    Notice.objects.create(
        response_id="abc-1", action=Notice.Action.CREATED, occurred_at=since,
        received_at=since + 1, ad_account=1,
    )  # fmt: skip
    page = marketer.get(path).content.decode()
    assert page.count("is-lit") == 2
    assert "every 500ms" in page
    Notice.objects.update(state=Notice.State.NO_INTEGRATION)
    page = marketer.get(path).content.decode()
    assert "no integration" in page
    assert "every 500ms" not in page
    assert marketer.get("/first-steps/way?since=x").status_code == 200
