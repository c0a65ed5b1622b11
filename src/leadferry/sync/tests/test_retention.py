"""Runs and other records get old, too, and the round goes through them all."""

from datetime import timedelta

import pytest

from leadferry.accounts import purging
from leadferry.accounts import services as accounts
from leadferry.accounts.models import Mail, Purged, User
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest.models import StageTimes
from leadferry.integrations.models import (
    CallCount,
    DoctorLink,
    EndingTold,
    Finding,
    SignIn,
)
from leadferry.integrations.tests.builders import make_integration, make_user
from leadferry.kit import clock
from leadferry.leads.models import Lead
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_form_value, make_response
from leadferry.sync import services
from leadferry.sync.models import ReplayBatch, ReplayChange, Slice, SyncRun
from leadferry.sync.retention import purge_what_is_old

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = 1_793_000_000_000
_MS = timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: NOW)


def counted() -> dict[str, int]:
    return dict(Purged.objects.values_list("kind", "count"))


def test_runs_that_ended_go_with_their_slices_open_ones_stay() -> None:
    integration = make_integration()
    limit = clock.now() - timedelta(days=90)
    made = {}
    for name, state, ended_at in (
        ("old", SyncRun.State.DONE, limit - _MS),
        ("cancelled", SyncRun.State.CANCELLED, limit - _MS),
        ("young", SyncRun.State.DONE, limit),
        ("open", SyncRun.State.PAUSED, None),
    ):
        run = SyncRun.objects.create(
            integration=integration, state=state, ended_at=ended_at, start=0, end=1
        )
        Slice.objects.bulk_create(Slice(run=run, start=0, end=1) for _ in range(3))
        made[run.pk] = name
    purge_what_is_old()
    left = {made[pk] for pk in SyncRun.objects.values_list("pk", flat=True)}
    assert left == {"young", "open"}
    assert Slice.objects.count() == 6
    assert counted() == {"syncs": 2, "slices": 6}


def test_a_cancelled_run_that_lost_slices_and_is_resumed_begins_anew() -> None:
    limit = clock.now() - timedelta(days=90)
    run = SyncRun.objects.create(
        integration=make_integration(), state=SyncRun.State.CANCELLED,
        ended_at=limit - _MS, start=0, end=1, is_cut=True,
    )  # fmt: skip
    Slice.objects.create(run=run, start=0, end=1)
    with pytest.MonkeyPatch.context() as patch:
        # Between its slices and itself.
        patch.setattr(purging, "stopping", lambda: not Slice.objects.exists())
        purge_what_is_old()
    assert services.resume(run, by=None)
    run.refresh_from_db()
    assert (run.state, run.is_cut) == (SyncRun.State.WAITING, False)


def test_messages_that_were_read_go_unread_ones_wait() -> None:
    mia = person("mia", accounts.MARKETERS)
    limit = clock.now() - timedelta(days=90)
    for topic, read_at in (("old", limit - _MS), ("young", limit), ("unread", None)):
        SystemMessage.objects.create(
            person=mia, topic=topic, at=limit - _MS, last_at=limit - _MS,
            read_at=read_at,
        )  # fmt: skip
    purge_what_is_old()
    left = set(SystemMessage.objects.values_list("topic", flat=True))
    assert left == {"young", "unread"}


def test_sign_ins_counts_of_calls_and_mails() -> None:
    user = make_user()
    limit = clock.now() - timedelta(days=90)
    for number, at in enumerate((limit - _MS, limit)):
        SignIn.objects.create(state=str(number), redirect_uri="x", started_at=at)
        for given_up in (True, False):
            Mail.objects.create(person=person_of(), created_at=at, given_up=given_up)
    today = NOW // purging.DAY_MS
    for day in (today - 91, today - 90):
        CallCount.objects.create(user=user, endpoint="x", day=day, calls=5)
    purge_what_is_old()
    assert SignIn.objects.get().state == "1"
    assert CallCount.objects.get().day == today - 90
    assert Mail.objects.filter(given_up=True).get().created_at == limit
    assert Mail.objects.filter(given_up=False).count() == 2
    assert counted() == {"sign-ins": 1, "calls": 1, "mails": 1}


def test_states_of_connections_that_ended() -> None:
    integration = make_integration()
    limit = clock.now() - timedelta(days=90)
    for number, until in enumerate((limit - _MS, limit, None)):
        Finding.objects.create(
            integration=integration, check_name="clock", state="works", since=limit,
            looked_at=limit, until=until, detail=str(number), reason="x",
        )  # fmt: skip
    for key, at in (("old", limit - _MS), ("young", limit)):
        DoctorLink.objects.create(integration=integration, digest=key, expires_at=at)
        EndingTold.objects.create(key=key, days=30, told_at=at)
    purge_what_is_old()
    assert set(Finding.objects.values_list("detail", flat=True)) == {"1", "2"}
    assert DoctorLink.objects.get().digest == "young"
    assert EndingTold.objects.get().key == "young"
    assert counted() == {"findings": 3}


def test_replays_and_times_of_leads() -> None:
    integration = make_integration()
    register([make_response(1, form=make_form_value())])
    lead = Lead.objects.get()
    limit = clock.now() - timedelta(days=90)
    for name, created_at, state in (
        ("old", limit - _MS, ReplayBatch.State.APPLIED),
        ("young", limit, ReplayBatch.State.APPLIED),
        ("at work", limit - _MS, ReplayBatch.State.UNDOING),
    ):
        batch = ReplayBatch.objects.create(
            integration=integration, created_at=created_at, state=state, reason=name,
            first_day=limit.date(), last_day=limit.date(), start=0, end=1,
        )  # fmt: skip
        ReplayChange.objects.create(
            batch=batch, lead=lead, column="Contact", old={}, new={},
            old_mapping=1, new_mapping=2, submitted_at=1, digest=1,
        )  # fmt: skip
    hour = clock.to_ms(limit) // 3_600_000
    for one in (hour - 1, hour):
        StageTimes.objects.create(hours=1, hour=one, form_id=0)
    purge_what_is_old()
    left = set(ReplayBatch.objects.values_list("reason", flat=True))
    assert left == {"young", "at work"}
    assert ReplayChange.objects.count() == 2
    assert StageTimes.objects.get().hour == hour
    assert counted() == {"replays": 2, "stage-times": 1}


def person_of() -> User:
    return User.objects.get_or_create(username="ada")[0]
