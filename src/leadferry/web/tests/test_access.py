"""Every address declares who may open it, and keeps others out."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from leadferry.accounts import services as accounts
from leadferry.accounts.models import User
from leadferry.alerts.tests.test_alerts import person
from leadferry.web.access import PUBLIC, SIGNED_IN, access_of

pytestmark = pytest.mark.django_db(databases="__all__")

PARAMETERS: dict[str, dict[str, object]] = {
    "lead": {"lead_id": 1},
    "held-back-one": {"held_id": 1},
    "form-changes": {"form_id": 1},
    "sync": {"integration_id": 1},
    "sync-expected": {"integration_id": 1},
    "where": {"integration_id": 1},
    "where-ask": {"integration_id": 1},
    "doctor": {"integration_id": 1},
    "doctor-check": {"integration_id": 1},
    "doctor-link": {"integration_id": 1},
    "doctor-link-withdraw": {"integration_id": 1, "link_id": 1},
    "shown-to-page": {"token": "x"},
    "completeness": {"integration_id": 1},
    "completeness-progress": {"integration_id": 1},
    "completeness-check": {"integration_id": 1},
    "completeness-csv": {"integration_id": 1},
    "completeness-day": {"integration_id": 1, "day": "2026-11-24"},
    "completeness-certificate": {"integration_id": 1, "month": "2026-11"},
    "sync-run": {"run_id": 1},
    "sync-cancel": {"run_id": 1},
    "sync-resume": {"run_id": 1},
    "replay": {"integration_id": 1},
    "replay-batch": {"batch_id": 1},
    "replay-tick": {"batch_id": 1},
    "replay-tick-all": {"batch_id": 1},
    "replay-apply": {"batch_id": 1},
    "replay-undo": {"batch_id": 1},
    "replay-stop": {"batch_id": 1},
    "replay-export": {"batch_id": 1},
    "compare": {"lead_id": 1, "other_id": 2},
    "not-duplicate": {"lead_id": 1, "other_id": 2},
    "duplicate-run": {"run_id": 1},
    "duplicate-run-cancel": {"run_id": 1},
    "duplicate-run-resume": {"run_id": 1},
    "merge-undo": {"merge_id": 1},
    "not-duplicates": {"group_id": 1},
    "merge-many": {"run_id": 1},
    "merge-many-undo": {"run_id": 1},
    "duplicate-rule": {"rule_id": 1},
    "duplicate-rule-delete": {"rule_id": 1},
    "duplicate-rule-try": {"rule_id": 1},
    "destination": {"destination_id": 1},
    "destination-new": {"kind": "webhook"},
    "destination-change": {"destination_id": 1},
    "destination-test": {"destination_id": 1},
    "destination-switch": {"destination_id": 1},
    "destination-earlier": {"destination_id": 1},
    "destination-delete": {"destination_id": 1},
    "destination-parked": {"destination_id": 1},
    "creatio-lookups": {"destination_id": 1},
    "creatio-lookup": {"destination_id": 1, "code": "Country"},
    "creatio-value": {"destination_id": 1, "code": "Country", "value_id": 1},
    "creatio-columns": {"destination_id": 1},
    "creatio-column-add": {"destination_id": 1},
    "deliveries-again": {"destination_id": 1},
    "delivery-again": {"destination_id": 1, "lead_id": 1},
    "answer": {"answer_id": 1},
    "answer-progress": {"answer_id": 1},
    "wizard-accounts": {"user_id": 1},
    "wizard-name": {"user_id": 1},
    "integration": {"integration_id": 1},
    "mark-one": {"message_id": 1},
    "linkedin-sign-in": {"token": "x"},
    "choose-password": {"token": "x"},
    "system-setting": {"code": "TimeZone"},
    "user": {"user_id": 1},
    "user-link": {"user_id": 1},
    "role": {"role_id": 1},
    "role-delete": {"role_id": 1},
    "integration-apply": {"integration_id": 1},
    "integration-refresh": {"integration_id": 1},
    "integration-delete": {"integration_id": 1},
    "linkedin-user-delete": {"user_id": 1},
    "ad-account-delete": {"account_id": 1},
    "lead-edit": {"lead_id": 1},
    "lookup": {"code": "Event"},
    "lookup-change": {"code": "Event"},
    "lookup-value": {"code": "Event", "value_id": 1},
    "lead-column": {"code": "UsrX"},
    "lookup-values": {"code": "Event"},
    "mapping-change": {"integration_id": 1},
    "custom-mapping-change": {"integration_id": 1, "form_id": 1},
    "mapping-try": {"integration_id": 1},
    "custom-mapping-try": {"integration_id": 1, "form_id": 1},
    "mapping-versions": {"integration_id": 1},
    "custom-mapping-versions": {"integration_id": 1, "form_id": 1},
    "mapping-pick": {"integration_id": 1, "what": "columns"},
    "custom-mapping-pick": {"integration_id": 1, "form_id": 1, "what": "columns"},
}


def walk(patterns: list[Any]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns)
        else:
            yield pattern


ROUTES = list(walk(get_resolver().url_patterns))


def test_every_view_declares_its_permission() -> None:
    undeclared = [
        str(route.pattern) for route in ROUTES if access_of(route.callback) is None
    ]
    assert undeclared == []
    assert len(ROUTES) > 10


def address_of(route: URLPattern) -> str:
    if route.name is None:
        return "/"
    return reverse(route.name, kwargs=PARAMETERS.get(route.name, {}))


GUARDED = [route for route in ROUTES if access_of(route.callback) != PUBLIC]


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: str(route.pattern))
def test_whoever_is_not_signed_in_is_sent_to_sign_in(
    route: URLPattern, client: Client
) -> None:
    for method in ("get", "post"):
        answer = getattr(client, method)(address_of(route))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in")


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: str(route.pattern))
def test_whoever_lacks_the_permission_is_told(
    route: URLPattern, client: Client
) -> None:
    client.force_login(User.objects.create(username="nobody"))
    answer = client.get(address_of(route))
    if access_of(route.callback) == SIGNED_IN:
        assert answer.status_code in {200, 405}
    else:
        assert answer.status_code == 403
        assert b"Ask an administrator" in answer.content


def test_a_password_of_the_terminal_opens_nothing_else(client: Client) -> None:
    user = person("ada", accounts.ADMINISTRATORS)
    User.objects.update(must_change_password=True)
    client.force_login(user)
    for path in ("/leads/", "/notifications/", "/leads/held-back"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/change-password")
    assert client.get("/change-password").status_code == 200


def test_signing_in_never_leads_to_another_site(client: Client) -> None:
    user = person("ada", accounts.SALES)
    user.set_password("a-long-password")
    user.save()
    form = {"username": "ada", "password": "a-long-password"}
    answer = client.post("/sign-in", form | {"next": "https://evil.example.com/"})
    assert answer["Location"] == "/leads/"
    client.logout()
    answer = client.post("/sign-in", form | {"next": "/notifications/"})
    assert answer["Location"] == "/notifications/"


def test_a_wrong_password_says_what_helps(client: Client) -> None:
    answer = client.post("/sign-in", {"username": "ada", "password": "x"})
    assert answer.status_code == 422
    assert b"leadferry reset-password" in answer.content


def read_policy(header: str) -> dict[str, str]:
    rules = (rule.strip().partition(" ") for rule in header.split(";"))
    return {name: value for name, _blank, value in rules}


def test_no_page_may_run_a_script_of_its_own(client: Client) -> None:
    answer = client.get("/sign-in")
    policy = read_policy(answer["Content-Security-Policy"])
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    page = answer.content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<script>" not in page


def test_a_return_from_linkedin_that_nobody_asked_for(client: Client) -> None:
    answer = client.get("/linkedin/return?state=forged&code=x")
    assert answer.status_code == 401
    assert b"was not asked for" in answer.content
