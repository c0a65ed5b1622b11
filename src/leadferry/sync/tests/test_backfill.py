"""Runs over earlier leads, against the local LinkedIn."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest.models import HeldBack
from leadferry.ingest.prepare import prepare
from leadferry.integrations import calls, clients, forms
from leadferry.integrations.models import (
    CallCount,
    Integration,
    LeadForm,
    LinkedInUser,
    RegistrationWindow,
)
from leadferry.integrations.tests.builders import make_user
from leadferry.kit import clock
from leadferry.leads.edit import edit_lead
from leadferry.leads.models import ExtendedLeadInformation, Fate, Lead, Registration
from leadferry.sync import backfill, services
from leadferry.sync.apart import ReaderApart
from leadferry.sync.models import Slice, SyncRun
from leadferry.sync.periods import Period
from leadferry.sync.reading import ReadPage
from tests.support.sandbox import DEMO, EMEA, WEBINAR, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")
DAY_MS = 86_400_000


def the_last_days(days: int = 89) -> Period:
    today = clock.now().date()
    return Period(today - timedelta(days=days), today)


def sync(
    integration: Integration, period: Period | None = None, form: LeadForm | None = None
) -> SyncRun:
    """A run, worked on until it is done or paused."""
    run = services.start_sync(
        integration, period=period or the_last_days(), form=form, by=None
    )
    services.take_up(run.pk)
    run.refresh_from_db()
    return run


def go_on(run: SyncRun) -> SyncRun:
    SyncRun.objects.filter(pk=run.pk).update(due_at=0)
    services.take_up(run.pk)
    run.refresh_from_db()
    return run


def registered() -> list[str]:
    rows = ExtendedLeadInformation.objects.values_list("linkedin_lead_id", flat=True)
    return sorted(rows)


def spread(days: int = 80) -> dict[str, int]:
    now = clock.now_ms()
    return {"start": now - days * DAY_MS, "end": now}


@pytest.mark.req("R089", "R096")
def test_all_leads_of_the_ad_account_come_once(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit(WEBINAR, count=350, submitted_at=spread())
    ids += sandbox.submit(DEMO, count=120, submitted_at=spread())
    run = sync(integration)
    assert run.state == SyncRun.State.DONE
    assert registered() == sorted(ids)
    assert (run.expected, run.read, run.registered) == (470, 470, 470)
    assert not Slice.objects.exists()
    again = sync(integration)
    assert (again.read, again.registered, again.unchanged) == (470, 0, 470)
    assert Lead.objects.count() == 470


@pytest.mark.req("R090")
def test_the_leads_of_one_form_alone(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit(WEBINAR, count=30, submitted_at=spread())
    sandbox.control("PUT", f"forms/{WEBINAR}", {"name": "Another version"})
    ids += sandbox.submit(WEBINAR, count=3)
    sandbox.submit(DEMO, count=30, submitted_at=spread())
    with clients.client_of(clients.user_for(EMEA)) as client:
        forms.read_forms(integration.ad_account, client=client)
    run = sync(integration, form=LeadForm.objects.get(form_id=WEBINAR))
    assert registered() == sorted(ids)
    assert run.expected is None
    assert run.read == 33


@pytest.mark.req("R092", "R093", "D4")
def test_the_period_is_counted_in_days_of_the_time_zone(
    sandbox: Sandbox, integration: Integration
) -> None:
    system_settings.write(system_settings.TIME_ZONE, "Asia/Tokyo", by=None)
    day = clock.now().date() - timedelta(days=5)
    start, end = Period(day, day).bounds(services.time_zone())
    inside = [
        *sandbox.submit(submitted_at=start),
        *sandbox.submit(submitted_at=end),
    ]
    sandbox.submit(submitted_at=start - 1)
    sandbox.submit(submitted_at=end + 1)
    sync(integration, Period(day, day))
    assert registered() == sorted(inside)


@pytest.mark.req("R087", "R094")
def test_what_was_switched_off_or_before_set_up_is_fetched_too(
    sandbox: Sandbox, integration: Integration
) -> None:
    now = clock.now_ms()
    windows = RegistrationWindow.objects.filter(integration=integration)
    windows.update(on_from=now - 10 * DAY_MS, on_until=now - 5 * DAY_MS)
    ids = sandbox.submit(count=40, submitted_at=spread(20))
    run = sync(integration)
    assert registered() == sorted(ids)
    assert run.left_out == 0


def test_a_gap_run_registers_only_what_was_on(
    sandbox: Sandbox, integration: Integration
) -> None:
    now = clock.now_ms()
    RegistrationWindow.objects.filter(integration=integration).update(
        on_from=now - 10 * DAY_MS
    )
    on = sandbox.submit(count=3, submitted_at=now - 5 * DAY_MS)
    sandbox.submit(count=2, submitted_at=now - 15 * DAY_MS)
    run = services.start_gap(integration, start=now - 20 * DAY_MS, end=now)
    services.take_up(run.pk)
    run.refresh_from_db()
    assert registered() == sorted(on)
    assert (run.registered, run.left_out) == (3, 2)
    assert Registration.objects.filter(fate=Fate.BEFORE_SETUP).count() == 2


@pytest.mark.req("D2")
def test_what_a_person_edited_stays(sandbox: Sandbox, integration: Integration) -> None:
    sandbox.submit(count=2)
    sync(integration)
    lead = Lead.objects.order_by("pk").first()
    assert lead is not None
    by = person("mia", accounts.MARKETERS)
    edit_lead(
        lead_id=lead.pk, revision=lead.revision, values={"Contact": "Edited"}, by=by
    )
    run = sync(integration)
    lead.refresh_from_db()
    assert (lead.contact, run.unchanged) == ("Edited", 2)


@pytest.mark.parametrize(
    "switches",
    [
        {"short_pages": "on"},
        {"range_end": "exclusive"},
        {"max_count": 9},
        {"total": "absent"},
        {"total": "constant"},
    ],
)
def test_a_list_that_behaves_oddly_loses_nothing(
    sandbox: Sandbox, integration: Integration, switches: dict[str, object]
) -> None:
    ids = sandbox.submit(count=130, submitted_at=clock.now_ms() - DAY_MS)
    ids += sandbox.submit(count=130, submitted_at=spread())
    sandbox.switch(**switches)
    run = sync(integration)
    assert registered() == sorted(ids)
    assert run.read == len(ids)
    expected = None if "total" in switches else 260
    assert run.expected == expected


@pytest.mark.parametrize("kind", ["lead-comes", "lead-vanishes"])
def test_a_list_that_changes_between_pages_loses_nothing(
    sandbox: Sandbox, integration: Integration, kind: str
) -> None:
    ids = set(sandbox.submit(count=250, submitted_at=spread()))
    sandbox.fault("leadFormResponses", kind, probability=0.5, seed=7)
    sync(integration)
    sandbox.no_faults()
    left = set(sandbox.truth(full="1")["ids"])
    assert left != ids
    # What comes after the newest page was read is not of this run; of what vanished
    # after it was read a notice of deletion tells.
    assert left & ids <= set(registered())


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        ("500", 2), ("garbage", 2), ("reset", 2), ("truncated", 2),
        ("401", 300), ("403", 300), ("426", 300), ("404", 300),
    ],
)  # fmt: skip
def test_trouble_pauses_the_run_and_it_goes_on_after(
    sandbox: Sandbox, integration: Integration, kind: str, seconds: int
) -> None:
    person("mia", accounts.MARKETERS)
    ids = sandbox.submit(count=250, submitted_at=spread())
    sandbox.fault("leadFormResponses", kind)
    run = sync(integration)
    assert run.state == SyncRun.State.PAUSED
    assert run.reason
    wait = ((run.due_at or 0) - clock.now_ms()) / 1000
    assert seconds * 0.3 < wait <= seconds * 1.1
    assert SystemMessage.objects.exists() == (seconds == 300)
    sandbox.no_faults()
    run = go_on(run)
    assert run.state == SyncRun.State.DONE
    assert registered() == sorted(ids)


def test_what_was_read_before_the_trouble_is_kept(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(count=900, submitted_at=spread())
    sandbox.fault("leadFormResponses", "503", probability=0.5, seed=3)
    run = sync(integration)
    rounds = 0
    while run.state != SyncRun.State.DONE:
        before = run.read
        run = go_on(run)
        assert run.read >= before
        rounds += 1
        assert rounds < 50
    assert run.read == run.registered == 900


def test_a_limit_that_lasts_pauses_until_midnight(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit(count=250, submitted_at=spread())
    sandbox.fault("leadFormResponses", "429", probability=1)
    run = sync(integration)
    for _attempt in range(3):
        assert (run.due_at or 0) - clock.now_ms() < 10_000
        run = go_on(run)
    until = (run.due_at or 0) - calls.next_day_ms()
    assert 0 < until <= 120_000
    sandbox.no_faults()
    run = go_on(run)
    assert run.state == SyncRun.State.DONE
    assert registered() == sorted(ids)


def test_earlier_leads_leave_calls_for_new_ones(
    sandbox: Sandbox, integration: Integration
) -> None:
    system_settings.write(system_settings.CALLS_PER_DAY, "60", by=None)
    ids = sandbox.submit(count=4000, submitted_at=spread())
    run = sync(integration)
    assert run.state == SyncRun.State.PAUSED
    assert "kept for new leads" in run.reason
    assert 0 < run.registered < 4000
    assert (run.due_at or 0) > calls.next_day_ms()
    made = CallCount.objects.get(endpoint=calls.RESPONSES).calls
    # Not one page more than what is left, whoever reads ahead.
    assert made == 42
    system_settings.write(system_settings.CALLS_PER_DAY, "", by=None)
    go_on(run)
    assert registered() == sorted(ids)


def test_a_dead_token_passes_the_run_to_who_else_reaches_the_ad_account(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit(count=5)
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    run = sync(integration)
    assert run.state == SyncRun.State.PAUSED
    assert LinkedInUser.objects.get().state == LinkedInUser.State.REVOKED
    run = go_on(run)
    assert "sign in again" in run.reason
    other = make_user(sandbox.token(), sub="other")
    access = integration.ad_account.accesses.get()
    access.pk, access.user = None, other
    access.save()
    services.look_after_runs()
    run.refresh_from_db()
    assert (run.due_at or 0) <= clock.now_ms()
    services.take_up(run.pk)
    assert registered() == sorted(ids)


def test_a_cancelled_run_reads_no_more_and_can_be_resumed(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit(count=20)
    run = services.start_sync(integration, period=the_last_days(), by=None)
    assert services.cancel(run, by=None)
    services.take_up(run.pk)
    assert not Lead.objects.exists()
    assert not services.cancel(run, by=None)
    assert services.resume(run, by=None)
    services.take_up(run.pk)
    assert registered() == sorted(ids)
    assert not services.resume(run, by=None)


def test_two_who_ask_for_the_same_get_one_run(integration: Integration) -> None:
    first = services.start_sync(integration, period=the_last_days(), by=None)
    second = services.start_sync(integration, period=the_last_days(), by=None)
    assert first == second
    other = services.start_sync(integration, period=the_last_days(3), by=None)
    assert other != first


def test_an_own_fault_is_put_off_and_told_in_the_log(
    sandbox: Sandbox, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sandbox.submit(count=2)

    def failing(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(backfill, "prepare", failing)
    run = services.start_sync(integration, period=the_last_days(), by=None)
    with pytest.raises(RuntimeError):
        services.take_up(run.pk)
    run.refresh_from_db()
    assert run.state == SyncRun.State.PAUSED
    monkeypatch.undo()
    go_on(run)
    assert registered() == sorted(ids)


def test_a_run_that_was_taken_over_writes_nothing(
    sandbox: Sandbox, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.submit(count=2)

    def overtaken(*arguments: Any, **more: Any) -> None:
        prepare(*arguments, **more)
        SyncRun.objects.update(epoch=99, claimed_by="another")

    monkeypatch.setattr(backfill, "prepare", overtaken)
    run = sync(integration)
    assert not Lead.objects.exists()
    assert (run.state, run.claimed_by) == (SyncRun.State.RUNNING, "another")


def test_what_a_dead_worker_left_is_due(integration: Integration) -> None:
    run = services.start_sync(integration, period=the_last_days(), by=None)
    SyncRun.objects.update(state="running", claimed_by="host-1:1", due_at=None)
    assert services.due_runs() == []
    services.release("host-1:1")
    assert services.due_runs() == [run.pk]
    SyncRun.objects.update(state="running", claimed_by="", due_at=None)
    services.look_after_runs()
    assert services.due_runs() == [run.pk]


@pytest.mark.parametrize(
    ("total", "number"), [(None, 4), (0, 1), (100, 1), (900, 3), (16_000, 16)]
)
def test_the_period_is_cut_without_a_gap(total: int | None, number: int) -> None:
    start, end = 1_000, 1_000 + 4 * DAY_MS - 1
    parts = backfill.slices(start, end, total=total)
    assert len(parts) == number
    assert (parts[-1][0], parts[0][1]) == (start, end)
    for newer, older in itertools.pairwise(parts):
        assert older[1] + 1 == newer[0]


def test_undecodable_leads_are_held_back_and_counted(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit(count=3)
    integration.mapping_versions.get().rows.filter(column="Contact").update(source={})
    run = sync(integration)
    assert (run.read, run.held_back) == (3, 3)
    assert HeldBack.objects.count() == 3


@pytest.fixture
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the smallest run is read by a process of its own."""
    monkeypatch.setattr(backfill, "_WORTH_A_PROCESS", 0)


@pytest.mark.usefixtures("_apart")
def test_a_process_of_its_own_reads_as_well(
    sandbox: Sandbox, integration: Integration
) -> None:
    ids = sandbox.submit(count=700, submitted_at=spread())
    run = sync(integration)
    assert (run.state, run.read) == (SyncRun.State.DONE, 700)
    assert registered() == sorted(ids)
    made = CallCount.objects.get(endpoint=calls.RESPONSES).calls
    assert made == len(sandbox.calls("leadFormResponses"))


@pytest.mark.usefixtures("_apart")
@pytest.mark.parametrize(
    ("kind", "why"), [("429", "429"), ("426", "not active"), ("token-expired", "over")]
)
def test_what_stops_the_other_process_is_known_here(
    sandbox: Sandbox, integration: Integration, kind: str, why: str
) -> None:
    ids = sandbox.submit(count=300, submitted_at=spread())
    run = services.start_sync(integration, period=the_last_days(), by=None)
    # The first call counts the leads, the others are the other process's.
    sandbox.control(
        "PUT", "faults",
        [
            {"endpoint": "leadFormResponses", "kind": "latency", "count": 1},
            {"endpoint": "leadFormResponses", "kind": kind},
        ],
    )  # fmt: skip
    services.take_up(run.pk)
    run.refresh_from_db()
    assert run.state == SyncRun.State.PAUSED
    assert run.is_cut
    assert why in run.reason or "expired" in run.reason
    sandbox.no_faults()
    LinkedInUser.objects.update(state=LinkedInUser.State.ACTIVE)
    go_on(run)
    assert registered() == sorted(ids)


@pytest.mark.usefixtures("_apart")
def test_a_reading_process_that_dies_is_put_off_and_loses_nothing(
    sandbox: Sandbox, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sandbox.submit(count=900, submitted_at=spread())
    take = ReaderApart.take

    def killing(self: ReaderApart, *, elements: int) -> list[ReadPage]:
        pages = take(self, elements=elements)
        self.child.kill()
        self.child.wait()
        return pages

    monkeypatch.setattr(ReaderApart, "take", killing)
    run = sync(integration)
    assert run.state == SyncRun.State.PAUSED
    assert "ended" in run.reason
    monkeypatch.undo()
    go_on(run)
    assert registered() == sorted(ids)
    assert run.read <= 900


def test_the_end_of_a_long_run_is_told(
    sandbox: Sandbox, integration: Integration
) -> None:
    person("mia", accounts.MARKETERS)
    sandbox.submit(count=3)
    sync(integration)
    assert not SystemMessage.objects.exists()
    run = services.start_sync(integration, period=the_last_days(), by=None)
    SyncRun.objects.filter(pk=run.pk).update(
        created_at=clock.now() - timedelta(minutes=5)
    )
    services.take_up(run.pk)
    message = SystemMessage.objects.get()
    assert "3 leads read, 0 registered" in message.text
    assert message.topic == f"sync-{run.pk}"
