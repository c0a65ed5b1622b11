"""How long leads take, from a real drain to the counts, by a clock in our hand."""

import random
import threading
from math import ceil

import pytest
from django.db import connections, transaction
from pytest_django.fixtures import Settings

from leadferry.ingest import inbox, latency
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.drain import drain
from leadferry.ingest.import_page import import_page
from leadferry.ingest.models import (
    HeldBack,
    Notice,
    StageTimes,
    StageTotals,
    TimesPending,
)
from leadferry.ingest.stages import LINKEDINS, OURS, Moment, Stage, durations
from leadferry.ingest.tasks import count_times
from leadferry.ingest.tests.builders import make_response
from leadferry.ingest.whereabouts import ask_for
from leadferry.integrations.models import Integration
from leadferry.integrations.tests.builders import (
    make_application,
    make_form,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.leads.models import (
    LEAD_FORMS,
    CameBy,
    ExtendedLeadInformation,
    Lead,
    Lookup,
)
from tests.support.sandbox import DEMO, EMEA, WEBINAR, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")
HOUR_MS = 3_600_000


class HeldClock:
    """The shared clock, standing still until it is set."""

    def __init__(self) -> None:
        self.now = clock.now_ms() // HOUR_MS * HOUR_MS


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldClock:
    made = HeldClock()
    monkeypatch.setattr(clock, "now_ms", lambda: made.now)
    return made


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox, held: HeldClock) -> Integration:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    made = make_integration(make_user(sandbox.token(), age_s=3600))
    assert held.now == clock.now_ms()
    return made


def committed() -> Integration:
    """An integration with a form, in a test with real commits."""
    # Such tests leave empty tables behind, without the migrations' rows.
    Lookup.objects.get_or_create(code=LEAD_FORMS)
    made = make_integration()
    make_form(made)
    return made


def announce(response_id: str) -> None:
    Notice.objects.create(
        response_id=response_id,
        action=Notice.Action.CREATED,
        occurred_at=clock.now_ms() - 1,
        ad_account=EMEA,
        received_at=clock.now_ms(),
    )


def bring(
    sandbox: Sandbox, held: HeldClock, *, linkedins: int, ours: int, form: str = WEBINAR
) -> None:
    """One lead from its submission to its registration."""
    [response_id] = sandbox.submit(form, submitted_at=held.now)
    held.now += linkedins
    announce(response_id)
    held.now += ours
    drain(EMEA)


def stages_of(form_id: int = latency.ALL_FORMS) -> latency.Stages:
    found: latency.Stages = {}
    for row in StageTimes.objects.filter(hours=latency.HOUR, form_id=form_id):
        latency.merge_stages(found, latency.read_counts(row.counts))
    return found


def timed() -> int:
    return sum(
        stages[stage].count
        for row in StageTotals.objects.all()
        for stages in [latency.read_counts(row.counts)]
        for stage in (Stage.SUBMITTED_REGISTERED, Stage.POLLED)
        if stage in stages
    )


@pytest.mark.req("B6")
@pytest.mark.usefixtures("integration")
def test_percentiles_of_drained_leads_are_right_within_a_tenth(
    sandbox: Sandbox, held: HeldClock
) -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    taken = [
        (int(dice.lognormvariate(8, 1)), int(dice.lognormvariate(6, 1.5)))
        for _lead in range(40)
    ]
    for linkedins, ours in taken:
        bring(sandbox, held, linkedins=linkedins, ours=ours)
    count_times()
    stages = stages_of()
    for stage, place in ((LINKEDINS, 0), (OURS, 1)):
        exact = sorted(times[place] for times in taken)
        for share in (0.5, 0.95, 0.99):
            right = exact[ceil(share * len(exact)) - 1]
            assert stages[stage].quantile(share) == pytest.approx(right, rel=0.1)
    assert stages[OURS].total_ms == sum(ours for _linkedins, ours in taken)
    assert stages == stages_of(int(WEBINAR))


@pytest.mark.req("B6")
@pytest.mark.usefixtures("integration")
def test_each_lead_counts_for_its_form_in_the_hour_of_its_registration(
    sandbox: Sandbox, held: HeldClock
) -> None:
    hour = held.now // HOUR_MS
    bring(sandbox, held, linkedins=1_000, ours=200)
    bring(sandbox, held, linkedins=1_000, ours=2 * HOUR_MS, form=DEMO)
    count_times()
    rows = StageTimes.objects.filter(hours=latency.HOUR).exclude(form_id=0)
    found = {
        (row.form_id, row.hour): latency.read_counts(row.counts)[OURS].total_ms
        for row in rows
    }
    assert found == {
        (int(WEBINAR), hour): 200,
        (int(DEMO), hour + 2): 2 * HOUR_MS,
    }
    days = StageTimes.objects.filter(hours=latency.DAY)
    assert {row.hour % latency.DAY for row in days} == {0}
    assert timed() == 2


@pytest.mark.usefixtures("integration")
def test_what_fails_on_the_way_leaves_no_half_count(
    sandbox: Sandbox, held: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _lead in range(3):
        bring(sandbox, held, linkedins=10, ours=20)
    with monkeypatch.context() as patch:
        patch.setattr(latency, "_merge_into_totals", lambda _found: 1 / 0)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            latency.count_pending()
    assert TimesPending.objects.count() == 3
    assert not StageTimes.objects.exists()
    count_times()
    count_times()
    assert timed() == 3
    assert stages_of()[OURS].count == 3


@pytest.mark.req("B6")
@pytest.mark.parametrize(
    ("came_by", "is_timed"),
    [
        (CameBy.NOTICE, True),
        (CameBy.POLLING, True),
        (CameBy.SYNC, False),
        (CameBy.MENDING, False),
        (None, False),
    ],
)
def test_only_what_came_by_notice_or_polling_is_timed(
    came_by: CameBy | None, *, is_timed: bool
) -> None:
    integration = make_integration()
    make_form(integration)
    elements = [make_response(1), make_response(2, testLead=True), make_response(1)]
    for _again in range(2):
        import_page(
            ResponsePage(integration=integration, elements=elements, came_by=came_by)
        )
    assert Lead.objects.count() == 2
    told = set(ExtendedLeadInformation.objects.values_list("came_by", flat=True))
    assert told == {came_by}
    # Once, and the test lead not at all.
    assert TimesPending.objects.count() == (1 if is_timed else 0)
    count_times()
    assert timed() == (1 if is_timed else 0)


@pytest.mark.req("B6")
@pytest.mark.parametrize("is_announced", [True, False])
def test_of_a_polled_lead_linkedins_part_is_unknown_unless_it_had_told(
    held: HeldClock, *, is_announced: bool
) -> None:
    integration = make_integration()
    make_form(integration)
    if is_announced:
        announce("lead-1")
    held.now += 9_000
    page = ResponsePage(
        integration=integration,
        elements=[make_response(1, submittedAt=held.now - 60_000)],
        came_by=CameBy.POLLING,
    )
    import_page(page)
    held.now += 1_000
    # Too late to say that anybody waited for us.
    announce("lead-1")
    count_times()
    stages = stages_of()
    assert stages[Stage.POLLED].total_ms == 60_000
    assert (OURS in stages, LINKEDINS in stages) == (is_announced, is_announced)
    if is_announced:
        assert stages[OURS].total_ms == 9_000


def test_what_a_person_asked_for_is_mended_and_not_timed(
    integration: Integration, sandbox: Sandbox
) -> None:
    [response_id] = sandbox.submit(submitted_at=clock.now_ms() - HOUR_MS)
    ask_for(integration, response_id)
    drain(EMEA)
    assert ExtendedLeadInformation.objects.get().came_by == CameBy.MENDING
    assert not TimesPending.objects.exists()


@pytest.mark.usefixtures("integration")
def test_asking_anew_keeps_when_the_notice_came(
    sandbox: Sandbox, held: HeldClock
) -> None:
    [response_id] = sandbox.submit(submitted_at=held.now)
    announce(response_id)
    came = held.now
    held.now += 2 * inbox.GIVE_UP_MS
    inbox.reopen([HeldBack(response_id=response_id, ad_account=EMEA)])
    notice = Notice.objects.get()
    assert (notice.received_at, notice.reopened_at) == (came, held.now)
    # And it has a day from now.
    claimed = inbox.claim(ad_account=EMEA, worker="w:1", count=1)
    assert inbox.put_off(claimed, reason="x") == []


def test_a_lead_deleted_before_it_was_counted_is_passed_over() -> None:
    integration = make_integration()
    make_form(integration)
    page = ResponsePage(
        integration=integration,
        elements=[make_response(1), make_response(2)],
        came_by=CameBy.NOTICE,
    )
    import_page(page)
    Lead.objects.earliest("pk").delete()
    count_times()
    assert timed() == 1
    assert not TimesPending.objects.exists()


def test_clocks_that_differ_never_give_less_than_nothing() -> None:
    moments = {
        Moment.SUBMITTED: 5_000,
        Moment.NOTIFIED: 4_900,
        Moment.STORED: 5_100,
        Moment.REGISTERED: 5_101,
    }
    assert durations(moments, CameBy.NOTICE) == {
        Stage.SUBMITTED_NOTIFIED: 0,
        Stage.NOTIFIED_STORED: 200,
        Stage.STORED_REGISTERED: 1,
        Stage.NOTIFIED_REGISTERED: 201,
        Stage.SUBMITTED_REGISTERED: 101,
    }


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_lead_committed_after_higher_ids_were_counted_is_counted_too() -> None:
    integration = committed()

    def bring_one(number: int) -> None:
        page = ResponsePage(
            integration=integration,
            elements=[make_response(number)],
            came_by=CameBy.NOTICE,
        )
        import_page(page)

    bring_one(1)
    if connections["default"].vendor == "postgresql":
        # Its id is taken first, and its commit comes last.
        taken, counted = threading.Event(), threading.Event()

        def slow() -> None:
            with transaction.atomic():
                bring_one(2)
                taken.set()
                assert counted.wait(timeout=20)
            connections.close_all()

        thread = threading.Thread(target=slow)
        thread.start()
        assert taken.wait(timeout=20)
        bring_one(3)
        count_times()
        assert timed() == 2
        counted.set()
        thread.join()
    else:
        bring_one(2)
        bring_one(3)
    count_times()
    assert timed() == 3
    assert Lead.objects.count() == 3


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_two_workers_count_each_lead_once() -> None:
    integration = committed()
    elements = [make_response(number) for number in range(1, 1_201)]
    page = ResponsePage(
        integration=integration, elements=elements, came_by=CameBy.NOTICE
    )
    import_page(page)
    together = threading.Barrier(3)
    failed: list[BaseException] = []

    def work() -> None:
        together.wait(timeout=20)
        try:
            count_times()
        except BaseException as exc:  # noqa: BLE001 - told by the test
            failed.append(exc)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert timed() == 1_200
    assert stages_of()[Stage.SUBMITTED_REGISTERED].count == 1_200
