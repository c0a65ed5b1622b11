"""Whoever asked for long work, and closed the page, is told of its end."""

from datetime import timedelta

import pytest
from django.db.models import F

from leadferry.accounts import services as accounts
from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person as alerted
from leadferry.ingest.tests.conftest import _nothing_compiled
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit import clock
from leadferry.sync import replay, services
from leadferry.sync.models import ReplayBatch, SyncRun
from leadferry.sync.periods import Period
from leadferry.sync.tests.builders import (
    CONTACT,
    COUNTRY,
    MACRO,
    applied,
    previewed,
    settle,
    submit,
    use,
    worked_on,
)
from tests.support.sandbox import Sandbox

__all__ = ["_nothing_compiled"]
pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("R050")]


@pytest.fixture
def mia() -> User:
    return alerted("mia", accounts.MARKETERS)


@pytest.fixture
def form(mia: User) -> LeadForm:
    """Two leads, which another mapping would change."""
    form = make_form(make_integration())
    use(form, CONTACT, MACRO)
    submit(form, 1, 2)
    settle("Deutschland", "Germany", mia)
    use(form, CONTACT, COUNTRY, MACRO)
    return form


def told() -> list[tuple[str, str]]:
    """Title and text of the messages so far, which then are gone."""
    found = list(SystemMessage.objects.values_list("title", "text"))
    SystemMessage.objects.all().delete()
    return [(title, text.split(": ", 1)[1]) for title, text in found]


def began_long_ago(field: str) -> None:
    ReplayBatch.objects.update(**{field: F(field) - timedelta(minutes=2)})


def test_a_replay_that_took_moments_tells_nobody(form: LeadForm) -> None:
    applied(previewed(form))
    assert told() == []


def test_each_step_of_a_long_replay_is_told(form: LeadForm) -> None:
    batch = previewed(form, take_up=False)
    began_long_ago("created_at")
    worked_on(batch)
    text = "leads that differ: 2. Nothing is written yet."
    assert told() == [("A replay is previewed", text)]
    replay.apply(batch, by=None)
    began_long_ago("applied_at")
    worked_on(batch)
    text = "leads written: 2, values left alone: 0."
    assert told() == [("A replay is applied", text)]
    replay.undo(batch, by=None)
    began_long_ago("undone_at")
    worked_on(batch)
    text = "leads taken back: 2, values left alone: 0."
    assert told() == [("A replay is undone", text)]


@pytest.mark.usefixtures("mia")
def test_a_long_sync_is_told(sandbox: Sandbox, integration: Integration) -> None:
    sandbox.submit(count=3)
    today = clock.now().date()
    period = Period(today - timedelta(days=1), today)
    run = services.start_sync(integration, period=period, by=None)
    SyncRun.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    services.take_up(run.pk)
    text = "3 leads read, 3 registered, 0 held back."
    assert told() == [("A sync is done", text)]
