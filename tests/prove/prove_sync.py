"""Whatever happens in whatever order, the leads end as LinkedIn has them."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django.fixtures import Settings

from leadferry.ingest import inbox
from leadferry.ingest.drain import drain
from leadferry.ingest.identity import identity_of
from leadferry.ingest.models import HeldBack, LeadFormResponse, Notice
from leadferry.integrations import services as integrations
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.leads.models import ExtendedLeadInformation, Fate, Lead, Registration
from leadferry.sync import polling, services
from leadferry.sync.models import Polling, SyncRun
from leadferry.sync.periods import Period
from tests.support.aborts import Abort, dying_at
from tests.support.sandbox import DEMO, EMEA, WEBINAR, Sandbox

EXAMPLES, STEPS = 200, 40
_TABLES = (
    "sync_slice", "sync_syncrun", "sync_polling", "ingest_heldback",
    "ingest_leadformresponse", "leads_answeredlead", "leads_answertext",
    "leads_leadchange", "leads_extendedleadinformation", "leads_searchpending",
    "leads_lead", "leads_registration", "integrations_columnmapping",
    "integrations_mappingversion", "integrations_registrationwindow",
    "integrations_leadformversion", "integrations_leadform", "integrations_callcount",
    "integrations_integration", "integrations_adaccountaccess",
    "integrations_adaccount", "integrations_linkedinuser",
    "integrations_linkedinapplication", "accounts_auditrow",
)  # fmt: skip
# A step ends at one of its first commits, before or after it, or not at all.
deaths = st.tuples(st.integers(1, 7), st.booleans())
aborts = st.one_of(st.none(), deaths)


@dataclass
class World:
    """What LinkedIn and the operator did, as the test knows it."""

    sandbox: Sandbox
    offset: int = 0
    integration: Integration | None = None
    # Undelivered notices: response id, action, when it occurred.
    waiting: list[tuple[str, str, int]] = field(default_factory=list)
    told: list[tuple[str, str, int]] = field(default_factory=list)
    # When each present submission was made, and whether it was on then.
    submitted: dict[str, tuple[int, bool]] = field(default_factory=dict)
    # May be registered although its present submission was off.
    was_on: set[str] = field(default_factory=set)
    # Its first submission after a deletion.
    since: dict[str, int] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    form_of: dict[str, str] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)


_worlds: list[World] = []
_deaths: dict[str, int] = {}


class Machine(RuleBasedStateMachine):
    """Webhooks, polls, syncs, deletions, resubmissions, switches and deaths."""

    @initialize()
    def begin(self) -> None:
        before = _worlds[0]
        sandbox = before.sandbox
        self.world = world = _worlds[0] = World(sandbox, offset=before.offset)
        sandbox.reset()
        _clean()
        sandbox.control("PUT", "clock", {"now": clock.now_ms()})
        make_application()
        world.integration = make_integration(make_user(sandbox.token(), age_s=3600))
        polling.look_for_new_integrations()
        # Forms and names are learned once: what is done later is the leads' own.
        for form in (WEBINAR, DEMO):
            self.submit(form=form, count=2)
        self.deliver_all()
        self.work_off_notices(None)

    # What LinkedIn does.

    def pass_by(self, seconds: int) -> None:
        self.world.offset += seconds * 1000
        self.world.sandbox.control("PUT", "clock", {"advance_s": seconds})

    @rule(minutes=st.sampled_from([1, 7, 40]))
    def time_passes(self, minutes: int) -> None:
        self.pass_by(minutes * 60)

    @rule(form=st.sampled_from([WEBINAR, DEMO]), count=st.integers(1, 3))
    def submit(self, form: str, count: int) -> None:
        for lead in self.world.sandbox.submit(form, count=count):
            self.world.form_of[lead] = form
            self._submitted(lead)
        self.pass_by(1)

    @precondition(lambda self: self._present())
    @rule(data=st.data())
    def submit_again(self, data: st.DataObject) -> None:
        lead = data.draw(st.sampled_from(self._present()))
        form = self.world.form_of[lead]
        self.world.sandbox.submit(form, again=lead)
        self._submitted(lead)
        self.pass_by(1)

    def _submitted(self, lead: str) -> None:
        at = self.world.sandbox.truth(full="1")["leads"]
        moment = next(row["submitted_at"] for row in at if row["id"] == lead)
        is_on = not self.world.off & {"all", self.world.form_of[lead]}
        self.world.submitted[lead] = (moment, is_on)
        self.world.since.setdefault(lead, moment)
        self.world.deleted.discard(lead)
        if is_on:
            self.world.was_on.add(lead)
        self.world.waiting.append((lead, "CREATED", moment))

    def _present(self) -> list[str]:
        return sorted(set(self.world.submitted) - self.world.deleted)

    @precondition(lambda self: self._present())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        lead = data.draw(st.sampled_from(self._present()))
        told = self.world.sandbox.control("DELETE", f"leads/{lead}")
        self.world.deleted.add(lead)
        self.world.was_on.discard(lead)
        del self.world.since[lead]
        self.world.waiting.append((lead, "DELETED", told["deleted_at"]))
        self.pass_by(1)

    @precondition(lambda self: self.world.waiting or self.world.told)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """Some notices come, in any order, one of them perhaps for the second time."""
        pool = self.world.waiting + self.world.told[-5:]
        chosen = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4))
        for notice in chosen:
            self._tell(notice)
            if notice in self.world.waiting:
                self.world.waiting.remove(notice)
                self.world.told.append(notice)

    def deliver_all(self) -> None:
        for notice in self.world.waiting:
            self._tell(notice)
        self.world.told += self.world.waiting
        self.world.waiting.clear()

    def _tell(self, notice: tuple[str, str, int]) -> None:
        lead, action, at = notice
        urn = f"urn:li:leadGenForm:{self.world.form_of[lead]}"
        body = {
            "type": "LEAD_ACTION",
            "leadGenFormResponse": f"urn:li:leadGenFormResponse:{lead}",
            "leadGenForm": f"urn:li:versionedLeadGenForm:({urn},3)",
            "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{EMEA}"},
            "leadType": "SPONSORED",
            "leadAction": action,
            "occurredAt": at,
        }
        inbox.record(json.dumps(body).encode())

    @precondition(lambda self: self._lost())
    @rule()
    def lose_notices(self) -> None:
        """The door was shut: of new leads only polling tells now."""
        for notice in self._lost():
            self.world.waiting.remove(notice)

    def _lost(self) -> list[tuple[str, str, int]]:
        return [row for row in self.world.waiting if row[1] == "CREATED"]

    @rule(
        switches=st.fixed_dictionaries(
            {
                "short_pages": st.sampled_from(["on", "off"]),
                "range_end": st.sampled_from(["inclusive", "exclusive"]),
                "total": st.sampled_from(["default", "absent", "constant"]),
                "max_count": st.sampled_from([2, 5, 1000]),
            }
        )
    )
    def behave(self, switches: dict[str, object]) -> None:
        self.world.sandbox.switch(**switches)

    @rule(
        kind=st.sampled_from(["500", "429", "403", "garbage", "404"]),
        count=st.integers(1, 4),
    )
    def trouble(self, kind: str, count: int) -> None:
        self.world.sandbox.fault("leadFormResponses", kind, count=count)

    @rule()
    def no_trouble(self) -> None:
        self.world.sandbox.no_faults()

    # What the operator does.

    @rule(what=st.sampled_from(["all", WEBINAR, DEMO]))
    def switch(self, what: str) -> None:
        world = self.world
        on = what in world.off
        if what == "all":
            assert world.integration is not None
            world.integration.refresh_from_db()
            integrations.switch_integration(world.integration, on=on, by=None)
        else:
            form = LeadForm.objects.filter(form_id=what).first()
            if form is None:
                return
            integrations.switch_form(form, on=on, by=None)
        world.off ^= {what}
        self.pass_by(1)

    @rule(abort=aborts)
    def sync_all(self, abort: tuple[int, bool] | None) -> None:
        assert self.world.integration is not None
        today = clock.now().date()
        period = Period(today - timedelta(days=2), today)
        run = services.start_sync(self.world.integration, period=period, by=None)
        self._live(lambda: services.take_up(run.pk), abort)

    @precondition(lambda self: SyncRun.objects.exists())
    @rule(how=st.sampled_from(["cancel", "resume"]))
    def stop_or_go_on(self, how: str) -> None:
        run = SyncRun.objects.order_by("-pk").first()
        assert run is not None
        (services.cancel if how == "cancel" else services.resume)(run, by=None)

    # What the worker does, and when it dies.

    def _live(self, work: Callable[[], None], abort: tuple[int, bool] | None) -> None:
        if abort is None:
            work()
            return
        at = Abort(abort[0], after=abort[1])
        with dying_at(at):
            work()
        if at.reached:
            _deaths[at.reached] = _deaths.get(at.reached, 0) + 1
        # The next worker finds what the dead one held.
        inbox.release(worker="")
        services.release("")

    @rule(abort=aborts)
    def work_off_notices(self, abort: tuple[int, bool] | None) -> None:
        Notice.objects.filter(state=Notice.State.PENDING).update(due_at=0)
        self._live(lambda: drain(EMEA), abort)

    @rule(abort=aborts)
    def poll(self, abort: tuple[int, bool] | None) -> None:
        Polling.objects.update(due_at=0)
        assert self.world.integration is not None
        number = self.world.integration.pk
        self._live(lambda: polling.poll(number), abort)

    @rule(abort=aborts)
    def work_on_runs(self, abort: tuple[int, bool] | None) -> None:
        services.look_after_runs()
        SyncRun.objects.filter(due_at__isnull=False).update(due_at=0)
        for number in services.due_runs():
            self._live(partial(services.take_up, number), abort)

    # What is new just then, so that a death meets it.

    @rule(count=st.integers(1, 3), again=st.booleans(), death=deaths)
    def notices_and_a_death(
        self, *, count: int, again: bool, death: tuple[int, bool]
    ) -> None:
        self._something_new(count, again=again)
        self.deliver_all()
        self.work_off_notices(death)

    @rule(count=st.integers(1, 3), again=st.booleans(), death=deaths)
    def a_poll_and_a_death(
        self, *, count: int, again: bool, death: tuple[int, bool]
    ) -> None:
        self._something_new(count, again=again)
        self.poll(death)

    @rule(count=st.integers(1, 3), again=st.booleans(), death=deaths)
    def a_sync_and_a_death(
        self, *, count: int, again: bool, death: tuple[int, bool]
    ) -> None:
        self._something_new(count, again=again)
        self.sync_all(death)

    def _something_new(self, count: int, *, again: bool) -> None:
        self.submit(form=WEBINAR, count=count)
        if again:
            lead = self._present()[0]
            self.world.sandbox.submit(self.world.form_of[lead], again=lead)
            self._submitted(lead)
            self.pass_by(1)

    # How it ends.

    def teardown(self) -> None:
        if not hasattr(self, "world") or self.world.integration is None:
            return
        world, sandbox = self.world, self.world.sandbox
        sandbox.no_faults()
        sandbox.switch(short_pages="off", range_end="inclusive", total="default")
        for notice in [row for row in world.waiting if row[1] == "DELETED"]:
            self._tell(notice)
        self.work_off_notices(None)
        self.poll(None)
        for _round in range(3):
            self.work_on_runs(None)
        assert not SyncRun.objects.filter(due_at__isnull=False).exists()
        self._compare()
        # Whatever was switched off: a sync brings the rest.
        self.pass_by(1)
        self.sync_all(None)
        for _round in range(3):
            self.work_on_runs(None)
        truth = sandbox.truth(full="1")["leads"]
        assert sorted(_registered()) == sorted(row["id"] for row in truth)
        for row in truth:
            _compare_content(row)
        assert not HeldBack.objects.exists()

    def _compare(self) -> None:
        world = self.world
        truth = {row["id"]: row for row in world.sandbox.truth(full="1")["leads"]}
        here = _registered()
        assert len(here) == len(set(here))
        assert set(here) <= set(truth)
        for lead, row in truth.items():
            is_on = world.submitted[lead][1]
            if is_on:
                assert lead in here, lead
                _compare_content(row)
            elif lead in here:
                may_be = _may_be_synced(world.since[lead])
                assert lead in world.was_on or may_be, lead
        for lead in world.deleted:
            key, _check = identity_of(lead)
            assert not LeadFormResponse.objects.filter(urn_key=key).exists()
            known = Registration.objects.filter(pk=key).first()
            assert known is None or known.fate == Fate.DELETED
        leads = Registration.objects.filter(fate=Fate.REGISTERED)
        assert leads.count() == len(here)


def _may_be_synced(since: int) -> bool:
    """Whether a run that takes everything may have met a submission since then."""
    at = clock.from_ms(since)
    asked = SyncRun.objects.filter(kind=SyncRun.Kind.ASKED)
    return asked.filter(Q(ended_at=None) | Q(ended_at__gte=at)).exists()


def _registered() -> list[str]:
    rows = ExtendedLeadInformation.objects.values_list("linkedin_lead_id", flat=True)
    return list(rows)


def _compare_content(row: dict[str, Any]) -> None:
    lead = Lead.objects.get(extended__linkedin_lead_id=row["id"])
    answers = {answer["predefined"]: answer["text"] for answer in row["answers"]}
    wanted = answers.get("EMAIL") or answers.get("WORK_EMAIL") or ""
    assert lead.email == wanted, row["id"]


def _clean() -> None:
    Notice.objects.all().delete()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(_TABLES)} CASCADE")
            return
        for table in _TABLES:
            cursor.execute(f"DELETE FROM {table}")


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_the_leads_end_as_linkedin_has_them(
    sandbox: Sandbox, settings_: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_.LINKEDIN_API = settings_.LINKEDIN_OAUTH = sandbox.url
    _worlds[:] = [World(sandbox)]
    real = clock.now_ms
    monkeypatch.setattr(clock, "now_ms", lambda: real() + _worlds[0].offset)
    monkeypatch.setattr("leadferry.linkedin.transport._FIRST_PAUSE_SECONDS", 0.001)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    sys.stdout.write(f"{EXAMPLES} examples of up to {STEPS} steps; died:\n")
    for name, count in sorted(_deaths.items()):
        sys.stdout.write(f"{count:6} times {name}\n")
    assert len(_deaths) >= 12


@pytest.fixture
def settings_(settings: Settings) -> Settings:
    """pytest-django's settings, by a name that hypothesis' do not have."""
    return settings
