from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import signing
from django.test import Client
from pytest_django.fixtures import Settings

import leadferry
from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import AuditRow, User
from leadferry.alerts import services as alerts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import clients, connect, services
from leadferry.integrations.models import (
    AdAccount,
    AdAccountAccess,
    LeadForm,
    LinkedInApplication,
    LinkedInUser,
    SignIn,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_form,
    make_integration,
    make_user,
)
from leadferry.jobs import inquiries
from leadferry.jobs.models import Inquiry
from leadferry.kit import clock
from tests.support.sandbox import APAC, EMEA, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")

PAGE = "/social-leads/settings"


@pytest.fixture
def admin(client: Client, worker_at_once: None) -> Client:
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


def test_the_api_version_names_its_end_and_a_newer_one(admin: Client) -> None:
    admin.post(PAGE, filled(api_version="202607"))
    page = admin.get(PAGE).content.decode()
    assert "202607, until 15 Jul 2027. When LinkedIn ends it" in page
    assert f"<span>Leadferry {leadferry.__version__}</span>" in page
    assert "Use it" not in page
    admin.post(PAGE, filled(api_version="202609"))
    LinkedInApplication.objects.update(newer_version="202610")
    page = admin.get(PAGE).content.decode()
    assert "202609, expected until 15 Sep 2027 or later; 202610 works:" in page
    used = admin.post(f"{PAGE}/version", {"version": "202610"}, follow=True)
    assert "API version 202610 is used now." in used.content.decode()
    assert LinkedInApplication.objects.get().api_version == "202610"
    assert AuditRow.objects.get(verb="API version changed").actor is not None
    # Pressed a second time, as on another open page.
    again = admin.post(f"{PAGE}/version", {"version": "202610"}, follow=True)
    assert "not offered any more" in again.content.decode()


def test_a_message_about_a_user_restores_the_access_in_one_click(
    admin: Client, settings: Settings, sandbox: Sandbox
) -> None:
    settings.LINKEDIN_OAUTH = sandbox.url
    role = Group.objects.get(name=accounts.ADMINISTRATORS).pk
    admin.post(PAGE, filled(role=role))
    user = make_user("x", age_s=3600)
    clients.bury(user, LinkedInUser.State.EXPIRED)
    page = admin.get("/notifications/").content.decode()
    assert f'name="user" value="{user.pk}"><button class="btn btn-primary">' in page
    on = admin.post("/social-leads/new/sign-in", {"user": user.pk})
    assert on["Location"].startswith(f"{sandbox.url}/oauth/v2/authorization?")
    assert SignIn.objects.get().expected == user


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
    services.save_url("http://127.0.0.1:1", by=None)
    page = admin.post(f"{PAGE}/test", follow=True).content.decode()
    assert "LinkedIn accepted client ID and secret" in page
    LinkedInApplication.objects.update(client_id="other")
    page = admin.post(f"{PAGE}/test", follow=True).content.decode()
    assert "LinkedIn refuses the application" in page
    assert "LinkedIn accepted" not in page


def test_what_nobody_answers_is_told(admin: Client) -> None:
    make_application()
    services.save_url("http://127.0.0.1:1", by=None)
    asked = Inquiry.objects.create(
        topic=connect.APPLICATION_TOPIC, asked_at=clock.now()
    )
    assert "LinkedIn is being asked" in admin.get(PAGE).content.decode()
    assert admin.get(f"{PAGE}/test").status_code == 204
    Inquiry.objects.update(asked_at=asked.asked_at - inquiries.PATIENCE)
    assert "no worker of Leadferry runs" in admin.get(PAGE).content.decode()


def test_connected_users_and_their_ad_accounts_are_shown(admin: Client) -> None:
    make_integration(make_user())
    page = admin.get(PAGE).content.decode()
    assert "Ada Example" in page
    assert "Northwind EMEA" in page


def apply_form_2_off(admin: Client, path: str, shown: list[int], **more: str) -> str:
    form = {"name": "Renamed", "is_on": "on", "form_shown": shown, **more}
    answer = admin.post(f"{path}/apply", form | {"form_on": shown[:1]}, follow=True)
    return answer.content.decode()


@pytest.mark.req("R103", "R104", "R105")
def test_a_switch_asks_and_names_what_stops(admin: Client) -> None:
    integration = make_integration()
    shown = [make_form(integration, 1).pk, make_form(integration, 2).pk]
    path = f"/social-leads/{integration.pk}"
    page = apply_form_2_off(admin, path, shown)
    assert "Leads of this form stop being registered" in page
    assert "Form 2" in page
    assert "Form 1" not in page
    assert LeadForm.objects.filter(is_on=True).count() == 2
    apply_form_2_off(admin, path, shown, confirmed="1")
    assert list(LeadForm.objects.filter(is_on=False)) == [LeadForm.objects.last()]
    # The whole account: the form that is off already is not among what stops.
    answer = admin.post(f"{path}/apply", {"form_shown": shown, "form_on": shown[:1]})
    text = answer.content.decode()
    assert "No lead of the ad account Northwind EMEA" in text
    assert "Form 1" in text
    assert "Form 2" not in text


def test_apply_leaves_a_form_alone_that_the_page_did_not_show(admin: Client) -> None:
    integration = make_integration()
    shown, off = make_form(integration, 1), make_form(integration, 2)
    path = f"/social-leads/{integration.pk}"
    page = admin.get(path).content.decode()
    assert f'name="form_shown" value="{shown.pk}"' in page
    # While the person looks at the page, a lead makes a third form known.
    newcomer = make_form(integration, 3)
    apply_form_2_off(admin, path, [shown.pk, off.pk], confirmed="1")
    on = {form.pk: form.is_on for form in LeadForm.objects.all()}
    assert on == {shown.pk: True, off.pk: False, newcomer.pk: True}
    integration.refresh_from_db()
    assert (integration.name, integration.is_on) == ("Renamed", True)


@pytest.fixture
def connected(admin: Client, settings: Settings, sandbox: Sandbox) -> LinkedInUser:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    services.save_url("http://127.0.0.1:1", by=None)
    return make_user(sandbox.token("ada"))


@pytest.mark.req("R003", "R004", "R005", "R006", "R007", "R008", "R009", "R010", "D8")
def test_prerequisites_stand_beside_new(
    admin: Client, connected: LinkedInUser, sandbox: Sandbox
) -> None:
    LinkedInUser.objects.all().delete()
    page = admin.get("/social-leads/").content.decode()
    assert page.count("Not known yet:") == 4
    assert page.count("linkedin.com/help/lms/answer/") == 5
    assert page.count("contact the administrator or support") == 3
    connected.save()
    page = admin.get("/social-leads/").content.decode()
    assert page.count("Met:") == 3
    assert "Reached: " in page
    system_settings.write(system_settings.IDENTITY_SERVER_URL, "https://i", by=None)
    assert "It has a value." in admin.get("/social-leads/").content.decode()
    connected.access_token = sandbox.token("vic")
    connected.save()
    admin.post("/social-leads/prerequisites")
    page = admin.get("/social-leads/").content.decode()
    assert page.count("Not met:") == 2
    assert "You need the role Super admin or Lead gen forms manager" in page


@pytest.mark.req("R011")
@pytest.mark.parametrize(
    ("agent", "is_safari"),
    [
        ("Version/26.0 Safari/605.1.15", True),
        ("Chrome/140.0.0.0 Safari/537.36", False),
        ("Chrome/140.0.0.0 Safari/537.36 Edg/140.0", False),
        ("Gecko/20100101 Firefox/140.0", False),
        ("CriOS/140.0 Mobile/15E148 Safari/604.1", False),
    ],
)
def test_safari_is_told_of_its_windows(
    admin: Client,
    connected: LinkedInUser,
    agent: str,
    *,
    is_safari: bool,
) -> None:
    page = admin.get("/social-leads/", headers={"user-agent": agent})
    assert ("Allow pop-up windows" in page.content.decode()) is is_safari


@pytest.mark.req("D6", "R013")
def test_ad_accounts_of_a_user_are_ticked_without_a_sign_in(
    admin: Client, connected: LinkedInUser
) -> None:
    path = f"/social-leads/new/accounts/{connected.pk}"
    assert f"{path}?then=settings" in admin.get(PAGE).content.decode()
    assert "LinkedIn is being asked" in admin.get(path).content.decode()
    page = admin.get(f"{path}?then=settings").content.decode()
    assert "Northwind EMEA" in page
    tick = {"then": "settings", "account": [EMEA, APAC]}
    page = admin.post(path, tick, follow=True).content.decode()
    assert "The ad accounts of this user are applied." in page
    assert AdAccountAccess.objects.count() == 2
    # One of them is integrated: its only way stays.
    account = AdAccount.objects.get(account_id=APAC)
    services.create_integration(account=account, name="Asia")
    refused = admin.post(path, {"then": "settings", "account": [EMEA]})
    assert refused.status_code == 422
    assert "Asia imports from it" in refused.content.decode()
    admin.post(path, {"then": "settings", "account": [APAC]})
    assert AdAccountAccess.objects.get().ad_account == account
    assert "Integrated already as “Asia”" in admin.get(path).content.decode()


def test_a_user_with_nothing_ticked_is_not_taken_on(
    admin: Client, connected: LinkedInUser
) -> None:
    path = f"/social-leads/new/accounts/{connected.pk}"
    admin.get(path)
    refused = admin.post(path, {})
    assert refused.status_code == 422
    assert "Tick at least one" in refused.content.decode()


def test_a_slow_linkedin_never_holds_a_page(
    admin: Client,
    connected: LinkedInUser,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("leadferry.jobs.inquiries.kick", lambda *_a, **_k: True)
    integration = make_integration(connected)
    for path in (
        f"/social-leads/new/accounts/{connected.pk}",
        f"/social-leads/{integration.pk}/refresh",
        f"{PAGE}/test",
        "/social-leads/prerequisites",
    ):
        page = admin.post(path, {"again": "1"}, follow=True)
        assert 'hx-trigger="every 700ms"' in page.content.decode(), path
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("fault", "title", "step"),
    [
        ("login-cancelled", "The sign-in was cancelled", "Sign in at LinkedIn again"),
        ("consent-refused", "Access was not allowed", "Sign in at LinkedIn again"),
        ("scope-refused", "The application lacks a scope", "Open Settings"),
        ("other-error", "LinkedIn is not connected", "Sign in at LinkedIn again"),
        ("code-refused", "does not accept its code", "Sign in at LinkedIn again"),
        ("application-refused", "refuses the application", "Open Settings"),
        ("unreachable", "cannot be reached", "Sign in at LinkedIn again"),
        ("other-member", "Another member signed in", "Connect a further user"),
        ("fewer-scopes", "granted less than", "Go on to the ad accounts"),
    ],
)
def test_each_end_of_a_sign_in_has_its_page(
    admin: Client, connected: LinkedInUser, fault: str, title: str, step: str
) -> None:
    done = SignIn.objects.create(
        state=fault, redirect_uri="http://127.0.0.1/", fault=fault,
        problem="What LinkedIn said.", finished_at=clock.now(),
        user=connected if fault == "fewer-scopes" else None,
    )  # fmt: skip
    path = f"/linkedin/sign-ins/{signing.dumps(done.pk, salt='linkedin-sign-in')}"
    page = admin.get(path).content.decode()
    for words in (title, step, "What LinkedIn said."):
        assert words in page
    admin.logout()
    assert "leadferry connect" in admin.get(path).content.decode()


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({}, "came before"),
        ({"returned_at": None}, "is too old"),
        ({"state": "other"}, "was not expected"),
    ],
)
def test_a_return_that_does_not_count_has_its_page(
    admin: Client, connected: LinkedInUser, change: dict[str, object], title: str
) -> None:
    long_ago = clock.now() - timedelta(hours=1)
    values = {"state": "s", "returned_at": long_ago, **change}
    SignIn.objects.create(redirect_uri="http://h/", started_at=long_ago, **values)
    answer = admin.get("/linkedin/return?state=s&code=x")
    assert answer.status_code == 401
    assert title in answer.content.decode()
    assert "Sign in at LinkedIn again" in answer.content.decode()
