"""Two users reach one ad account: what LinkedIn refuses one, the other one does."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest.drain import drain
from leadferry.ingest.models import Notice
from leadferry.integrations import access, clients, services, subscriptions
from leadferry.integrations.models import (
    AdAccountAccess,
    Integration,
    LinkedInUser,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.leads.models import Lead
from leadferry.sync import expectations, polling
from leadferry.sync import services as runs
from leadferry.sync.models import Polling, SyncRun
from leadferry.sync.periods import Period
from tests.support.sandbox import EMEA, Sandbox
from tests.support.webhook import running_webhook

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    """Vic, asked first, lacks the role on the page; Ada has it."""
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    made = make_integration(make_user(sandbox.token(), age_s=7200))
    vic = make_user(sandbox.token("vic"), sub="vic", age_s=3600)
    AdAccountAccess.objects.create(user=vic, ad_account=made.ad_account, role="VIEWER")
    assert clients.user_for(EMEA) == vic
    return made


def of(sub: str) -> AdAccountAccess:
    return AdAccountAccess.objects.get(user__sub=sub)


def announce(ids: list[str]) -> None:
    for number in ids:
        Notice.objects.create(
            response_id=number,
            action=Notice.Action.CREATED,
            occurred_at=clock.now_ms(),
            ad_account=EMEA,
            received_at=clock.now_ms(),
        )


@pytest.mark.req("R110")
def test_notices_are_worked_off_through_the_other_user(
    sandbox: Sandbox, integration: Integration
) -> None:
    accounts.ensure_roles()
    person("mia", accounts.MARKETERS)
    announce(sandbox.submit(count=3))
    drain(EMEA)
    assert Lead.objects.count() == 3
    assert of("vic").refused_at is not None
    assert "403" in of("vic").refused_reason
    assert clients.in_use() == {of("ada").pk}
    assert "another one took over" in SystemMessage.objects.get().title


def test_the_other_user_is_asked_first_for_an_hour_only(
    sandbox: Sandbox, integration: Integration
) -> None:
    announce(sandbox.submit())
    drain(EMEA)
    since = of("vic").refused_at
    asked = len(sandbox.calls("leadFormResponses"))
    announce(sandbox.submit())
    drain(EMEA)
    assert len(sandbox.calls("leadFormResponses")) == asked + 1
    AdAccountAccess.objects.update(ask_again_at=clock.now() - timedelta(seconds=1))
    announce(sandbox.submit())
    drain(EMEA)
    assert Lead.objects.count() == 3
    assert of("vic").refused_at == since, "since when it is refused stays"
    # The role is given back.
    LinkedInUser.objects.filter(sub="vic").update(access_token=sandbox.token())
    AdAccountAccess.objects.update(ask_again_at=clock.now() - timedelta(seconds=1))
    announce(sandbox.submit())
    drain(EMEA)
    assert (of("vic").refused_at, of("vic").refused_reason) == (None, "")
    assert clients.in_use() == {of("vic").pk}


@pytest.mark.req("R110")
def test_a_token_that_ends_is_no_pause_either(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.control("PUT", "tokens/vic", {"state": "revoked"})
    announce(sandbox.submit())
    drain(EMEA)
    assert Lead.objects.count() == 1
    assert LinkedInUser.objects.get(sub="vic").state == "revoked"


def test_polling_goes_on_through_the_other_user_at_once(
    sandbox: Sandbox, integration: Integration
) -> None:
    accounts.ensure_roles()
    person("mia", accounts.MARKETERS)
    sandbox.submit(count=2)
    Polling.objects.create(integration=integration, high_water=0, last_lead_at=0)
    polling.poll(integration.pk)
    assert Polling.objects.get().due_at <= clock.now_ms()
    polling.poll(integration.pk)
    assert Lead.objects.count() == 2
    assert Polling.objects.get().reason == ""
    titles = SystemMessage.objects.values_list("title", flat=True)
    assert "New leads cannot be looked for" not in titles


def test_a_sync_goes_on_through_the_other_user_at_once(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(count=4)
    today = runs.today()
    run = runs.start_sync(integration, period=Period(today, today), by=None)
    runs.take_up(run.pk)
    assert SyncRun.objects.get().state == "paused"
    runs.take_up(run.pk)
    assert SyncRun.objects.get().state == "done"
    assert Lead.objects.count() == 4


def test_a_sync_that_nobody_may_read_waits(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.fault("leadFormResponses", "403-entity")
    today = runs.today()
    run = runs.start_sync(integration, period=Period(today, today), by=None)
    runs.take_up(run.pk)
    runs.take_up(run.pk)
    run.refresh_from_db()
    assert run.due_at is not None
    assert run.due_at > clock.now_ms() + 200_000
    assert AdAccountAccess.objects.filter(refused_at=None).count() == 0


def test_forms_periods_and_subscriptions_take_whoever_may(
    sandbox: Sandbox, integration: Integration
) -> None:
    assert services.read_forms(integration) == 3
    sandbox.submit(count=2)
    today = runs.today()
    assert expectations.look(integration, Period(today, today)) == {"number": 2}
    AdAccountAccess.objects.update(refused_at=None, ask_again_at=None)
    with running_webhook() as webhook:
        webhook.is_open.set()
        services.save_url(f"http://127.0.0.1:{webhook.port}", by=None)
        subscriptions.subscribe(integration)
    assert of("vic").refused_at is not None
    assert len(sandbox.control("GET", "subscriptions")) == 1


def test_a_token_too_fresh_to_be_believed_is_tried_again_in_a_minute(
    sandbox: Sandbox, integration: Integration
) -> None:
    LinkedInUser.objects.filter(sub="vic").update(token_issued_at=clock.now())
    sandbox.control("PUT", "tokens/vic", {"state": "revoked"})
    announce(sandbox.submit())
    drain(EMEA)
    assert Lead.objects.count() == 1
    vic = LinkedInUser.objects.get(sub="vic")
    assert vic.state == "active"
    assert clients.user_for(EMEA) != vic
    assert access.has_another(EMEA, but=vic)
    assert of("vic").refused_at is None
