"""A webhook that LinkedIn blocked is noticed, told and mended."""

from collections.abc import Callable, Iterator

import pytest

from leadferry.accounts import services as accounts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest import counting
from leadferry.ingest.models import DoorCount, Notice
from leadferry.integrations import services, subscriptions
from leadferry.integrations.models import Integration
from leadferry.kit import clock
from leadferry.sync import silence
from leadferry.sync.models import Polling
from tests.support.sandbox import EMEA, Sandbox
from tests.support.webhook import Webhook, running_webhook

pytestmark = pytest.mark.django_db(databases="__all__")
HOUR = 3_600_000


def checked() -> None:
    """LinkedIn checked the door's address just now."""
    now = clock.now_ms()
    DoorCount.objects.create(
        slot=now // counting.SLOT_MS, kind=counting.CHALLENGE, count=1, last_at=now
    )


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with running_webhook() as running:
        running.is_open.set()
        yield running


@pytest.fixture
def subscribed(integration: Integration, webhook: Webhook) -> Integration:
    accounts.ensure_roles()
    person("mia", accounts.MARKETERS)
    services.save_url(f"http://127.0.0.1:{webhook.port}", by=None)
    subscriptions.subscribe(integration)
    checked()
    integration.refresh_from_db()
    return integration


@pytest.fixture
def later(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    real, passed = clock.now_ms, [0]
    monkeypatch.setattr(clock, "now_ms", lambda: real() + passed[0])

    def pass_by(milliseconds: int) -> None:
        passed[0] += milliseconds
        sandbox.control("PUT", "clock", {"advance_s": milliseconds / 1000})

    return pass_by


@pytest.mark.req("D13")
def test_a_blocked_address_is_noticed_told_and_mended(
    sandbox: Sandbox,
    subscribed: Integration,
    webhook: Webhook,
    later: Callable[[int], None],
) -> None:
    webhook.secret_is_right = False
    for _check in range(4):
        later(2 * HOUR)
    [held] = sandbox.control("GET", "subscriptions")
    assert held["is_blocked"]
    silence.look_for_silence()
    assert "Subscribe again" in SystemMessage.objects.get().text
    # Not reachable yet: it is tried again later, and polled meanwhile.
    assert subscriptions.keep_all() != []
    webhook.secret_is_right = True
    services.save_url(f"http://127.0.0.1:{webhook.port}", by=None)
    assert subscriptions.keep_all() == []
    [held] = sandbox.control("GET", "subscriptions")
    assert not held["is_blocked"]
    silence.look_for_silence()
    assert not Integration.objects.get().renews_subscription, "once is enough"


def test_while_linkedin_checks_it_is_left_alone(
    subscribed: Integration, later: Callable[[int], None]
) -> None:
    for _check in range(5):
        later(2 * HOUR)
        checked()
        silence.look_for_silence()
    assert not Integration.objects.get().renews_subscription


def test_leads_that_nobody_announces_are_a_sign_too(
    subscribed: Integration, later: Callable[[int], None]
) -> None:
    later(HOUR)
    Polling.objects.create(
        integration=subscribed,
        high_water=0,
        last_lead_at=0,
        missed_at=clock.now_ms(),
    )
    silence.look_for_silence()
    assert not Integration.objects.get().renews_subscription, "one may come late"
    notice = Notice.objects.create(
        response_id="x",
        state=Notice.State.DONE,
        ad_account=EMEA,
        received_at=clock.now_ms() + 1,
    )
    later(HOUR)
    silence.look_for_silence()
    assert not Integration.objects.get().renews_subscription, "notices do come"
    notice.delete()
    silence.look_for_silence()
    assert Integration.objects.get().renews_subscription
