"""A run whose pages meet the end of the API version goes on in another one."""

import pytest

from leadferry.accounts import services as accounts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import api_versions
from leadferry.integrations.models import Integration, LinkedInApplication
from leadferry.leads.models import LEADGEN_LOOKUPS, Lead, Lookup
from leadferry.sync.models import Slice, SyncRun
from leadferry.sync.services import start_sync, take_up
from leadferry.sync.tests.test_backfill import go_on, spread, the_last_days
from tests.support.sandbox import Sandbox


@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.parametrize(
    "expected", [pytest.param(300, id="in lanes"), pytest.param(None, id="apart")]
)
def test_a_run_goes_on_in_the_version_that_took_over(
    sandbox: Sandbox, integration: Integration, expected: int | None
) -> None:
    person("mia", accounts.MARKETERS)
    # A test before this one may have emptied the database.
    for code in LEADGEN_LOOKUPS:
        Lookup.objects.get_or_create(code=code, defaults={"name": code})
    sandbox.submit(count=300, submitted_at=spread())
    run = start_sync(integration, period=the_last_days(), by=None)
    # It was begun before LinkedIn ended the version: what is left are pages.
    Slice.objects.create(run=run, start=run.start, end=run.end)
    SyncRun.objects.filter(pk=run.pk).update(is_cut=True, expected=expected)
    sandbox.switch(versions="202608")
    take_up(run.pk)
    run.refresh_from_db()
    # Who reads apart knows no database: the run itself takes the next version up.
    assert run.state == (SyncRun.State.DONE if expected else SyncRun.State.PAUSED)
    if run.state == SyncRun.State.PAUSED:
        run = go_on(run)
    assert run.state == SyncRun.State.DONE
    assert Lead.objects.count() == 300
    assert LinkedInApplication.objects.get().api_version == "202608"
    assert [row.topic for row in SystemMessage.objects.all()] == [api_versions.TOPIC]
