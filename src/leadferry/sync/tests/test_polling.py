"""New leads without a door, and the net behind one, against the local LinkedIn."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest import counting
from leadferry.ingest.models import Notice
from leadferry.integrations import services as integrations
from leadferry.integrations.models import Integration, LinkedInUser
from leadferry.jobs.registry import REPETITIONS, Repetition
from leadferry.kit import clock
from leadferry.leads.models import ExtendedLeadInformation, Fate, Lead, Registration
from leadferry.sync import polling
from leadferry.sync import services as runs
from leadferry.sync.models import DayProof, Polling, SyncRun
from leadferry.sync.rhythm import BEHIND_THE_DOOR_MS, next_poll_ms
from tests.support.sandbox import EMEA, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


class Time:
    """Virtual time, ours and LinkedIn's together."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.offset = 0

    def pass_by(self, milliseconds: int) -> None:
        """So much time passes."""
        self.offset += milliseconds
        self.sandbox.control("PUT", "clock", {"advance_s": milliseconds / 1000})

    def pass_here(self, milliseconds: int) -> None:
        """So much time passes for us alone: LinkedIn has nothing to do in it."""
        self.offset += milliseconds


@pytest.fixture
def time(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Time:
    passing = Time(sandbox)
    real: Callable[[], int] = clock.now_ms
    monkeypatch.setattr(clock, "now_ms", lambda: real() + passing.offset)
    return passing


def due_now(integration: Integration) -> None:
    polling.look_for_new_integrations()
    Polling.objects.update(due_at=0)
    polling.poll(integration.pk)


def registered() -> list[str]:
    rows = ExtendedLeadInformation.objects.values_list("linkedin_lead_id", flat=True)
    return sorted(rows)


def wait_ms() -> int:
    return Polling.objects.get().due_at - clock.now_ms()


def open_the_door(integration: Integration) -> None:
    integrations.save_url("https://crm.example.com", by=None)
    Integration.objects.update(notification_url=integrations.notices_url())
    integration.refresh_from_db()
    counting.count(counting.CHALLENGE)


@pytest.mark.req("B4", "R087")
def test_new_leads_are_read_and_earlier_ones_are_not(
    sandbox: Sandbox, integration: Integration
) -> None:
    integration.windows.update(on_from=clock.now_ms() - MINUTE)
    sandbox.submit(count=2, submitted_at=clock.now_ms() - 30 * MINUTE)
    ids = sandbox.submit(count=3)
    due_now(integration)
    assert registered() == sorted(ids)
    due_now(integration)
    assert Lead.objects.count() == 3


@pytest.mark.req("B4")
def test_what_was_submitted_while_switched_off_stays_out(
    sandbox: Sandbox, integration: Integration, time: Time
) -> None:
    on = sandbox.submit()
    time.pass_by(SECOND)
    integrations.switch_integration(integration, on=False, by=None)
    time.pass_by(SECOND)
    sandbox.submit()
    # What came just before the switch is read after it.
    due_now(integration)
    assert registered() == on
    assert Registration.objects.filter(fate=Fate.SWITCHED_OFF).count() == 1
    time.pass_by(HOUR)
    due_now(integration)
    before = len(sandbox.calls("/rest/"))
    due_now(integration)
    assert len(sandbox.calls("/rest/")) == before
    integrations.switch_integration(integration, on=True, by=None)
    time.pass_by(SECOND)
    on += sandbox.submit()
    due_now(integration)
    assert registered() == sorted(on)


@pytest.mark.req("B4")
def test_a_lead_a_minute_is_registered_within_the_minute(
    sandbox: Sandbox, integration: Integration, time: Time
) -> None:
    polling.look_for_new_integrations()
    waits = []
    for _minute in range(12):
        time.pass_by(37 * SECOND)
        ids = sandbox.submit()
        waited = 0
        while ids[0] not in registered():
            for integration_id in polling.due_pollings():
                polling.poll(integration_id)
            time.pass_by(SECOND)
            waited += 1
            assert waited < 60
        waits.append(waited)
        time.pass_by((23 - waited) * SECOND if waited < 23 else 0)
    assert len(waits) == 12


_SPEAK = ("leadferry.integrations", "leadferry.sync.tasks.plan_checks")


def _due_repetitions(due: dict[str, int]) -> list[Repetition]:
    """Those of our schedules that come to speak with LinkedIn."""
    now = clock.now_ms()
    found = [
        one
        for name, one in REPETITIONS.items()
        if due.get(name, 0) <= now and name.startswith(_SPEAK)
    ]
    for one in found:
        due[one.task.name] = now + one.seconds * SECOND
    return found


@pytest.mark.once
@pytest.mark.req("B4")
def test_a_quiet_day_without_a_door_costs_few_calls(
    sandbox: Sandbox, integration: Integration, time: Time
) -> None:
    # At noon, whenever this runs: the checks of the night are within the day.
    time.pass_by((36 * HOUR - clock.now_ms() % (24 * HOUR)) % (24 * HOUR))
    # LinkedIn would not deliver to an address such as this.
    sandbox.switch(plain_http="refuse")
    integrations.save_url("http://crm.example.com", by=None)
    LinkedInUser.objects.update(expires_at=clock.now() + timedelta(days=60))
    polling.look_for_new_integrations()
    due: dict[str, int] = {}
    ends = clock.now_ms() + 24 * HOUR
    before = len(sandbox.calls("/rest/"))
    while clock.now_ms() < ends:
        for one in _due_repetitions(due):
            one.task()
        for integration_id in polling.due_pollings():
            polling.poll(integration_id)
        for run_id in runs.due_runs():
            runs.take_up(run_id)
        time.pass_here(30 * SECOND)
    assert DayProof.objects.filter(state=DayProof.State.PROVEN, form_id=0).exists()
    made = sandbox.calls("/rest/")[before:]
    assert 150 < len(made) <= 300
    # And the next lead waits some minutes at most.
    assert wait_ms() <= 7.5 * MINUTE


@pytest.mark.req("I13")
def test_a_day_offline_leaves_nothing_missing(
    sandbox: Sandbox, integration: Integration, time: Time
) -> None:
    due_now(integration)
    sandbox.fault("*", "503")
    ids = []
    for _part in range(8):
        time.pass_by(3 * HOUR)
        ids += sandbox.submit(count=210)
        due_now(integration)
    assert Polling.objects.get().reason
    assert not Lead.objects.exists()
    sandbox.no_faults()
    due_now(integration)
    # More than a poll reads at once: the rest is a run that keeps its marks.
    run = SyncRun.objects.get()
    assert run.kind == SyncRun.Kind.GAP
    runs.take_up(run.pk)
    assert registered() == sorted(ids)


def test_where_notices_come_polling_only_makes_sure(
    sandbox: Sandbox, integration: Integration, time: Time
) -> None:
    due_now(integration)
    open_the_door(integration)
    assert polling.door_works(integration, missed_at=None)
    due_now(integration)
    assert abs(wait_ms() - BEHIND_THE_DOOR_MS) < 10 * SECOND
    # One whose notice waits is no sign of anything; one without a notice is.
    ids = sandbox.submit(count=1)
    Notice.objects.create(
        response_id=ids[0], action=Notice.Action.CREATED, occurred_at=clock.now_ms(),
        ad_account=EMEA, received_at=clock.now_ms(),
    )  # fmt: skip
    time.pass_by(2 * MINUTE)
    due_now(integration)
    assert Lead.objects.count() == 1
    assert Polling.objects.get().missed_at is None
    sandbox.submit(count=1)
    time.pass_by(2 * MINUTE)
    due_now(integration)
    assert Lead.objects.count() == 2
    assert Polling.objects.get().missed_at is not None
    assert wait_ms() < MINUTE


def test_a_door_that_linkedin_does_not_check_any_more_is_not_relied_on(
    integration: Integration, time: Time
) -> None:
    open_the_door(integration)
    time.pass_by(6 * HOUR)
    assert not polling.door_works(integration, missed_at=None)
    system_settings.write(system_settings.URL_TO_GET_LEADS, "", by=None)
    assert not polling.door_works(integration, missed_at=None)


@pytest.mark.parametrize(
    ("kind", "least"), [("500", 0.5), ("429", 0.5), ("403", 300), ("426", 300)]
)
def test_trouble_puts_polling_off_and_loses_nothing(
    sandbox: Sandbox, integration: Integration, kind: str, least: float
) -> None:
    person("mia", accounts.MARKETERS)
    ids = sandbox.submit()
    sandbox.fault("leadFormResponses", kind)
    due_now(integration)
    assert wait_ms() > least * SECOND * 0.9
    assert Polling.objects.get().reason
    assert SystemMessage.objects.exists() == (least == 300)
    sandbox.no_faults()
    due_now(integration)
    assert registered() == ids
    assert not Polling.objects.get().reason


def test_a_dead_token_is_noted_by_polling(
    sandbox: Sandbox, integration: Integration
) -> None:
    sandbox.submit()
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    due_now(integration)
    assert LinkedInUser.objects.get().state == LinkedInUser.State.REVOKED


@pytest.mark.parametrize("skew", [-8 * 60, 8 * 60])
def test_a_clock_that_differs_hides_no_lead(
    sandbox: Sandbox, integration: Integration, time: Time, skew: int
) -> None:
    sandbox.switch(clock_skew_s=skew)
    user = LinkedInUser.objects.get()
    user.access_token = sandbox.token()
    user.save()
    due_now(integration)
    time.pass_by(MINUTE)
    ids = sandbox.submit(count=2)
    due_now(integration)
    assert registered() == sorted(ids)


@pytest.mark.parametrize(
    ("quiet", "door", "pages", "calls", "wait"),
    [
        (0, False, 1, None, 20 * SECOND),
        (4 * MINUTE, False, 1, None, MINUTE),
        (24 * HOUR, False, 1, None, 450 * SECOND),
        (0, True, 1, None, 15 * MINUTE),
        # Much to read each time, or few calls a day: less often.
        (0, False, 10, None, 50 * SECOND),
        (0, False, 1, 1_000, 288 * SECOND),
        (0, True, 2, 100, 5_760 * SECOND),
    ],
)
def test_the_rhythm(
    quiet: int,
    door: bool,  # noqa: FBT001 - a row of the table
    pages: int,
    calls: int | None,
    wait: int,
) -> None:
    made = next_poll_ms(
        quiet_ms=quiet, door_works=door, pages=pages, calls_per_day=calls
    )
    assert made == wait
