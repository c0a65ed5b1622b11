"""A deleted integration is out of use at once, and then goes row by row."""

import pytest
from pytest_django.fixtures import Settings

from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.drain import drain
from leadferry.ingest.import_page import import_page
from leadferry.ingest.models import LeadFormResponse, Notice
from leadferry.ingest.tests.builders import make_response
from leadferry.integrations import clients, queries, services
from leadferry.integrations.models import (
    Integration,
    LeadForm,
    LinkedInUser,
    MappingVersion,
    RegistrationWindow,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_form,
    make_integration,
    make_user,
)
from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock
from leadferry.leads.models import CameBy, Lead, Registration
from leadferry.sync import backfill, polling, removal
from leadferry.sync import services as runs
from leadferry.sync.models import DayProof, Polling, ReplayBatch, Slice, SyncRun
from leadferry.sync.periods import Period
from leadferry.sync.tests.builders import previewed
from tests.support.sandbox import EMEA, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    return make_integration(make_user(sandbox.token(), age_s=3600))


def poll_now(integration: Integration) -> None:
    polling.look_for_new_integrations()
    Polling.objects.update(due_at=0, high_water=0)
    polling.poll(integration.pk)


@pytest.mark.req("R111")
def test_leads_and_ledger_stay_and_are_not_doubled_afterwards(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(count=5)
    poll_now(integration)
    ledger = list(Registration.objects.order_by("pk").values())
    leads = list(Lead.objects.order_by("pk").values())
    assert len(leads) == 5
    assert removal.delete_integration(integration, by=None)
    assert not removal.delete_integration(integration, by=None), "once"
    removal.remove_what_is_left()
    for gone in (
        Integration.everything, LeadForm.objects, MappingVersion.objects,
        RegistrationWindow.objects, Polling.objects,
    ):  # fmt: skip
        assert not gone.exists()
    assert list(Registration.objects.order_by("pk").values()) == ledger
    assert list(Lead.objects.order_by("pk").values()) == leads
    assert LeadFormResponse.objects.count() == 5
    again = services.create_integration(account=integration.ad_account)
    RegistrationWindow.objects.filter(integration=again).update(on_from=0)
    sandbox.submit()
    poll_now(again)
    assert Lead.objects.count() == 6


def test_from_the_click_on_nothing_is_registered(
    sandbox: Sandbox, integration: Integration
) -> None:
    form = make_form(integration)
    element = make_response(1)
    removal.delete_integration(integration, by=None)
    with pytest.raises(Fenced, match="deleted"):
        import_page(
            ResponsePage(
                integration=integration, elements=[element], came_by=CameBy.POLLING
            )
        )
    poll_now(integration)
    [number] = sandbox.submit()
    Notice.objects.create(
        response_id=number,
        action=Notice.Action.CREATED,
        occurred_at=clock.now_ms(),
        ad_account=EMEA,
        received_at=clock.now_ms(),
    )
    drain(EMEA)
    assert Notice.objects.get().state == Notice.State.NO_INTEGRATION
    assert not Lead.objects.exists()
    assert queries.integration_of(EMEA) is None
    assert LeadForm.objects.filter(pk=form.pk).exists(), "until a worker removes it"


def test_a_sync_at_work_ends_and_stores_nothing_more(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(count=3)
    today = runs.today()
    run = runs.start_sync(integration, period=Period(today, today), by=None)
    working = runs.CLAIMS.claim(run.pk, state=SyncRun.State.RUNNING)
    assert working is not None
    removal.delete_integration(integration, by=None)
    with pytest.raises(Fenced):
        backfill.work_on(working, clients.user_for(EMEA))
    removal.remove_what_is_left()
    with pytest.raises(Fenced):
        backfill.work_on(working, clients.user_for(EMEA))
    # A failure that is told late finds nothing to write to.
    runs._pause(working, LinkedInUser.objects.get(), Fenced("late"))
    assert runs.due_runs() == []
    assert not Lead.objects.exists()
    assert not SyncRun.objects.exists()


def test_many_rows_go_some_at_a_time_and_a_stopped_worker_is_relieved(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "_AT_ONCE", 2)
    run = SyncRun.objects.create(integration=integration, start=0, end=1)
    Slice.objects.bulk_create(Slice(run=run, start=0, end=0) for _ in range(5))
    previewed(make_form(integration))
    removal.delete_integration(integration, by=None)
    looks = iter([False, True])
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "stopping", lambda: next(looks, True))
        removal.remove_what_is_left()
    assert list(removal.being_deleted()) == [integration]
    removal.remove_what_is_left()
    assert not Slice.objects.exists()
    assert not ReplayBatch.objects.exists()
    assert not DayProof.objects.exists()
    assert not removal.being_deleted().exists()
