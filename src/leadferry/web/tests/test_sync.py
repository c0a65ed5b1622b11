"""The pages of earlier leads."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from leadferry.alerts import services as alerts
from leadferry.integrations.models import Integration
from leadferry.integrations.tests.builders import (
    make_application,
    make_form,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.sync import services
from leadferry.sync.models import SyncRun
from leadferry.sync.periods import Period
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    return make_integration(make_user(sandbox.token(), age_s=3600))


def days_ago(days: int) -> str:
    return (clock.now().date() - timedelta(days=days)).isoformat()


def run_of(integration: Integration) -> SyncRun:
    today = clock.now().date()
    period = Period(today - timedelta(days=10), today)
    return services.start_sync(integration, period=period, by=None)


@pytest.mark.req("R088", "R089", "R091")
def test_sync_all_leads_is_on_the_toolbar_and_opens_a_box(
    mia: Client, integration: Integration
) -> None:
    text = mia.get(reverse("integration", args=[integration.pk])).content.decode()
    assert "Sync all leads" in text
    box = mia.get(reverse("sync", args=[integration.pk]), headers={"HX-Request": "1"})
    part = box.content.decode()
    assert "<html" not in part
    assert f'min="{days_ago(90)}"' in part
    assert f'max="{days_ago(0)}"' in part


@pytest.mark.req("R090", "R091")
def test_sync_leads_is_in_the_setup_area_of_a_form(
    mia: Client, integration: Integration
) -> None:
    form = make_form(integration)
    address = reverse("integration", args=[integration.pk])
    text = mia.get(address, {"form": form.pk}).content.decode()
    assert f"/sync?form={form.pk}" in text
    box = mia.get(reverse("sync", args=[integration.pk]), {"form": form.pk})
    assert "Sync leads of Form 1" in box.content.decode()


@pytest.mark.req("R095")
def test_sync_in_the_box_starts_it(mia: Client, integration: Integration) -> None:
    sent = {"first": days_ago(3), "last": days_ago(1)}
    answer = mia.post(reverse("sync", args=[integration.pk]), sent)
    run = SyncRun.objects.get()
    assert answer["Location"] == reverse("sync-run", args=[run.pk])
    assert (str(run.first_day), str(run.last_day)) == (days_ago(3), days_ago(1))
    assert run.takes_all
    assert str(run.by) == "mia"


@pytest.mark.req("R092", "D4")
@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (91, 0, "of the last 90 days only"),
        (0, 1, "comes after its last day"),
        (1, -1, "ends after today"),
        (None, 0, "Both days"),
    ],
)
def test_a_period_that_cannot_be_is_refused_in_the_box(
    mia: Client, integration: Integration, first: int | None, last: int, why: str
) -> None:
    sent = {"first": "x" if first is None else days_ago(first), "last": days_ago(last)}
    answer = mia.post(reverse("sync", args=[integration.pk]), sent)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not SyncRun.objects.exists()


@pytest.mark.usefixtures("worker_at_once")
def test_the_number_to_expect_is_linkedins_or_unknown(
    mia: Client, integration: Integration, sandbox: Sandbox
) -> None:
    sandbox.submit(count=12)
    address = reverse("sync-expected", args=[integration.pk])
    asked = {"first": days_ago(2), "last": days_ago(0)}
    mia.get(address, asked)
    assert "12 leads" in mia.get(address, asked).content.decode()
    form = make_form(integration)
    of_form = mia.get(address, asked | {"form": form.pk}).content.decode()
    assert "it does not tell" in of_form
    sandbox.switch(total="absent")
    other = {"first": days_ago(3), "last": days_ago(0)}
    mia.get(address, other)
    assert "is unknown" in mia.get(address, other).content.decode()
    wrong = mia.get(address, {"first": days_ago(0), "last": days_ago(3)})
    assert "comes after" in wrong.content.decode()


def test_a_run_shows_how_far_it_is(mia: Client, integration: Integration) -> None:
    run = run_of(integration)
    address = reverse("sync-run", args=[run.pk])
    assert "It begins in a moment" in mia.get(address).content.decode()
    SyncRun.objects.update(
        state="running", read=120_000, expected=480_000, registered=110_000,
        unchanged=10_000, working_since=clock.now_ms() - 1_000_000, due_at=None,
    )  # fmt: skip
    part = mia.get(address, headers={"HX-Target": "sync-progress"}).content.decode()
    assert "<html" not in part
    for words in ("120,000 of 480,000 leads read", "25 %", "120 leads a second"):
        assert words in part
    assert "51 minutes left" in part
    SyncRun.objects.update(state="done", ended_at=clock.now())
    assert (
        "hx-trigger"
        not in mia.get(address, headers={"HX-Target": "sync-progress"}).content.decode()
    )


def test_a_run_that_nobody_works_on_says_so(
    mia: Client, integration: Integration
) -> None:
    run = run_of(integration)
    SyncRun.objects.update(due_at=clock.now_ms() - 60_000)
    text = mia.get(reverse("sync-run", args=[run.pk])).content.decode()
    assert "is a worker of Leadferry running?" in text


def test_cancel_and_resume(mia: Client, integration: Integration) -> None:
    run = run_of(integration)
    cancel = reverse("sync-cancel", args=[run.pk])
    assert "Resume" in mia.post(cancel, follow=True).content.decode()
    assert "had ended already" in mia.post(cancel, follow=True).content.decode()
    resume = reverse("sync-resume", args=[run.pk])
    mia.post(resume)
    run.refresh_from_db()
    assert run.state == SyncRun.State.WAITING
    SyncRun.objects.update(state="paused", reason="LinkedIn answered 429.")
    shown = mia.get(reverse("sync-run", args=[run.pk])).content.decode()
    assert "LinkedIn answered 429." in shown
    assert "Try now" in shown


@pytest.mark.req("D12")
def test_a_new_integration_offers_the_earlier_leads_and_starts_nothing(
    mia: Client, integration: Integration
) -> None:
    address = reverse("integration", args=[integration.pk])
    offered = mia.get(address, {"new": "1"}).content.decode()
    assert "Fetch the leads of the last 90 days" in offered
    assert "Fetch the leads" not in mia.get(address).content.decode()
    assert not SyncRun.objects.exists()
    run_of(integration)
    assert "Earlier leads are being fetched" in mia.get(address).content.decode()
    listed = mia.get(reverse("sync", args=[integration.pk])).content.decode()
    assert "waiting" in listed


def test_messages_lead_to_what_they_are_about(
    mia: Client, integration: Integration
) -> None:
    run = run_of(integration)
    for topic in (f"sync-{run.pk}", f"polling-{integration.pk}"):
        alerts.tell(topic=topic, title="T", text="X")
    text = mia.get(reverse("notifications")).content.decode()
    assert reverse("sync-run", args=[run.pk]) in text
    assert reverse("where", args=[integration.pk]) in text
