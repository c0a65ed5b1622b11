"""Signing in and subscribing against the local LinkedIn."""

import pytest
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import clients, connect, services, subscriptions
from leadferry.integrations.models import LeadForm
from leadferry.integrations.tasks import keep_subscribed
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.linkedin.errors import ChallengeFailed, ClientRefused
from tests.support.sandbox import APAC, CLIENT_ID, CLIENT_SECRET, EMEA, Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _local_linkedin(settings: Settings, sandbox: Sandbox) -> None:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url


@pytest.mark.req("R003", "R004", "R005", "R056")
def test_offers_say_what_is_missing(sandbox: Sandbox) -> None:
    make_application()
    ada = connect.offers(make_user(sandbox.token("ada"), sub="a"))
    assert [(offer.account_id, offer.problem) for offer in ada] == [
        (APAC, ""), (EMEA, ""),
    ]  # fmt: skip
    vic = connect.offers(make_user(sandbox.token("vic"), sub="v"))
    assert all("Lead gen forms manager" in offer.problem for offer in vic)


def test_forms_are_read(sandbox: Sandbox) -> None:
    make_application()
    assert services.read_forms(make_integration(make_user(sandbox.token()))) == 3
    assert LeadForm.objects.count() == 3


def test_an_address_that_nobody_answers_at_is_not_subscribed(sandbox: Sandbox) -> None:
    make_application()
    integration = make_integration(make_user(sandbox.token()))
    services.save_url("http://127.0.0.1:9", by=None)
    with pytest.raises(ChallengeFailed):
        subscriptions.subscribe(integration)
    integration.refresh_from_db()
    assert integration.notification_id == ""


def test_a_refused_batch_is_remembered_for_the_user(sandbox: Sandbox) -> None:
    make_application()
    user = make_user(sandbox.token())
    sandbox.fault("leadFormResponses", "batch-refused")
    with clients.client_of(user) as client:
        client.responses(sandbox.submit(count=2), fields="id")
        clients.remember_reading(user, client)
    user.refresh_from_db()
    assert user.reads_singly


def test_a_changed_secret_is_tested_before_anything_fails(sandbox: Sandbox) -> None:
    connect.try_application(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    with pytest.raises(ClientRefused):
        connect.try_application(client_id=CLIENT_ID, client_secret="other")
    assert sandbox.calls("introspectToken")


@pytest.mark.req("D13")
def test_what_cannot_be_subscribed_is_told(sandbox: Sandbox) -> None:
    make_application()
    accounts.ensure_roles()
    marketer = person("mia", accounts.MARKETERS)
    keep_subscribed()
    assert not SystemMessage.objects.exists()
    make_integration(make_user(sandbox.token()))
    services.save_url("http://127.0.0.1:9", by=None)
    keep_subscribed()
    message = SystemMessage.objects.get(person=marketer)
    assert "could not check the webhook address" in message.text
