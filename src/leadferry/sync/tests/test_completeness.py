"""What LinkedIn has against what is here, by form and UTC day."""

from datetime import date, timedelta
from typing import Any

import pytest

from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest.drain import drain
from leadferry.ingest.import_page import erase_response
from leadferry.ingest.models import HeldBack
from leadferry.ingest.services import discard
from leadferry.integrations import clients, forms
from leadferry.integrations.models import Integration, RegistrationWindow
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.leads.models import Fate, Lead, Registration
from leadferry.sync import checks, mending, services
from leadferry.sync.buckets import Bucket
from leadferry.sync.models import CheckPlan, DayProof, Slice, SyncRun
from leadferry.sync.periods import Period
from tests.support.sandbox import DEMO, EMEA, WEBINAR, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")
DAY_MS = 86_400_000
State = DayProof.State


def days_ago(number: int) -> date:
    return checks.today() - timedelta(days=number)


def within(number: int) -> dict[str, int]:
    """A span well inside the UTC day so many days ago."""
    start = (clock.now_ms() // DAY_MS - number) * DAY_MS
    return {"start": start + 1000, "end": start + DAY_MS - 1000}


def check(integration: Integration, first: int = 3, last: int = 1) -> SyncRun:
    run = checks.start_check(
        integration, first=days_ago(first), last=days_ago(last), by=None
    )
    return work(run)


def work(run: SyncRun) -> SyncRun:
    SyncRun.objects.filter(pk=run.pk).update(due_at=0)
    services.take_up(run.pk)
    run.refresh_from_db()
    return run


def register(integration: Integration, number: int) -> None:
    """Everything that LinkedIn has of that day comes by a sync."""
    run = services.start_sync(
        integration, period=Period(days_ago(number), days_ago(number)), by=None
    )
    services.take_up(run.pk)


def proof(number: int, form: str = "0") -> DayProof:
    return DayProof.objects.get(day=days_ago(number), form_id=int(form))


def mend() -> None:
    """As the worker does it, until nothing is due."""
    for _round in range(3):
        DayProof.objects.filter(look_at__isnull=False).update(look_at=0)
        mending.look_after_gaps()
        drain(EMEA)
    for run in SyncRun.objects.filter(due_at__isnull=False):
        work(run)


@pytest.mark.req("B1")
def test_seven_dropped_leads_are_a_gap_that_mends(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(WEBINAR, count=20, submitted_at=within(2))
    register(integration, 2)
    dropped = sandbox.submit(WEBINAR, count=7, submitted_at=within(2))
    reader = person("mara", accounts.MARKETERS)

    run = check(integration)

    assert run.state == SyncRun.State.DONE
    gap = proof(2, WEBINAR)
    assert gap.state == proof(2).state == State.GAP
    assert (gap.total, gap.registered, gap.missing) == (27, 20, 7)
    assert sorted(key for key, _at in gap.names["missing"]) == sorted(dropped)
    assert proof(1).state == proof(3).state == State.PROVEN
    assert Lead.objects.count() == 20

    mending.look_after_gaps()
    told = SystemMessage.objects.get(person=reader)
    assert "LinkedIn has 7 leads that were not here" in told.text
    assert all(one in told.text for one in dropped)
    drain(EMEA)
    DayProof.objects.filter(look_at__isnull=False).update(look_at=0)
    mending.look_after_gaps()
    gap.refresh_from_db()
    assert gap.state == State.MENDED
    told.refresh_from_db()
    assert "7 leads that were missing are registered now" in told.text
    assert all(one in told.text for one in dropped)
    assert (gap.registered, gap.missing, gap.mended) == (27, 0, 7)
    assert Lead.objects.count() == 27

    again = SyncRun.objects.get(kind=SyncRun.Kind.CHECK, state=SyncRun.State.WAITING)
    work(again)
    gap.refresh_from_db()
    assert gap.state == proof(2).state == State.PROVEN
    assert (gap.total, gap.registered, gap.mended) == (27, 27, 7)
    assert sorted(key for key, _at in gap.names["mended"]) == sorted(dropped)


def test_what_was_off_or_before_set_up_is_named_and_stays_out(
    sandbox: Sandbox, integration: Integration
) -> None:
    start = within(2)["start"]
    windows = RegistrationWindow.objects.filter(integration=integration)
    windows.update(on_from=start + 1, on_until=start + DAY_MS)
    early = sandbox.submit(count=2, submitted_at=within(3))
    off = sandbox.submit(count=5, submitted_at=within(1))

    check(integration)
    mend()

    before, after = proof(3, WEBINAR), proof(1, WEBINAR)
    assert (before.total, before.before_setup) == (2, 2)
    assert (after.total, after.switched_off) == (5, 5)
    assert before.state == after.state == State.PROVEN
    assert {key for key, _at in before.names["before_setup"]} == set(early)
    assert {key for key, _at in after.names["switched_off"]} == set(off)
    assert not Lead.objects.exists()
    assert not SystemMessage.objects.exists()


def test_each_submission_lies_in_one_bucket(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit(WEBINAR, count=6, submitted_at=within(2))
    register(integration, 2)
    reader = person("mara", accounts.MARKETERS)
    moment = clock.now_ms()
    erase_response(response_id=ids[0], occurred_at=moment)
    for response_id in ids[1:3]:
        key = Registration.objects.get(lead_id=lead_of(response_id)).key
        Registration.objects.filter(pk=key).update(fate=Fate.HELD_BACK, lead_id=None)
        HeldBack.objects.create(
            response_id=response_id, ad_account=EMEA, reason=HeldBack.Reason.MAPPING
        )
    discard([HeldBack.objects.get(response_id=ids[2])], reason="spam", by=reader)

    check(integration)

    counted = proof(2, WEBINAR)
    assert {
        bucket.value: getattr(counted, bucket.value)
        for bucket in Bucket
        if getattr(counted, bucket.value)
    } == {"registered": 3, "held_back": 1, "discarded": 1, "deleted": 1}
    assert counted.total == 6
    assert counted.state == State.PROVEN


def lead_of(response_id: str) -> int:
    return Lead.objects.get(extended__linkedin_lead_id=response_id).pk


def test_a_later_submission_that_did_not_come_is_missing(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(count=1, submitted_at=within(2))
    register(integration, 2)
    Registration.objects.update(submitted_at=within(2)["start"] - DAY_MS)
    check(integration)
    assert proof(2, WEBINAR).missing == 1


def test_a_lead_that_linkedin_lists_no_more_is_counted(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit(count=3, submitted_at=within(2))
    register(integration, 2)
    sandbox.control("DELETE", f"leads/{ids[0]}")
    check(integration)
    counted = proof(2, WEBINAR)
    assert (counted.total, counted.registered, counted.not_at_linkedin) == (2, 2, 1)


def test_the_numbers_are_those_of_linkedin(
    sandbox: Sandbox, integration: Integration
) -> None:
    for number in range(1, 8):
        sandbox.submit(WEBINAR, count=40, submitted_at=within(number))
        sandbox.submit(DEMO, count=number, submitted_at=within(number))
    with clients.client_of(clients.user_for(EMEA)) as client:
        forms.read_forms(integration.ad_account, client=client)
    run = check(integration, first=7)
    assert run.read == 7 * 40 + 28
    for number in range(1, 8):
        for form in (WEBINAR, DEMO):
            truth = sandbox.truth(form=form, day=days_ago(number).isoformat())
            assert proof(number, form).total == truth["count"]
        assert proof(number).total == 40 + number
    assert not Slice.objects.exists()


def test_today_and_the_day_that_linkedin_cuts_are_partial(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(count=2)
    check(integration, first=90, last=0)
    assert proof(0).state == proof(90).state == State.PARTIAL
    assert proof(0, WEBINAR).on_its_way == 2
    assert proof(89).state == State.PROVEN
    assert DayProof.objects.filter(form_id=0).count() == 91


def test_what_was_proven_of_a_day_that_linkedin_forgets_stays(
    sandbox: Sandbox, integration: Integration
) -> None:
    start = (clock.now_ms() // DAY_MS - 90) * DAY_MS
    for form in (0, int(WEBINAR)):
        DayProof.objects.create(
            integration=integration, form_id=form, day=days_ago(90), total=5,
            state=State.PROVEN, registered=5, since=start, until=start + DAY_MS,
            checked_at=start + 2 * DAY_MS, digest="5" * 32,
        )  # fmt: skip
    check(integration, first=90, last=89)
    assert (proof(90).state, proof(90).total) == (State.PROVEN, 5)
    assert proof(90, WEBINAR).digest == "5" * 32
    assert proof(89).state == State.PROVEN


def test_a_check_that_stops_anywhere_goes_on(
    sandbox: Sandbox, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadferry.sync.completeness._PAGES_AT_ONCE", 1)
    for number in (1, 2, 3):
        sandbox.submit(WEBINAR, count=150, submitted_at=within(number))
    run = checks.start_check(integration, first=days_ago(3), last=days_ago(1), by=None)
    sandbox.fault("leadFormResponses", "reset", probability=0.5, seed=7)
    stops = 0
    while work(run).state != SyncRun.State.DONE:
        stops += 1
    assert stops > 0
    assert run.read == 450
    assert [proof(number).missing for number in (1, 2, 3)] == [150] * 3


def test_more_than_can_be_named_comes_too(
    sandbox: Sandbox, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadferry.sync.tally.MOST_NAMED", 5)
    monkeypatch.setattr("leadferry.sync.mending.MOST_NAMED", 5)
    sandbox.submit(count=12, submitted_at=within(2))
    check(integration)
    assert (proof(2).missing, len(proof(2, WEBINAR).names["missing"])) == (12, 5)
    for _round in range(3):
        mend()
    assert Lead.objects.count() == 12
    assert proof(2).state == State.PROVEN
    assert proof(2).missing == 0


def test_a_list_out_of_order_is_counted_whole(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.switch(lead_order="oldest")
    for number in (1, 2, 3):
        sandbox.submit(count=130, submitted_at=within(number))
    check(integration)
    assert [proof(number).total for number in (1, 2, 3)] == [130] * 3


def test_days_outside_are_refused(integration: Integration) -> None:
    with pytest.raises(RejectedError, match="after today"):
        check(integration, last=-1)
    with pytest.raises(RejectedError, match="last 90 days"):
        check(integration, first=91)


def open_checks() -> list[tuple[Any, ...]]:
    rows = SyncRun.objects.filter(state=SyncRun.State.WAITING).order_by("pk")
    return [
        ((checks.today() - row.first_day).days, (checks.today() - row.last_day).days)
        for row in rows
        if row.first_day and row.last_day
    ]


def test_nights_and_weeks(integration: Integration) -> None:
    checks.plan_checks()
    assert CheckPlan.objects.get().due_at > clock.now_ms()
    assert open_checks() == []

    # The first night is a whole one.
    CheckPlan.objects.update(due_at=0, whole_due_at=0)
    checks.plan_checks()
    checks.plan_checks()
    assert open_checks() == [(7, 1), (90, 8)]
    plan = CheckPlan.objects.get()
    assert plan.due_at % DAY_MS >= 30 * 60_000
    assert plan.whole_due_at - plan.due_at == 6 * DAY_MS

    # While that goes on, a night checks its week only, and once.
    CheckPlan.objects.update(due_at=0)
    checks.plan_checks()
    assert open_checks() == [(90, 8), (7, 1)]

    SyncRun.objects.update(state=SyncRun.State.DONE)
    for number in (10, 11, 40):
        DayProof.objects.create(
            integration=integration, form_id=0, day=days_ago(number),
            state=State.PROVEN, since=0, until=0, checked_at=0,
        )  # fmt: skip
    CheckPlan.objects.update(due_at=0)
    checks.plan_checks()
    assert open_checks() == [(7, 1), (9, 8), (39, 12), (89, 41)]


def test_the_call_budget_is_kept(sandbox: Sandbox, integration: Integration) -> None:
    system_settings.write(system_settings.CALLS_PER_DAY, "10", by=None)
    for number in (1, 2, 3):
        sandbox.submit(count=400, submitted_at=within(number))
    run = check(integration)
    assert run.state == SyncRun.State.PAUSED
    assert len(sandbox.calls("leadFormResponses")) == 7
    assert run.read == 7 * 99 + 1
    assert run.due_at is not None
    assert run.due_at > clock.now_ms()
