"""The doctor's page, its link without sign-in, and what ends when."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.accounts.models import AuditRow
from leadferry.alerts import services as alerts
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest.tasks import examine_what_is_due
from leadferry.integrations import doctor, services
from leadferry.integrations.models import (
    DoctorLink,
    Finding,
    Integration,
    LinkedInUser,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from tests.support.sandbox import APAC, Sandbox

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("B8")]


@pytest.fixture
def admin(client: Client, worker_at_once: None) -> Client:
    client.force_login(person("ada", accounts.ADMINISTRATORS))
    return client


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    """Reached by a member who lacks every role on the page."""
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    services.save_url("http://127.0.0.1:1", by=None)
    return make_integration(make_user(sandbox.token("vic")))


def page_of(integration: Integration) -> str:
    return f"/social-leads/{integration.pk}/doctor"


def checked(admin: Client, integration: Integration) -> str:
    admin.post(f"{page_of(integration)}/check")
    return admin.get(page_of(integration)).content.decode()


def made_link(admin: Client, integration: Integration) -> str:
    page = admin.post(f"{page_of(integration)}/link").content.decode()
    found = re.search(
        r"<code>http://testserver(/social-leads/shown/[^<]+)</code>", page
    )
    assert found is not None
    return found[1]


def test_each_check_says_who_mends_it_and_where(
    admin: Client, integration: Integration
) -> None:
    page = admin.get(page_of(integration)).content.decode()
    assert "Nothing was checked yet" in page
    page = checked(admin, integration)
    assert page.count("finding-") == 13
    assert "3 things are broken" in page
    assert "needs the role Super admin or Lead gen forms manager on page 112" in page
    assert "A Super admin of the company page:" in page
    assert "https://www.linkedin.com/help/lms/answer/a496077" in page
    assert "Only Ada Example reaches it" in page


def test_a_state_that_ended_stays_to_be_read(
    admin: Client, integration: Integration, sandbox: Sandbox
) -> None:
    assert "Earlier states" not in checked(admin, integration)
    user = LinkedInUser.objects.get()
    user.access_token = sandbox.token("ada")
    user.save()
    page = checked(admin, integration)
    assert "Earlier states" in page
    assert "1 thing is broken" in page, "the subscription alone"


def test_a_worker_makes_the_checks(
    admin: Client,
    integration: Integration,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("leadferry.jobs.inquiries.kick", lambda *_a, **_k: True)
    page = checked(admin, integration)
    assert "LinkedIn is being asked…" in page
    assert admin.get(f"{page_of(integration)}/check").status_code == 204
    assert sandbox.calls() == []


def test_a_link_shows_what_the_page_needs_and_nothing_else(
    admin: Client, integration: Integration
) -> None:
    checked(admin, integration)
    address = made_link(admin, integration)
    answer = Client().get(address)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count("finding-") == 3
    assert "Northwind EMEA" in page
    assert "Roles on a page" in page
    for hidden in (
        "Ada Example",
        "demo-client",
        "VIEWER",
        "Access token",
        "Settings →",
    ):
        assert hidden not in page.replace("Company page → Settings →", "")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer["Cache-Control"]
    assert Client().post(address).status_code == 405


def test_a_token_is_kept_as_a_hash_only(
    admin: Client, integration: Integration
) -> None:
    token = made_link(admin, integration).rpartition("/")[2]
    assert len(token) >= 43
    link = DoctorLink.objects.get()
    assert token not in str(vars(link))
    assert token not in admin.get(page_of(integration)).content.decode()
    assert AuditRow.objects.filter(verb="doctor link made").exists()


def test_a_link_ends_after_seven_days(
    admin: Client, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = made_link(admin, integration)
    now = clock.now_ms()
    for days, status in ((6.9, 200), (7.1, 404)):
        later = int(now + days * 86_400_000)
        monkeypatch.setattr(clock, "now_ms", lambda later=later: later)
        assert Client().get(address).status_code == status
    page = Client().get(address).content.decode()
    assert "This link opens nothing any more" in page
    assert "Northwind" not in page


def test_a_link_is_withdrawn_and_only_with_its_own_integration(
    admin: Client, integration: Integration
) -> None:
    address = made_link(admin, integration)
    link = DoctorLink.objects.get()
    other = make_integration(make_user(sub="eve"), account=APAC)
    admin.post(f"{page_of(other)}/links/{link.pk}/withdraw")
    assert Client().get(address).status_code == 200
    admin.post(f"{page_of(integration)}/links/{link.pk}/withdraw")
    assert Client().get(address).status_code == 404
    assert "Withdraw" not in admin.get(page_of(integration)).content.decode()
    assert Client().get("/social-leads/shown/made-up").status_code == 404


@pytest.mark.req("B7")
def test_what_ends_stands_on_the_dashboard(
    admin: Client, integration: Integration
) -> None:
    page = admin.get("/dashboard/").content.decode()
    assert 'href="/dashboard/connections/"' in page
    page = admin.get("/dashboard/connections/").content.decode()
    assert "Access of Ada Example" in page
    assert "in 60 days" in page
    assert f'href="{page_of(integration)}"' in page
    assert 'class="month"' in page
    assert re.search(r'<a href="#ending-\d"[^>]*aria-label="[^"]*Access of Ada', page)


@pytest.mark.req("B7")
def test_where_nothing_is_connected_the_page_says_what_to_do(admin: Client) -> None:
    page = admin.get("/dashboard/connections/").content.decode()
    assert "Nothing is connected yet" in page
    assert 'href="/social-leads/"' in page


@pytest.mark.req("B7")
def test_messages_lead_to_the_page_that_mends(
    admin: Client, integration: Integration
) -> None:
    alerts.tell(topic=doctor.topic(integration.pk), title="T", text="Text")
    alerts.tell(topic="ends-7-user-1-20261201", title="U", text="Text")
    page = admin.get("/notifications/").content.decode()
    assert f'href="{page_of(integration)}"' in page
    assert 'href="/dashboard/connections/"' in page


def test_once_a_day_by_itself(
    integration: Integration, monkeypatch: pytest.MonkeyPatch, worker_at_once: None
) -> None:
    now = clock.now_ms()
    for hours, looks in ((0, 1), (12, 1), (25, 2)):
        later = now + hours * 3_600_000
        monkeypatch.setattr(clock, "now_ms", lambda later=later: later)
        examine_what_is_due()
        at = Finding.objects.filter(until=None).latest("looked_at").looked_at
        expected = timedelta(hours=25 if looks == 2 else 0)
        assert at - clock.from_ms(now) == expected
