from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import calls, doctor, remedies, services, subscriptions
from leadferry.integrations.checks import Check, Found
from leadferry.integrations.examination import examine
from leadferry.integrations.models import (
    AdAccountAccess,
    Finding,
    Integration,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from tests.support.sandbox import Sandbox
from tests.support.webhook import Webhook, running_webhook

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("B8")]

AT_LINKEDIN = (
    Check.ACCOUNT_ROLE, Check.PAGE, Check.PAGE_ROLE, Check.LEADS, Check.SUBSCRIPTION,
)  # fmt: skip


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with running_webhook() as made:
        made.is_open.set()
        yield made


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox, webhook: Webhook) -> Integration:
    """Two users reach it, and LinkedIn has our address."""
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    made = make_integration(make_user(sandbox.token("ada")))
    second = make_user(sandbox.token("ada"), sub="eve")
    AdAccountAccess.objects.create(
        user=second, ad_account=made.ad_account, role="VIEWER"
    )
    services.save_url(f"http://127.0.0.1:{webhook.port}", by=None)
    subscriptions.subscribe(made)
    return made


def look(integration: Integration) -> dict[Check, Found]:
    found = examine(integration, checked_at=clock.now() - timedelta(hours=1))
    return {one.check: one for one in found}


def brief(found: dict[Check, Found], *checks: Check) -> list[tuple[str, str]]:
    return [(found[check].state, found[check].reason) for check in checks]


def is_blocked(found: dict[Check, Found], check: Check, *, by: Check) -> bool:
    one = found[check]
    return (one.state, one.reason, one.detail) == ("unknown", "blocked", by)


def everybody(**changes: object) -> None:
    for user in LinkedInUser.objects.all():
        for name, value in changes.items():
            setattr(user, name, value)
        user.save()


def test_where_everything_holds_everything_works(integration: Integration) -> None:
    found = look(integration)
    assert list(found) == list(Check)
    assert {one.state for one in found.values()} == {"works"}
    for one in found.values():
        said = remedies.say(one.check, one.state, one.reason, one.detail)
        assert said.text, one
        assert not said.who, one
        assert "%" not in said.text


def test_each_call_is_counted(integration: Integration, sandbox: Sandbox) -> None:
    look(integration)
    made = calls.made_today()
    assert made[calls.RESPONSES] == 1
    for endpoint in ("adAccountUsers", "organizationAcls", calls.RESPONSES):
        assert made[endpoint] == len(sandbox.calls(endpoint))


def test_no_application(integration: Integration) -> None:
    LinkedInApplication.objects.all().delete()
    found = look(integration)
    assert brief(found, Check.APPLICATION) == [("broken", "none")]
    assert all(is_blocked(found, c, by=Check.APPLICATION) for c in AT_LINKEDIN)
    assert found[Check.VALIDATION].state == "works"


def test_a_secret_that_was_changed(integration: Integration) -> None:
    LinkedInApplication.objects.update(client_secret="old")
    ours = LinkedInApplication.objects.get()
    ours.client_secret = "old"
    ours.save()
    found = look(integration)
    assert brief(found, Check.APPLICATION) == [("broken", "refused")]
    assert is_blocked(found, Check.SCOPES, by=Check.APPLICATION)
    # The token itself is still good.
    assert {found[one].state for one in (Check.TOKEN, *AT_LINKEDIN)} == {"works"}


def test_no_user_whose_access_is_good(integration: Integration) -> None:
    everybody(expires_at=clock.now())
    found = look(integration)
    assert brief(found, Check.APPLICATION, Check.TOKEN) == [
        ("works", "accepted"), ("broken", "no-user"),
    ]  # fmt: skip
    assert all(is_blocked(found, c, by=Check.TOKEN) for c in AT_LINKEDIN)


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_token_that_ended(
    integration: Integration, sandbox: Sandbox, end: str
) -> None:
    everybody(token_issued_at=clock.now() - timedelta(hours=1))
    sandbox.control("PUT", "tokens/ada", {"state": end})
    found = look(integration)
    assert brief(found, Check.APPLICATION, Check.TOKEN) == [
        ("works", "accepted"), ("broken", end),
    ]  # fmt: skip
    for check in (*AT_LINKEDIN, Check.VERSION, Check.SCOPES, Check.USERS):
        assert is_blocked(found, check, by=Check.TOKEN), check


def test_a_fresh_token_is_not_called_dead(
    integration: Integration, sandbox: Sandbox
) -> None:
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    found = look(integration)
    assert brief(found, Check.TOKEN) == [("unknown", "fresh")]


def test_an_access_that_ends_soon(integration: Integration) -> None:
    everybody(expires_at=clock.now() + timedelta(days=9))
    assert brief(look(integration), Check.TOKEN) == [("warns", "ends-soon")]
    end = clock.now() + timedelta(days=200)
    everybody(refresh_token="r", refresh_expires_at=end)
    assert brief(look(integration), Check.TOKEN) == [("works", "active")]


def test_a_scope_that_was_not_granted(
    integration: Integration, sandbox: Sandbox
) -> None:
    narrow = ["r_ads", "r_organization_admin", "openid"]
    everybody(access_token=sandbox.token("ada", narrow))
    found = look(integration)
    assert brief(found, Check.SCOPES) == [("broken", "missing")]
    assert found[Check.SCOPES].detail == "r_marketing_leadgen_automation"
    # Without it, LinkedIn gives no leads and no subscriptions.
    assert brief(found, Check.LEADS, Check.SUBSCRIPTION) == [
        ("broken", "refused"), ("broken", "refused"),
    ]  # fmt: skip
    assert found[Check.PAGE_ROLE].state == "works"


def test_a_member_without_rights(integration: Integration, sandbox: Sandbox) -> None:
    everybody(access_token=sandbox.token("vic"))
    found = look(integration)
    assert brief(found, Check.ACCOUNT_ROLE, Check.PAGE, Check.PAGE_ROLE) == [
        ("works", "held"), ("works", "present"), ("broken", "no-role"),
    ]  # fmt: skip
    assert found[Check.ACCOUNT_ROLE].detail == "VIEWER"
    assert brief(found, Check.LEADS) == [("broken", "refused")]
    said = remedies.say("page-role", "broken", "no-role", "11223344")
    assert "11223344" in said.text
    assert said.who == "A Super admin of the company page"
    assert said.links[0][1].endswith("a496077")


def test_an_ad_account_that_the_user_lost(integration: Integration) -> None:
    account = integration.ad_account
    account.account_id = 512345670
    account.save()
    found = look(integration)
    assert brief(found, Check.ACCOUNT_ROLE) == [("broken", "no-role")]
    assert is_blocked(found, Check.PAGE, by=Check.ACCOUNT_ROLE)
    assert is_blocked(found, Check.PAGE_ROLE, by=Check.PAGE)
    assert brief(found, Check.USERS) == [("broken", "lost-role")]


def test_no_version_of_this_release_is_spoken_any_more(
    integration: Integration, sandbox: Sandbox
) -> None:
    sandbox.switch(versions="203001")
    found = look(integration)
    assert brief(found, Check.VERSION, Check.TOKEN) == [
        ("broken", "sunset"), ("works", "active"),
    ]  # fmt: skip
    assert all(is_blocked(found, c, by=Check.VERSION) for c in AT_LINKEDIN)


def test_an_access_that_is_being_renewed_is_not_broken(
    integration: Integration,
) -> None:
    everybody(
        expires_at=clock.now(), refresh_token="r",
        refresh_expires_at=clock.now() + timedelta(days=9),
    )  # fmt: skip
    assert brief(look(integration), Check.TOKEN) == [("unknown", "renewing")]


def test_a_version_that_linkedin_ends_soon(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    LinkedInApplication.objects.update(api_version="202601")
    held = clock.to_ms(datetime(2026, 12, 26, tzinfo=UTC))
    monkeypatch.setattr(clock, "now_ms", lambda: held)
    found = look(integration)
    assert brief(found, Check.VERSION) == [("warns", "ends-soon")]
    assert found[Check.VERSION].detail == "202601 2027-01-15"


def test_a_subscription_that_went(integration: Integration, sandbox: Sandbox) -> None:
    rows = sandbox.control("GET", "subscriptions")
    assert len(rows) == 1
    system_settings.write(system_settings.NOTICE_ADDRESS_KEY, "another", by=None)
    found = look(integration)
    assert brief(found, Check.SUBSCRIPTION) == [("broken", "missing")]
    system_settings.write(system_settings.URL_TO_GET_LEADS, "", by=None)
    assert brief(look(integration), Check.SUBSCRIPTION) == [("warns", "no-address")]


@pytest.mark.parametrize(
    ("url", "hours", "expected"),
    [
        ("https://crm.example.com", 4, ("works", "checked")),
        ("https://crm.example.com", 6, ("broken", "late")),
        ("https://crm.example.com", None, ("broken", "never")),
        ("http://10.0.0.1", None, ("warns", "not-public")),
        ("http://10.0.0.1", 6, ("warns", "not-public")),
    ],
)
def test_linkedins_check_of_our_address(
    integration: Integration, url: str, hours: int | None, expected: tuple[str, str]
) -> None:
    services.save_url(url, by=None)
    at = None if hours is None else clock.now() - timedelta(hours=hours)
    found = {one.check: one for one in examine(integration, checked_at=at)}
    assert brief(found, Check.VALIDATION) == [expected]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, ("works", "right")), (-120, ("warns", "off")), (900, ("broken", "off"))],
)
def test_a_clock_that_goes_wrong(
    integration: Integration,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    expected: tuple[str, str],
) -> None:
    right = clock.now_ms
    monkeypatch.setattr(clock, "now_ms", lambda: right() + seconds * 1000)
    found = look(integration)
    assert brief(found, Check.CLOCK) == [expected]
    if seconds:
        assert abs(int(found[Check.CLOCK].detail) - seconds) <= 2


def test_calls_of_today(integration: Integration) -> None:
    user = LinkedInUser.objects.order_by("pk").last()
    assert user is not None
    system_settings.write(system_settings.CALLS_PER_DAY, "100", by=None)
    for made, expected in ((50, "enough"), (45, "scarce"), (10, "spent")):
        calls.note_calls(user, {calls.RESPONSES: made})
        assert look(integration)[Check.BUDGET].reason == expected


def test_one_user_only_and_one_who_lost_the_role(
    integration: Integration, sandbox: Sandbox
) -> None:
    eve = LinkedInUser.objects.get(sub="eve")
    eve.state = LinkedInUser.State.REVOKED
    eve.save()
    found = look(integration)
    assert brief(found, Check.USERS) == [("warns", "lost-role")]
    assert found[Check.USERS].detail == str(eve.pk)
    eve.delete()
    found = look(integration)
    assert brief(found, Check.USERS) == [("warns", "single")]
    said = remedies.say("users", "warns", "single", found[Check.USERS].detail)
    assert "Only Ada Example reaches it" in said.text


@pytest.mark.parametrize("kind", ["503", "garbage", "429"])
def test_a_linkedin_that_does_not_answer_breaks_nothing(
    integration: Integration, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault("organizationAcls", kind)
    found = look(integration)
    reason = "throttled" if kind == "429" else "unreachable"
    assert brief(found, Check.PAGE_ROLE) == [("unknown", reason)]
    assert found[Check.LEADS].state == found[Check.PAGE].state == "works"


def test_a_refusal_of_each_endpoint_stops_its_check_only(
    integration: Integration, sandbox: Sandbox
) -> None:
    for endpoint, check in (
        ("adAccounts", Check.PAGE),
        ("organizationAcls", Check.PAGE_ROLE),
        ("leadFormResponses", Check.LEADS),
        ("leadNotifications", Check.SUBSCRIPTION),
    ):
        sandbox.fault(endpoint, "403")
        found = look(integration)
        assert brief(found, check) == [("broken", "refused")]
        broken = {one for one in found if found[one].state == "broken"}
        assert broken == {check}


def test_a_state_has_a_beginning_and_a_history(
    integration: Integration, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketer = person("mia", accounts.MARKETERS)
    right, ahead = clock.now_ms, [0]
    monkeypatch.setattr(clock, "now_ms", lambda: right() + ahead[0])
    assert doctor.due() == [integration.pk]
    doctor.record(integration, list(look(integration).values()))
    assert doctor.due() == []
    first = {row.check_name: row.since for row in doctor.findings_of(integration)}
    assert not SystemMessage.objects.exists()
    ahead[0] = 25 * 3_600_000
    assert doctor.due() == [integration.pk]
    sandbox.fault("leadFormResponses", "403")
    for _twice in range(2):
        doctor.record(integration, list(look(integration).values()))
    leads = Finding.objects.get(integration=integration, check_name="leads", until=None)
    assert leads.state == "broken"
    assert leads.since - first["leads"] >= timedelta(hours=25)
    past = doctor.past_of(integration)
    assert ("leads", "works") in {(row.check_name, row.state) for row in past}
    page = Finding.objects.get(integration=integration, check_name="page", until=None)
    assert page.since == first["page"] < page.looked_at
    told = SystemMessage.objects.filter(person=marketer)
    assert [one.count for one in told if "Reading leads" in one.text] == [1]


def test_a_lost_role_is_told(integration: Integration) -> None:
    person("mia", accounts.MARKETERS)
    doctor.record(integration, list(look(integration).values()))
    eve = LinkedInUser.objects.get(sub="eve")
    eve.state = LinkedInUser.State.EXPIRED
    eve.save()
    doctor.record(integration, list(look(integration).values()))
    told = SystemMessage.objects.get()
    assert "Lost their access to the ad account: Ada Example." in told.text
