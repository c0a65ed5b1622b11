"""What deleted users leave at LinkedIn is withdrawn, whatever comes between."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.accounts.models import AuditRow
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import clients, removal, services, subscriptions
from leadferry.integrations.models import (
    AdAccount,
    AdAccountAccess,
    EndedAccess,
    EndedSubscription,
    Integration,
    LinkedInUser,
    RegistrationWindow,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError, SetupError
from tests.support.sandbox import EMEA, Sandbox
from tests.support.webhook import running_webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Iterator[Integration]:
    """Reached by Ada alone, and subscribed at an address that answers."""
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    made = make_integration(make_user(sandbox.token(), age_s=3600))
    with running_webhook() as webhook:
        webhook.is_open.set()
        services.save_url(f"http://127.0.0.1:{webhook.port}", by=None)
        subscriptions.subscribe(made)
        made.refresh_from_db()
        yield made


def ada() -> LinkedInUser:
    return LinkedInUser.objects.get(sub="ada")


def reached_too(integration: Integration, token: str) -> LinkedInUser:
    other = make_user(token, sub="eva", age_s=7200)
    AdAccountAccess.objects.create(
        user=other, ad_account=integration.ad_account, role="ACCOUNT_MANAGER"
    )
    return other


def due_now() -> None:
    EndedSubscription.objects.update(due_at=0)
    EndedAccess.objects.update(due_at=0)


def verbs() -> list[str]:
    return list(AuditRow.objects.order_by("pk").values_list("verb", flat=True))


@pytest.mark.req("R107", "R108", "R109", "D14")
def test_a_deleted_user_leaves_nothing_at_linkedin(
    sandbox: Sandbox, integration: Integration
) -> None:
    token = ada().access_token
    effects = removal.effects_of_deleting(ada())
    assert (list(effects.stopping), list(effects.going_on)) == ([integration], [])
    removal.delete_user(ada(), by=None)
    with pytest.raises(SetupError, match="sign in again"):
        clients.user_for(EMEA)
    removal.withdraw()
    assert sandbox.control("GET", "subscriptions") == []
    assert clients.oauth().introspect(token=token).status == "revoked"
    assert not EndedAccess.objects.exists()
    calls = [row["path"] for row in sandbox.calls() if row["method"] != "GET"]
    deleted = next(i for i, p in enumerate(calls) if "leadNotifications/" in p)
    assert deleted < calls.index("/oauth/v2/revoke"), "subscriptions before the token"
    integration.refresh_from_db()
    assert integration.notification_id == ""
    # Lost access closes no window: what comes meanwhile is read once it is back.
    assert RegistrationWindow.objects.get(integration=integration).on_until is None
    assert verbs()[-3:] == [
        "LinkedIn user deleted", "subscription removed", "LinkedIn token revoked",
    ]  # fmt: skip


@pytest.mark.req("R110")
def test_another_user_keeps_the_subscription(
    sandbox: Sandbox, integration: Integration
) -> None:
    eva = reached_too(integration, sandbox.token())
    effects = removal.effects_of_deleting(ada())
    assert list(effects.going_on) == [(integration, [eva.name])]
    removal.delete_user(ada(), by=None)
    removal.withdraw()
    assert clients.user_for(EMEA) == eva
    assert len(sandbox.control("GET", "subscriptions")) == 1
    integration.refresh_from_db()
    assert integration.subscription_seen_at == 0, "looked up: it may have died with Ada"
    subscriptions.keep_all()
    assert len(sandbox.control("GET", "subscriptions")) == 1


def test_a_user_whom_linkedin_refuses_keeps_nothing_going(
    integration: Integration,
) -> None:
    reached_too(integration, "token")
    AdAccountAccess.objects.filter(user__sub="eva").update(refused_at=clock.now())
    assert list(removal.effects_of_deleting(ada()).stopping) == [integration]


@pytest.mark.parametrize("kind", ["503", "reset", "garbage"])
def test_while_linkedin_is_away_nothing_is_forgotten(
    sandbox: Sandbox, integration: Integration, kind: str
) -> None:
    removal.delete_user(ada(), by=None)
    sandbox.fault("leadNotifications", kind)
    for _attempt in range(8):
        due_now()
        removal.withdraw()
    waiting = EndedSubscription.objects.get()
    assert waiting.attempts == 8
    assert waiting.due_at > clock.now_ms()
    assert EndedAccess.objects.exists(), "the token is needed still"
    sandbox.no_faults()
    due_now()
    removal.withdraw()
    assert sandbox.control("GET", "subscriptions") == []
    assert not EndedAccess.objects.exists()


def test_what_linkedin_refuses_for_good_is_noted_and_forgotten(
    sandbox: Sandbox, integration: Integration
) -> None:
    accounts.ensure_roles()
    person("mia", accounts.MARKETERS)
    removal.delete_user(ada(), by=None)
    sandbox.fault("leadNotifications", "403-entity")
    for _attempt in range(6):
        due_now()
        removal.withdraw()
    assert not EndedSubscription.objects.exists()
    assert not EndedAccess.objects.exists()
    assert "subscription left at LinkedIn" in verbs()
    assert "could not be removed" in SystemMessage.objects.get().text


@pytest.mark.parametrize("kind", ["404", "500", "401"])
def test_a_token_that_cannot_be_revoked_is_erased_after_all(
    sandbox: Sandbox, integration: Integration, kind: str
) -> None:
    removal.delete_user(ada(), by=None)
    sandbox.fault("revoke", kind)
    for _attempt in range(6):
        due_now()
        removal.withdraw()
    assert not EndedAccess.objects.exists()
    assert verbs()[-1] == "LinkedIn token erased, not revoked"


def test_killed_after_linkedin_removed_it_the_next_worker_finds_it_gone(
    sandbox: Sandbox, integration: Integration
) -> None:
    number = integration.notification_id
    removal.delete_user(ada(), by=None)
    with clients.client_of(LinkedInUser(access_token=sandbox.token())) as client:
        client.delete_notification(number)
    removal.withdraw()
    assert not EndedSubscription.objects.exists()
    assert "subscription removed" in verbs()


def test_tokens_that_wait_are_not_readable_in_the_database(
    integration: Integration,
) -> None:
    token = ada().access_token
    removal.delete_user(ada(), by=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM integrations_endedaccess")
        assert token not in cursor.fetchone()[0]
    assert EndedAccess.objects.get().access_token == token


def test_connected_again_the_new_token_is_not_ended_with_the_old_one(
    sandbox: Sandbox, integration: Integration
) -> None:
    removal.delete_user(ada(), by=None)
    again = make_user(sandbox.token(), sub="ada")
    AdAccountAccess.objects.create(
        user=again, ad_account=integration.ad_account, role="ACCOUNT_MANAGER"
    )
    # LinkedIn still has the subscription: it is used again, and no longer removed.
    kept = subscriptions.subscribe(Integration.objects.get())
    removal.withdraw()
    assert not sandbox.calls("revoke")
    assert not EndedAccess.objects.exists()
    [held] = sandbox.control("GET", "subscriptions")
    assert str(held["id"]) == kept


@pytest.mark.req("R111", "R112", "R113")
def test_an_ad_account_goes_after_its_integration_only(
    integration: Integration,
) -> None:
    account = integration.ad_account
    with pytest.raises(RejectedError, match="Delete that integration first"):
        removal.delete_ad_account(account, by=None)
    Integration.objects.update(deleting_since=clock.now())
    with pytest.raises(RejectedError, match="just now"):
        removal.delete_ad_account(account, by=None)
    with pytest.raises(RejectedError, match="being deleted"):
        services.create_integration(account=account)
    Integration.everything.all().delete()
    removal.delete_ad_account(account, by=None)
    assert not AdAccount.objects.exists()
    with pytest.raises(SetupError):
        clients.user_for(EMEA)
    assert ada().state == "active", "the user stays"


@pytest.mark.req("D13")
def test_a_moved_address_is_subscribed_before_the_old_one_goes(
    sandbox: Sandbox, integration: Integration
) -> None:
    old = integration.notification_id
    with running_webhook() as webhook:
        webhook.is_open.set()
        services.save_url(f"http://127.0.0.1:{webhook.port}", by=None)
        assert list(subscriptions.waiting()) == [integration]
        assert subscriptions.keep_all() == []
    assert not subscriptions.waiting().exists()
    [held] = sandbox.control("GET", "subscriptions")
    assert str(held["id"]) != old
    assert held["webhook"].startswith(f"http://127.0.0.1:{webhook.port}/")
    writes = [
        row["method"]
        for row in sandbox.calls("leadNotifications")
        if row["method"] in {"POST", "DELETE"}
    ]
    assert writes == ["POST", "POST", "DELETE"]


@pytest.mark.req("D13")
def test_an_old_subscription_that_stays_is_removed_later(
    sandbox: Sandbox, integration: Integration
) -> None:
    old = EndedSubscription.objects.create(
        ad_account=EMEA, notification_id=integration.notification_id, name="Old"
    )
    Integration.objects.update(notification_id="", notification_url="")
    removal.withdraw()
    assert not EndedSubscription.objects.filter(pk=old.pk).exists()
    assert sandbox.control("GET", "subscriptions") == []


@pytest.mark.req("D13")
def test_a_subscription_that_is_gone_is_made_anew_within_a_day(
    sandbox: Sandbox, integration: Integration
) -> None:
    with clients.client_of(ada()) as client:
        client.delete_notification(integration.notification_id)
    assert subscriptions.keep_all() == []
    assert sandbox.control("GET", "subscriptions") == [], "looked up lately"
    day = timedelta(days=1).total_seconds() * 1000
    Integration.objects.update(subscription_seen_at=clock.now_ms() - int(day) - 1)
    assert subscriptions.keep_all() == []
    [held] = sandbox.control("GET", "subscriptions")
    assert str(held["id"]) == Integration.objects.get().notification_id


@pytest.mark.req("D13")
def test_made_again_a_blocked_subscription_is_checked_and_works(
    sandbox: Sandbox, integration: Integration
) -> None:
    made_at = integration.subscribed_at
    subscriptions.renew_all(by=None)
    assert list(subscriptions.waiting()) == [integration]
    assert subscriptions.keep_all() == []
    [held] = sandbox.control("GET", "subscriptions")
    renewed = Integration.objects.get()
    assert str(held["id"]) == renewed.notification_id
    assert renewed.subscribed_at > made_at
    methods = [row["method"] for row in sandbox.calls("leadNotifications")]
    assert [one for one in methods if one != "GET"] == ["POST", "DELETE", "POST"]


def test_a_day_without_anybody_who_reaches_it_is_no_message_of_subscribing(
    integration: Integration,
) -> None:
    removal.delete_user(ada(), by=None)
    assert subscriptions.keep_all() == []
    assert "sign in again" in Integration.objects.get().subscribe_problem
