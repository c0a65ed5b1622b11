"""The page of times, the way of one lead, and what monitoring reads."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from leadferry.accounts import settings as system_settings
from leadferry.ingest import latency, latency_queries
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import import_page
from leadferry.ingest.models import HeldBack, Notice, StageTimes
from leadferry.ingest.stages import OURS, Stage
from leadferry.ingest.tasks import count_times
from leadferry.ingest.tests.builders import make_response
from leadferry.integrations import calls
from leadferry.integrations.tests.builders import (
    make_form,
    make_integration,
    make_user,
)
from leadferry.jobs import slots
from leadferry.jobs.models import Worker
from leadferry.kit import clock
from leadferry.kit.histogram import BOUNDS
from leadferry.leads.models import CameBy, Lead
from leadferry.web import metrics

pytestmark = pytest.mark.django_db(databases="__all__")
ADDRESS = "/dashboard/latency/"
TOKEN = "a-token-of-monitoring"
DAY_MS = 86_400_000


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> int:
    """The time, standing still in the middle of an hour."""
    held = clock.now_ms() // latency.HOUR_MS * latency.HOUR_MS + latency.HOUR_MS // 2
    monkeypatch.setattr(clock, "now_ms", lambda: held)
    return held


def bring(*ours: int, now: int, came_by: CameBy = CameBy.NOTICE) -> None:
    """Leads registered now, each so many ms after its notice, 2 s after submission."""
    integration = make_integration()
    make_form(integration)
    elements = []
    for number, milliseconds in enumerate(ours, start=1):
        told = now - milliseconds
        elements.append(make_response(number, submittedAt=told - 2_000))
        if came_by is CameBy.NOTICE:
            Notice.objects.create(
                response_id=f"lead-{number}",
                action=Notice.Action.CREATED,
                occurred_at=told - 1,
                received_at=told,
            )
    page = ResponsePage(integration=integration, elements=elements, came_by=came_by)
    import_page(page)
    count_times()


def read(client: Client, address: str = ADDRESS) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.req("B6")
def test_the_page_says_what_is_left_of_the_budget(mia: Client, now: int) -> None:
    bring(*[300] * 195, *[9_999] * 4, 60_000, now=now)
    page = read(mia)
    assert "199 of 200 leads were." in page
    assert "The target allows 2 to be slow; slow were 1." in page
    assert "1 left of the error budget." in page
    system_settings.write(system_settings.LATENCY_TARGET_SECONDS, "5", by=None)
    page = read(mia)
    assert "The error budget is spent: 3 too many." in page
    assert "within 5 s" in page


def test_a_target_within_a_step_is_counted_from_below(now: int) -> None:
    bring(13_000, 14_000, 14_500, now=now)
    system_settings.write(system_settings.LATENCY_TARGET_SECONDS, "15", by=None)
    found = latency_queries.budget()
    assert (found.leads, found.slow, found.counted_ms) == (3, 1, 14_000)


@pytest.mark.req("B6")
def test_linkedins_part_stands_apart_from_ours(mia: Client, now: int) -> None:
    bring(300, 300, 300, now=now)
    report = latency_queries.report(latency_queries.Period.DAY)
    assert report.whole[OURS].p99 == pytest.approx(300, rel=0.1)
    linkedins = report.whole[Stage.SUBMITTED_NOTIFIED]
    assert linkedins.p50 == pytest.approx(2_000, rel=0.1)
    page = read(mia)
    assert 'data-chart="ours"' in page
    assert 'data-chart="linkedins"' in page


def test_polled_leads_have_no_part_of_linkedin(mia: Client, now: int) -> None:
    bring(300, now=now, came_by=CameBy.POLLING)
    page = read(mia)
    assert "Unknown for leads that came by polling." in page
    assert 'data-chart="linkedins"' not in page
    assert "By polling: submitted → registered" in page


@pytest.mark.parametrize("period", ["24h", "7d", "30d", "x"])
@pytest.mark.parametrize("form", ["", "1", "2", "x", "9" * 40])
def test_every_period_and_form_can_be_asked_for(
    mia: Client, now: int, period: str, form: str
) -> None:
    bring(300, now=now)
    page = read(mia, f"{ADDRESS}?period={period}&form={form}")
    assert ("No new lead in this period" in page) == (form == "2")


def test_a_day_ago_is_in_the_week_and_not_in_the_day(
    now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(300, now=now)
    for days, shown in ((0, 3), (1, 2), (6, 2), (7, 1), (29, 1), (30, 0)):
        monkeypatch.setattr(clock, "now_ms", lambda days=days: now + days * DAY_MS)
        reports = [latency_queries.report(period) for period in latency_queries.Period]
        assert sum(bool(report.whole) for report in reports) == shown
        assert all(bool(one.whole) == bool(one.forms) for one in reports)
        assert latency_queries.budget().leads == (1 if days < 30 else 0)


def test_without_any_lead_the_page_says_what_to_do(mia: Client) -> None:
    page = read(mia)
    assert "No new lead in this period" in page
    assert "nothing of the error budget is used" in page


def test_a_lead_shows_its_way(mia: Client, now: int) -> None:
    bring(300, now=now)
    page = read(mia, reverse("lead", args=[Lead.objects.get().pk]))
    assert "<dt>Came by</dt><dd>LinkedIn" in page
    assert "2.0 s later" in page
    assert "300 ms later" in page


def test_a_synced_lead_had_no_notice(mia: Client, now: int) -> None:
    bring(300, now=now, came_by=CameBy.SYNC)
    page = read(mia, reverse("lead", args=[Lead.objects.get().pk]))
    assert "a sync of earlier leads" in page
    assert "no notice before it was registered" in page


def scrape(client: Client) -> dict[str, Metric]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.content.decode())
    return {family.name: family for family in families}


def values(family: Metric) -> Iterator[tuple[str, float]]:
    for sample in family.samples:
        yield "/".join(sample.labels.values()), sample.value


@pytest.mark.req("B6")
def test_monitoring_reads_what_the_tables_hold(
    client: Client, now: int, settings: Settings
) -> None:
    settings.METRICS_TOKEN = TOKEN
    bring(300, 11_000, now=now)
    user = make_user("t")
    calls.note_calls(user, {calls.RESPONSES: 7})
    system_settings.write(system_settings.CALLS_PER_DAY, "500", by=None)
    Worker.objects.create(slot="here-1", host="here", pid=1)
    slots.beat(slot="here-1", epoch=1)
    HeldBack.objects.create(response_id="x", ad_account=1, reason="form")
    Notice.objects.create(response_id="y", action=1, received_at=now - 5_000)
    found = scrape(client)
    within = {
        sample.labels["le"]: sample.value
        for sample in found["leadferry_stage_seconds"].samples
        if sample.labels["stage"] == "notified_registered" and "le" in sample.labels
    }
    assert (within["0.2"], within["0.5"], within["10.0"]) == (0, 1, 1)
    assert (within["20.0"], within["+Inf"]) == (2, 2)
    sums = {
        sample.labels["stage"]: sample.value
        for sample in found["leadferry_stage_seconds"].samples
        if sample.name.endswith("_sum")
    }
    assert sums["notified_registered"] == pytest.approx(11.3)
    single = {
        name: dict(values(family))
        for name, family in found.items()
        if name != "leadferry_stage_seconds"
    }
    # The notices of this test's leads were never worked off.
    assert single["leadferry_notices_waiting"] == {"": 3}
    assert single["leadferry_notice_oldest_seconds"] == {"": 11}
    assert single["leadferry_held_back"] == {"": 1}
    assert single["leadferry_sync_runs_open"] == {"": 0}
    assert single["leadferry_worker_heartbeat_age_seconds"] == {"here-1": 0}
    assert single["leadferry_linkedin_calls_today"] == {calls.RESPONSES: 7}
    assert single["leadferry_linkedin_calls_limit"] == {"": 500}
    left = single["leadferry_linkedin_token_days_left"]
    assert left == {str(user.pk): pytest.approx(60, abs=0.01)}
    assert set(single["leadferry_door_answers_last_hour"]) == {
        "bad signature", "too large", "challenge",
    }  # fmt: skip


@pytest.mark.req("B6")
def test_nobody_reads_metrics_without_the_token(
    client: Client, settings: Settings
) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for shown in (
        "",
        TOKEN,
        f"Bearer {TOKEN}x",
        "Bearer ",
        f"Basic {TOKEN}",
        "Bearer é",
    ):
        answer = client.get("/metrics", headers={"Authorization": shown})
        assert answer.status_code == 401
        assert b"leadferry_" not in answer.content
    assert client.post("/metrics").status_code == 405


def test_metrics_name_nobody(client: Client, now: int, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    bring(300, now=now)
    user = make_user("t")
    user.email = "ada@example.com"
    user.save()
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    text = answer.content.decode()
    for word in ("Ada", "example.com", "lead-1", Lead.objects.get().contact):
        assert word not in text


def test_a_scrape_looks_at_no_lead(
    client: Client, now: int, settings: Settings
) -> None:
    settings.METRICS_TOKEN = TOKEN
    bring(300, now=now)
    with CaptureQueriesContext(connection) as captured:
        scrape(client)
    asked = " ".join(query["sql"] for query in captured.captured_queries)
    assert "ingest_stagetotals" in asked
    assert "leads_" not in asked
    assert "ingest_leadformresponse" not in asked


def test_counts_of_metrics_are_exact() -> None:
    assert {round(limit * 1000) for limit in metrics._LIMITS} <= set(BOUNDS)


def test_rows_hold_counts_and_nothing_else(now: int) -> None:
    bring(300, now=now)
    for row in StageTimes.objects.all():
        assert set(row.counts) <= {str(stage.value) for stage in Stage}
        assert "lead-1" not in str(row.counts)
