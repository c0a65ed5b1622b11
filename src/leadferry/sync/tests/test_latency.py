"""Leads of polling are timed, those of runs are not."""

from datetime import timedelta

import pytest

from leadferry.ingest.latency import read_counts
from leadferry.ingest.models import StageTotals, TimesPending
from leadferry.ingest.stages import Stage
from leadferry.ingest.tasks import count_times
from leadferry.integrations.models import Integration
from leadferry.kit import clock
from leadferry.leads.models import CameBy, ExtendedLeadInformation
from leadferry.sync import polling
from leadferry.sync import services as runs
from leadferry.sync.models import Polling
from leadferry.sync.periods import Period
from tests.support.sandbox import WEBINAR, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")


def came_by() -> list[int | None]:
    rows = ExtendedLeadInformation.objects.order_by("lead")
    return list(rows.values_list("came_by", flat=True))


@pytest.mark.req("B6")
def test_a_polled_lead_is_timed_by_polling_alone(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(count=2)
    polling.look_for_new_integrations()
    Polling.objects.update(due_at=0)
    polling.poll(integration.pk)
    assert came_by() == [CameBy.POLLING] * 2
    count_times()
    stages = read_counts(StageTotals.objects.get(form_id=int(WEBINAR)).counts)
    assert set(stages) == {Stage.POLLED, Stage.STORED_REGISTERED}
    assert stages[Stage.POLLED].count == 2


@pytest.mark.req("B6")
@pytest.mark.parametrize("is_asked", [True, False])
def test_a_run_is_a_sync_or_mends_a_gap_and_is_not_timed(
    sandbox: Sandbox, integration: Integration, *, is_asked: bool
) -> None:
    now = clock.now_ms()
    sandbox.submit(count=2, submitted_at=now - 60_000)
    if is_asked:
        period = Period(runs.today() - timedelta(days=1), runs.today())
        run = runs.start_sync(integration, period=period, by=None)
    else:
        run = runs.start_gap(integration, start=now - 120_000, end=now)
    runs.take_up(run.pk)
    assert came_by() == [CameBy.SYNC if is_asked else CameBy.MENDING] * 2
    assert not TimesPending.objects.exists()
