"""Deleting a LinkedIn user, an integration, an ad account, each after a question."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from leadferry.integrations import services
from leadferry.integrations.models import (
    AdAccount,
    AdAccountAccess,
    EndedAccess,
    EndedSubscription,
    Integration,
    LinkedInUser,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from tests.support.sandbox import APAC, EMEA, Sandbox

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.usefixtures("worker_at_once"),
]
SETTINGS, LIST = "/social-leads/settings", "/social-leads/"


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    made = make_integration(make_user(sandbox.token(), age_s=3600))
    services.save_url("https://crm.example.com", by=None)
    return made


def text_of(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.req("R107", "R108", "R109", "R110")
def test_deleting_a_user_names_what_stops_and_what_goes_on(
    mia: Client, integration: Integration
) -> None:
    ada = LinkedInUser.objects.get()
    other = make_integration(ada, account=APAC)
    Integration.objects.filter(pk=other.pk).update(name="Other one")
    eva = make_user("token", sub="eva")
    LinkedInUser.objects.filter(pk=eva.pk).update(name="Eva Else")
    AdAccountAccess.objects.create(
        user=eva, ad_account=other.ad_account, role="ACCOUNT_MANAGER"
    )
    address = f"{SETTINGS}/users/{ada.pk}/delete"
    assert address in text_of(mia, SETTINGS)
    asked = text_of(mia, address)
    stops, goes_on = asked.split("These go on", 1)
    assert integration.name in stops
    assert "Other one" not in stops
    assert "Other one, through Eva Else" in goes_on
    assert LinkedInUser.objects.count() == 2, "nothing happens before the answer"
    page = mia.post(address, follow=True).content.decode()
    assert "Ada Example is deleted." in page
    assert list(LinkedInUser.objects.all()) == [eva]
    assert mia.get(address).status_code == 404


@pytest.mark.req("R111", "R112", "R113")
def test_an_integration_goes_first_and_then_its_ad_account(
    mia: Client, integration: Integration
) -> None:
    account = f"{SETTINGS}/ad-accounts/{integration.ad_account_id}/delete"
    assert account in text_of(mia, SETTINGS)
    for refused, status in ((mia.get(account), 200), (mia.post(account), 409)):
        assert refused.status_code == status
        assert "Delete that integration first" in refused.content.decode()
    address = f"/social-leads/{integration.pk}/delete"
    assert address in text_of(mia, LIST)
    asked = text_of(mia, address)
    for words in ("custom mappings", "no lead is registered twice"):
        assert words in asked
    page = mia.post(address, follow=True).content.decode()
    assert "is deleted." in page
    assert "No integration yet" in page
    assert not Integration.everything.exists()
    assert "The access to this ad account is lost" in text_of(mia, account)
    page = mia.post(account, follow=True).content.decode()
    assert "Northwind EMEA is deleted." in page
    assert not AdAccount.objects.exists()


def test_an_ad_account_that_nobody_reaches_can_still_be_deleted(
    mia: Client, integration: Integration
) -> None:
    LinkedInUser.objects.all().delete()
    page = text_of(mia, SETTINGS)
    assert "Reached by no connected user" in page
    assert f"ad-accounts/{integration.ad_account_id}/delete" in page


def test_who_is_in_use_and_who_is_refused_is_shown(
    mia: Client, integration: Integration
) -> None:
    page = f"/social-leads/{integration.pk}"
    assert "In use" in text_of(mia, SETTINGS)
    assert "In use" in text_of(mia, page)
    AdAccountAccess.objects.update(
        refused_at=clock.now(), refused_reason="LinkedIn answered 403."
    )
    for shown in (text_of(mia, SETTINGS), text_of(mia, page)):
        assert "Refused since" in shown
        assert "LinkedIn answered 403." in shown


def test_what_is_still_to_be_done_at_linkedin_is_shown(
    mia: Client, integration: Integration
) -> None:
    EndedAccess.objects.create(sub="x", name="Gone User", access_token="t")
    EndedSubscription.objects.create(
        ad_account=EMEA, notification_id="77", name="Old", reason="LinkedIn is away."
    )
    page = text_of(mia, SETTINGS)
    for words in ("Gone User", "subscription 77", "LinkedIn is away."):
        assert words in page


@pytest.mark.req("D13")
def test_how_far_the_move_to_another_address_is(
    mia: Client, integration: Integration
) -> None:
    path = f"{SETTINGS}/subscriptions"
    moving = text_of(mia, path)
    assert "of the leads of 0 of 1 integration." in moving
    assert "every 2s" in moving
    Integration.objects.update(
        subscribe_problem="LinkedIn is away.",
        subscribe_due_at=clock.now_ms() + 60_000,
    )
    refused = text_of(mia, path)
    assert "LinkedIn is away." in refused
    assert "It is tried again on" in refused
    assert "every 2s" not in refused
    Integration.objects.update(
        notification_url=services.notices_url(), notification_id="1"
    )
    assert "of the leads of 1 of 1 integration." in text_of(mia, path)
    assert "progress" not in text_of(mia, path)


def test_subscribing_again_is_pressed_on_settings(
    mia: Client, sandbox: Sandbox, integration: Integration
) -> None:
    Integration.objects.update(
        notification_url=services.notices_url(), notification_id="1"
    )
    assert "Subscribe again" in text_of(mia, SETTINGS)
    page = mia.post(f"{SETTINGS}/subscriptions", follow=True).content.decode()
    assert "The subscriptions are being made again." in page
    # Nobody answers at that address: it says so, and when it is tried again.
    assert sandbox.calls("leadNotifications")
    assert "It is tried again on" in page


@pytest.mark.req("D14", "R113")
def test_an_integration_that_nobody_reaches_says_so_and_restores_the_access(
    mia: Client, integration: Integration
) -> None:
    page = f"/social-leads/{integration.pk}"
    assert "access to this ad account is lost" not in text_of(mia, page)
    assert "No access" not in text_of(mia, LIST)
    ada = LinkedInUser.objects.get()
    LinkedInUser.objects.update(state=LinkedInUser.State.REVOKED)
    shown = text_of(mia, page)
    assert "access to this ad account is lost" in shown
    assert "No access" in text_of(mia, LIST)
    assert f"Restore access of {ada.name}" in shown
    assert f'form="restore-{ada.pk}"' in shown
    assert f'id="restore-{ada.pk}"' in shown
    assert f'href="{page}/sync"' not in shown
    # Its users were deleted: any other one may sign in.
    LinkedInUser.objects.all().delete()
    assert 'href="/social-leads/new">Restore access' in text_of(mia, page)
