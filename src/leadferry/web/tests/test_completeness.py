"""The pages of completeness."""

import csv
import io
from datetime import date, timedelta
from typing import cast

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from leadferry.alerts import services as alerts
from leadferry.integrations import clients, forms
from leadferry.integrations.models import Integration, RegistrationWindow
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.leads.models import LookupValue
from leadferry.sync import checks, services
from leadferry.sync.models import DayProof, SyncRun
from leadferry.sync.periods import Period
from tests.support.sandbox import DEMO, EMEA, WEBINAR, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")
DAY_MS = 86_400_000


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    made = make_integration(make_user(sandbox.token(), age_s=3600))
    with clients.client_of(clients.user_for(EMEA)) as client:
        forms.read_forms(made.ad_account, client=client)
    return made


def days_ago(number: int) -> date:
    return checks.today() - timedelta(days=number)


def within(number: int) -> dict[str, int]:
    start = (clock.now_ms() // DAY_MS - number) * DAY_MS
    return {"start": start + 1000, "end": start + DAY_MS - 1000}


def work() -> None:
    for run in SyncRun.objects.filter(due_at__isnull=False):
        services.take_up(run.pk)


def day_address(integration: Integration, number: int) -> str:
    return reverse("completeness-day", args=[integration.pk, days_ago(number)])


def test_before_any_check_the_page_says_what_to_do(
    mia: Client, integration: Integration
) -> None:
    page = mia.get(reverse("integration", args=[integration.pk])).content.decode()
    address = reverse("completeness", args=[integration.pk])
    assert address in page
    page = mia.get(address).content.decode()
    assert "Nothing was checked yet" in page
    assert "Check now" in page
    page = mia.get(day_address(integration, 1)).content.decode()
    assert "This day was not checked yet" in page


@pytest.mark.req("B1")
def test_a_gap_is_seen_from_the_calendar_to_the_id(
    mia: Client, sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(WEBINAR, count=4, submitted_at=within(2))
    run = services.start_sync(
        integration, period=Period(days_ago(2), days_ago(2)), by=None
    )
    services.take_up(run.pk)
    missing = sandbox.submit(DEMO, count=3, submitted_at=within(2))
    check = reverse("completeness-check", args=[integration.pk])
    answer = mia.post(check, {"days": "week"}, follow=True)
    assert "LinkedIn is asked for" in answer.content.decode()
    work()

    page = mia.get(reverse("completeness", args=[integration.pk])).content.decode()
    assert "3 leads are missing" in page
    assert "1 has a gap" in page
    assert day_address(integration, 2) in page

    page = mia.get(day_address(integration, 2)).content.decode()
    assert "7 submissions at LinkedIn" in page
    named = {"bucket": "missing", "form": DEMO}
    page = mia.get(day_address(integration, 2), named).content.decode()
    assert all(one in page for one in missing)
    named = {"bucket": "registered", "form": WEBINAR}
    page = mia.get(day_address(integration, 2), named).content.decode()
    assert page.count("/leads/") >= 4
    empty = mia.get(day_address(integration, 1)).content.decode()
    assert "LinkedIn has no submission of this day" in empty


def test_a_message_of_a_gap_leads_to_the_page(
    mia: Client, integration: Integration
) -> None:
    alerts.tell(topic=f"gap-{integration.pk}", title="Leads were missing", text="Two.")
    page = mia.get(reverse("notifications")).content.decode()
    assert reverse("completeness", args=[integration.pk]) in page


def test_what_was_off_offers_the_sync(
    mia: Client, sandbox: Sandbox, integration: Integration
) -> None:
    RegistrationWindow.objects.update(on_from=clock.now_ms())
    (early,) = sandbox.submit(WEBINAR, submitted_at=within(2))
    mia.post(
        reverse("completeness-check", args=[integration.pk]),
        {"days": str(days_ago(2)), "form": WEBINAR},
    )
    work()
    page = mia.get(day_address(integration, 2), {"bucket": "before_setup"})
    text = page.content.decode()
    assert early in text
    assert reverse("sync", args=[integration.pk]) in text


def test_leads_of_a_day_come_in_pages(
    mia: Client, sandbox: Sandbox, integration: Integration
) -> None:
    at = within(2)["start"]
    # Many within one millisecond: the place in the list is more than a time.
    ids = sandbox.submit(WEBINAR, count=230, submitted_at=at)
    run = services.start_sync(
        integration, period=Period(days_ago(2), days_ago(2)), by=None
    )
    services.take_up(run.pk)
    checks.start_check(integration, first=days_ago(2), last=days_ago(2), by=None)
    work()
    found: list[str] = []
    address = f"{day_address(integration, 2)}?bucket=registered"
    while address:
        context = mia.get(address).context
        found += [one.response_id for one in context["named"]]
        rest = context["rest"]
        address = rest and (
            f"{day_address(integration, 2)}?bucket=registered"
            f"&before={rest[0]}-{rest[1]}"
        )
    assert sorted(found) == sorted(ids)


def test_csv_and_certificate_tell_the_same(
    mia: Client, sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(WEBINAR, count=5, submitted_at=within(2))
    sandbox.submit(DEMO, count=2, submitted_at=within(2))
    checks.start_check(integration, first=days_ago(3), last=days_ago(1), by=None)
    work()
    answer = cast(
        "StreamingHttpResponse",
        mia.get(reverse("completeness-csv", args=[integration.pk])),
    )
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    mine = [row for row in rows if row["day"] == str(days_ago(2))]
    totals = {row["form id"]: row["total"] for row in mine}
    assert totals == {"": "7", WEBINAR: "5", DEMO: "2"}
    month = days_ago(2).strftime("%Y-%m")
    page = mia.get(
        reverse("completeness-certificate", args=[integration.pk, month])
    ).content.decode()
    proof = DayProof.objects.get(day=days_ago(2), form_id=0)
    assert proof.digest in page
    assert "Print" in page
    address = reverse("completeness-certificate", args=[integration.pk, "2999-01"])
    assert mia.get(address).status_code == 404


def test_a_name_is_no_formula(mia: Client, integration: Integration) -> None:
    LookupValue.objects.filter(social_id=WEBINAR).update(name="-1+cmd|' /C calc'!A0")
    DayProof.objects.create(
        integration=integration, form_id=int(WEBINAR), day=days_ago(1),
        state=DayProof.State.PROVEN, since=0, until=0, checked_at=0,
    )  # fmt: skip
    answer = cast(
        "StreamingHttpResponse",
        mia.get(reverse("completeness-csv", args=[integration.pk])),
    )
    assert ",'-1+cmd|" in answer.getvalue().decode()


def test_what_is_no_day_is_not_there(mia: Client, integration: Integration) -> None:
    address = reverse("completeness-day", args=[integration.pk, "yesterday"])
    assert mia.get(address).status_code == 404
    check = reverse("completeness-check", args=[integration.pk])
    assert mia.post(check, {"days": "all of them"}).status_code == 404
    refused = mia.post(check, {"days": str(days_ago(400))}, follow=True)
    assert "the earliest day is" in refused.content.decode()
