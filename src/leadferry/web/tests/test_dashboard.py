"""The dashboard counts leads, and each number leads to just those."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations.tests.builders import make_integration
from leadferry.kit import clock
from leadferry.leads import services
from leadferry.leads.models import ADS, CAMPAIGNS, Lead
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_form_value, make_response
from leadferry.sync.models import DayProof

pytestmark = pytest.mark.django_db(databases="__all__")
# A Wednesday.
NOW = datetime(2026, 10, 28, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: int(NOW.timestamp() * 1000))


@pytest.fixture
def sam(client: Client) -> Client:
    client.force_login(person("sam", accounts.SALES))
    return client


def bring(
    at: datetime,
    *,
    form: str = "Webinar",
    campaign: str = "",
    ad: str = "",
    is_test: bool = False,
) -> None:
    """A lead that was submitted then."""
    made = make_response(
        submitted_at=int(at.timestamp() * 1000), form=make_form_value(form)
    )
    origin = replace(
        made.origin,
        campaign=_value(CAMPAIGNS, campaign),
        creative=_value(ADS, ad),
    )
    register([replace(made, origin=origin, is_test=is_test)])


def _value(code: str, name: str) -> int | None:
    return services.ensure_lookup_values(code, {name: name})[name] if name else None


def page(client: Client, **asked: str) -> str:
    answer = client.get(reverse("dashboard"), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def linked(shown: str) -> Iterator[tuple[int, str]]:
    """Each number that leads to a list, and its address."""
    for href, number in re.findall(r'href="(/leads/\?[^"]+)">([\d,]+)</a>', shown):
        yield int(number.replace(",", "")), unescape(href)


def days_ago(days: int, hour: int = 12) -> datetime:
    return NOW.replace(hour=hour) - timedelta(days=days)


def fill() -> None:
    for days in (0, 0, 1, 2, 3, 8, 29, 30, 45, 89, 90):
        bring(days_ago(days), campaign="Autumn", ad="Blue")
    bring(days_ago(0), form="Demo", campaign="Autumn")
    bring(days_ago(4), form="Demo")
    bring(days_ago(4), form="Demo", is_test=True)
    bring(days_ago(20), form="Only tests", is_test=True)


@pytest.mark.parametrize("by", ["form", "campaign", "ad"])
def test_each_number_is_that_of_the_list_it_leads_to(sam: Client, by: str) -> None:
    fill()
    numbers = set(linked(page(sam, by=by, days="30")))
    assert len(numbers) > 12
    for number, address in numbers:
        listed = sam.get(address).content.decode()
        words = f"{number} lead" if number == 1 else f"{number} leads"
        assert f">{words}<" in listed, address


def test_what_is_missing_is_told_with_the_days_that_are_proven(mia: Client) -> None:
    fill()
    integration = make_integration()
    for days, state, missing in ((1, "proven", 0), (2, "gap", 4)):
        DayProof.objects.create(
            integration=integration, form_id=0, day=days_ago(days).date(),
            state=state, missing=missing, since=0, until=0, checked_at=0,
        )  # fmt: skip
    text = page(mia)
    assert "1 of 2 days proven" in text
    assert f'{reverse("completeness", args=[integration.pk])}">4</a>' in text


def test_the_sums_are_those_of_the_leads(sam: Client) -> None:
    fill()
    shown = sam.get(reverse("dashboard"), {"days": "30"}).context
    assert shown["total"].count == 9
    assert shown["tests"].count == 2
    assert [(row.name, row.leads.count, row.tests.count) for row in shown["rows"]] == [
        ("Webinar", 7, 0), ("Demo", 2, 1), ("Only tests", 0, 1),
    ]  # fmt: skip
    assert sum(row["leads"].count for row in shown["days"]) == 9
    chart = shown["chart"]
    assert [one["name"] for one in chart["series"]] == ["Webinar", "Demo"]
    assert [sum(one["values"]) for one in chart["series"]] == [7, 2]
    today, week, period = shown["figures"]
    assert (today.now.count, today.then.count) == (3, 1)
    # Since Monday; of the week before, the test of four days ago counts nowhere.
    assert (week.now.count, week.then.count) == (5, 3)
    assert (period.now.count, period.then.count, period.change) == (9, 2, "+350\u00a0%")


def test_a_day_is_one_of_the_instance_and_has_23_hours_in_spring(
    sam: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    system_settings.write(system_settings.TIME_ZONE, "Europe/Berlin", by=None)
    berlin = ZoneInfo("Europe/Berlin")
    midnight = datetime(2026, 3, 29, tzinfo=berlin)
    next_midnight = datetime(2026, 3, 30, tzinfo=berlin)
    millisecond = timedelta(milliseconds=1)
    utc = [one.astimezone(UTC) for one in (midnight, next_midnight)]
    for at in (utc[0] - millisecond, utc[0], utc[1] - millisecond, utc[1]):
        bring(at)
    asked = {"first": "2026-03-28", "last": "2026-03-30"}
    shown = sam.get(reverse("dashboard"), asked).context
    counted = {row["day"]: row["leads"].count for row in shown["days"]}
    assert counted == {
        date(2026, 3, 28): 1, date(2026, 3, 29): 2, date(2026, 3, 30): 1,
    }  # fmt: skip
    for number, address in linked(page(sam, **asked)):
        assert f">{number} lead" in sam.get(address).content.decode()


def test_many_values_are_drawn_together_and_none_is_lost(sam: Client) -> None:
    for number in range(12):
        for _again in range(number + 1):
            bring(days_ago(1), form=f"Form {number:02}")
    shown = sam.get(reverse("dashboard")).context
    series = shown["chart"]["series"]
    assert [one["name"] for one in series[:2]] == ["Form 11", "Form 10"]
    assert (len(series), series[-1]["name"]) == (8, "Others")
    assert sum(sum(one["values"]) for one in series) == shown["total"].count == 78
    assert Lead.objects.count() == 78


def test_without_a_lead_it_says_what_to_do_next(sam: Client, client: Client) -> None:
    assert "Ask somebody who manages integrations" in page(sam)
    bring(days_ago(80))
    assert "No lead in this period" in page(sam, days="7")
    client.force_login(person("mia", accounts.MARKETERS))
    Lead.objects.all().delete()
    assert reverse("first-steps") in page(client)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-10-02", "2026-10-01", "The first day comes after the last"),
        ("2026-01-01", "2026-10-01", "At most 92 days"),
        ("", "2026-10-01", "This field is required"),
        ("never", "2026-10-01", "Enter a valid date"),
    ],
)
def test_a_period_that_cannot_be_is_told(
    sam: Client, first: str, last: str, said: str
) -> None:
    bring(days_ago(1))
    assert said in page(sam, first=first, last=last)


def test_the_list_keeps_its_further_filters_open(sam: Client) -> None:
    bring(days_ago(1))
    bring(days_ago(1), is_test=True)
    plain = sam.get("/leads/").content.decode()
    assert '<details class="more-filters">' in plain
    only = sam.get("/leads/?test=1").content.decode()
    assert '<details class="more-filters" open>' in only
    assert ">1 lead<" in only
    since = (NOW - timedelta(days=1)).date().isoformat()
    assert ">2 leads<" in sam.get(f"/leads/?first={since}").content.decode()
    assert "No lead matches" in sam.get("/leads/?last=2026-01-01").content.decode()
