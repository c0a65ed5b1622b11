import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations.models import LeadForm, LinkedInApplication
from leadferry.integrations.tests.builders import (
    make_application,
    make_form,
    make_integration,
    make_user,
)
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")

PAGE = "/social-leads/settings"


@pytest.fixture
def admin(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    # A kick inside a test's own transaction would be refused.
    monkeypatch.setattr("leadferry.web.social.views.kick", lambda *_a, **_k: True)
    client.force_login(person("ada", accounts.ADMINISTRATORS))
    return client


def filled(**changes: object) -> dict[str, object]:
    return {
        "client_id": "demo-client",
        "client_secret": "demo-secret",
        "second_secret": "",
        "scopes": "r_ads, openid",
        "api_version": "202609",
        "url": "https://crm.example.com/",
        "role": Group.objects.get(name=accounts.SALES).pk,
        **changes,
    }


@pytest.mark.req("R043", "R044")
def test_the_way_in(admin: Client) -> None:
    page = admin.get("/system/").content.decode()
    assert "Import and integration" in page
    assert "Social lead generation service settings" in page
    entered = admin.get("/social-leads/", follow=True).content.decode()
    assert "LinkedIn application" in entered


def test_tiles_are_found_by_search_and_hidden_without_the_right(
    admin: Client, client: Client
) -> None:
    assert "Social lead" in admin.get("/system/?search=LINKEDIN").content.decode()
    assert "Nothing matches" in admin.get("/system/?search=zzz").content.decode()
    client.force_login(User.objects.create(username="sam"))
    assert "not open to you" in client.get("/leads/").content.decode()
    assert "Social lead" not in client.get("/system/").content.decode()


@pytest.mark.req("R045", "R046")
def test_the_address_is_prefilled_from_the_browser(admin: Client) -> None:
    page = admin.get(PAGE, headers={"host": "crm.example.org"}).content.decode()
    assert 'value="http://crm.example.org"' in page


@pytest.mark.req("R045", "R049", "R051")
def test_apply_stores_the_settings(admin: Client) -> None:
    answer = admin.post(PAGE, filled(), follow=True)
    page = answer.content.decode()
    assert "The settings are applied." in page
    assert "https://crm.example.com/linkedin/return" in page
    assert "https://crm.example.com/linkedin/notices/" in page
    application = LinkedInApplication.objects.get()
    assert application.scopes == "r_ads openid"
    assert application.client_secret == "demo-secret"
    assert "demo-secret" not in page


def test_an_empty_secret_keeps_the_stored_one(admin: Client) -> None:
    admin.post(PAGE, filled())
    admin.post(PAGE, filled(client_secret="", second_secret="next"))
    application = LinkedInApplication.objects.get()
    assert application.client_secret == "demo-secret"
    assert application.second_secret == "next"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_secret": ""}, "This field is required"),
        ({"client_id": ""}, "This field is required"),
        ({"url": "no address"}, "Enter a valid URL"),
        ({"url": "ftp://crm.example.com"}, "must start with https"),
        ({"role": 0}, "Select a valid choice"),
        ({"api_version": "202512"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_it(
    admin: Client, change: dict[str, object], words: str
) -> None:
    answer = admin.post(PAGE, filled(**change))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not LinkedInApplication.objects.exists()


@pytest.mark.req("D9", "R048")
def test_a_private_address_is_allowed_with_a_note(admin: Client) -> None:
    page = admin.post(PAGE, filled(url="http://10.0.0.5:8000"), follow=True)
    assert "This one is allowed" in page.content.decode()
    assert "Ask support for the list of IP addresses" in page.content.decode()
    page = admin.post(PAGE, filled(), follow=True)
    assert "This one is allowed" not in page.content.decode()


@pytest.mark.req("R050")
def test_the_role_receives_the_messages(admin: Client) -> None:
    seller = person("sam", accounts.SALES)
    admin.post(PAGE, filled())
    alerts.tell(topic="t", title="Title", text="Text")
    assert [row.person for row in SystemMessage.objects.all()] == [seller]


def test_the_application_is_tested_at_linkedin(
    admin: Client, settings: Settings, sandbox: Sandbox
) -> None:
    settings.LINKEDIN_OAUTH = sandbox.url
    page = admin.post(f"{PAGE}/test", follow=True).content.decode()
    assert "then test them" in page
    make_application()
    page = admin.post(f"{PAGE}/test", follow=True).content.decode()
    assert "LinkedIn accepts client ID and secret" in page
    LinkedInApplication.objects.update(client_id="other")
    page = admin.post(f"{PAGE}/test", follow=True).content.decode()
    assert "alert-danger" in page


def test_connected_users_and_their_ad_accounts_are_shown(admin: Client) -> None:
    make_integration(make_user())
    page = admin.get(PAGE).content.decode()
    assert "Ada Example" in page
    assert "Northwind EMEA" in page


def test_apply_leaves_a_form_alone_that_the_page_did_not_show(admin: Client) -> None:
    integration = make_integration()
    shown, off = make_form(integration, 1), make_form(integration, 2)
    page = admin.get(f"/social-leads/{integration.pk}").content.decode()
    assert f'name="form_shown" value="{shown.pk}"' in page
    # While the person looks at the page, a lead makes a third form known.
    newcomer = make_form(integration, 3)
    admin.post(
        f"/social-leads/{integration.pk}/apply",
        {
            "name": "Renamed", "is_on": "on",
            "form_shown": [shown.pk, off.pk], "form_on": [shown.pk],
        },
    )  # fmt: skip
    on = {form.pk: form.is_on for form in LeadForm.objects.all()}
    assert on == {shown.pk: True, off.pk: False, newcomer.pk: True}
    integration.refresh_from_db()
    assert (integration.name, integration.is_on) == ("Renamed", True)
