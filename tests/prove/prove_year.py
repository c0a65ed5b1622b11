"""A year in minutes: tokens and versions end, people come late, no lead is lost.

Time is moved by a day at each step, ours and LinkedIn's; then everything that is due is
done until nothing is. What happens to the instance in that year is a table of events.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import pytest
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest import inbox
from leadferry.ingest import queries as ingest
from leadferry.ingest.drain import drain
from leadferry.ingest.models import HeldBack
from leadferry.ingest.tasks import examine_what_is_due
from leadferry.ingest.tests.builders import ask_door
from leadferry.integrations import (
    api_versions,
    doctor,
    examination,
    removal,
    services,
    tokens,
)
from leadferry.integrations.checks import Check
from leadferry.integrations.models import (
    AdAccount,
    AdAccountAccess,
    CallCount,
    EndingTold,
    Finding,
    Integration,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.integrations.sign_in import begin_sign_in, come_back, finish_sign_in
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.jobs.worker import due_tasks
from leadferry.kit import clock
from leadferry.leads.models import CameBy, ExtendedLeadInformation, Lead
from leadferry.sync import polling, silence
from leadferry.sync import services as runs
from leadferry.sync.models import DayProof, SyncRun
from leadferry.sync.tasks import look_for_silence
from tests.support.instance import sign_in_at_linkedin
from tests.support.sandbox import CLIENT_ID, DEMO, WEBINAR, Sandbox
from tests.support.waiting import wait_until
from tests.support.webhook import Webhook, running_webhook

DAYS = 365
DAY_MS = 86_400_000
# Versions have names of months and end on days that are known.
_BEGINNING = datetime(2026, 11, 26, 9, tzinfo=UTC)
# The consent is so old when the year begins: its own year ends within this one.
_CONSENT_DAYS = 200
_MOST_ROUNDS, _MOST_A_DAY = 30, 4


@dataclass
class World:
    """What LinkedIn and people did, and since when."""

    sandbox: Sandbox
    # What LinkedIn reaches under the address of leads.
    webhook: Webhook
    offset: int = 0
    day: int = 0
    submitted: set[str] = field(default_factory=set)
    # The days on which nobody was connected at the end.
    dark: list[int] = field(default_factory=list)

    def pass_by(self, days: float) -> None:
        """So much time passes, and LinkedIn's clock goes with it."""
        self.offset += int(days * DAY_MS)
        self.sandbox.control("PUT", "clock", {"advance_s": days * 86_400})

    def submit(self) -> None:
        """Between yesterday and now people filled in forms, and we are told of it."""
        now, came = clock.now_ms(), set[str]()
        for form, count in ((WEBINAR, 2), (DEMO, 1 + self.day % 2)):
            span = {"start": now - DAY_MS + 60_000, "end": now - 60_000}
            came |= set(self.sandbox.submit(form, count=count, submitted_at=span))
        self.submitted |= came
        held = self.sandbox.control("GET", "subscriptions")
        if any(not row["is_blocked"] for row in held):
            wait_until(
                lambda: len(self.webhook.signatures) >= len(came),
                seconds=20,
                what="the notices of a day",
            )

    def bring_to_the_door(self) -> None:
        """What LinkedIn sent to the address: each goes to the door as it was."""
        path = urlsplit(services.notices_url()).path
        while self.webhook.challenges:
            query = f"challengeCode={self.webhook.challenges.pop()}"
            answer, _body = ask_door(method="GET", path=path, query=query)
            assert answer in {200, 429}
        while self.webhook.signatures:
            body, signature = self.webhook.signatures.pop()
            assert ask_door(body, path=path, signature=signature) == (200, b"")


_worlds: list[World] = []


def consents(world: World) -> None:
    """Somebody presses "Restore access" and signs in at LinkedIn."""
    user = LinkedInUser.objects.first()
    redirect = f"{world.sandbox.url}/v2/landing"
    uris = {"redirect_uris": [redirect]}
    world.sandbox.control("PUT", f"apps/{CLIENT_ID}", uris)
    _begun, address = begin_sign_in(redirect_uri=redirect, expected=user)
    landed = sign_in_at_linkedin(address, "ada").url.params
    back = come_back(
        state=landed["state"], code=landed["code"], error="", description=""
    )
    finish_sign_in(back)
    assert (back.fault, back.problem) == ("", "")


def another_member_comes(world: World) -> None:
    """Somebody else signs in instead: told, refused, and nothing changes."""
    before = LinkedInUser.objects.get()
    redirect = f"{world.sandbox.url}/v2/landing"
    _begun, address = begin_sign_in(redirect_uri=redirect, expected=before)
    landed = sign_in_at_linkedin(address, "vic").url.params
    back = come_back(
        state=landed["state"], code=landed["code"], error="", description=""
    )
    finish_sign_in(back)
    assert back.fault == "other-member"
    assert LinkedInUser.objects.get().access_token == before.access_token


def member_revokes(world: World) -> None:
    """In LinkedIn's privacy settings, where nobody tells us of it."""
    world.sandbox.control("PUT", "tokens/ada", {"state": "revoked"})


def versions_are(*active: str) -> Callable[[World], None]:
    """LinkedIn answers to these versions only from now on."""

    def change(world: World) -> None:
        world.sandbox.switch(versions=",".join(active))

    return change


def refresh_tokens_are(state: str) -> Callable[[World], None]:
    """What LinkedIn gives to who signs in from now on."""
    return lambda world: world.sandbox.switch(refresh_tokens=state)


def linkedin_fails_with(kind: str) -> Callable[[World], None]:
    """Every call fails from now on."""
    return lambda world: world.sandbox.fault("*", kind)


def linkedin_is_back(world: World) -> None:
    """No call fails any more."""
    world.sandbox.no_faults()


def uses(version: str) -> Callable[[World], None]:
    """A person presses "Use it"; it must have been offered."""
    return lambda _world: api_versions.use_newer(version, by=None)


def is_used(version: str) -> Callable[[World], None]:
    """Nobody did anything, and this version is spoken."""

    def look(_world: World) -> None:
        assert LinkedInApplication.objects.get().api_version == version

    return look


def is_connected(*, renews: bool) -> Callable[[World], None]:
    """Somebody is connected, and does or does not stay so by itself."""

    def look(_world: World) -> None:
        outlook = tokens.outlooks()[0]
        assert outlook.user.state == LinkedInUser.State.ACTIVE
        assert outlook.renews_itself == renews

    return look


def is_told_as(state: str) -> Callable[[World], None]:
    """The user's state says why, and people were told."""

    def look(_world: World) -> None:
        user = LinkedInUser.objects.get()
        assert user.state == state
        told = SystemMessage.objects.filter(topic=f"linkedin-user-{user.pk}")
        assert told.filter(read_at=None).exists()
        told.update(read_at=clock.now())

    return look


def a_second_user_joins(world: World) -> None:
    """Another member is connected, too: one without a role on the page."""
    user = make_user(world.sandbox.token("vic"), sub="vic")
    for account in AdAccount.objects.all():
        AdAccountAccess.objects.create(user=user, ad_account=account, role="VIEWER")


def the_second_user_leaves(_world: World) -> None:
    """A person deletes that user; the other one goes on."""
    removal.delete_user(LinkedInUser.objects.get(sub="vic"), by=None)


def a_right_is_taken_away(world: World) -> None:
    """Leads of the page may not be read any more, and nobody tells us of it."""
    world.sandbox.fault("leadFormResponses", "403-entity")


def is_told_that_leads_cannot_be_read(_world: World) -> None:
    """The heartbeat found that a right is gone, and people were told."""
    broken = Finding.objects.filter(until=None, state=Finding.State.BROKEN)
    assert broken.filter(check_name=Check.LEADS).exists()
    assert SystemMessage.objects.filter(topic__startswith="doctor").exists()


def was_announced(key: str) -> Callable[[World], None]:
    """This end was told 30, 14, 7, 3 and 1 days before."""

    def look(_world: World) -> None:
        told = EndingTold.objects.filter(
            key__startswith=key, told_at__gt=clock.now() - timedelta(days=60)
        )
        assert set(told.values_list("days", flat=True)) == {30, 14, 7, 3, 1}

    return look


def the_address_answers(*, rightly: bool) -> Callable[[World], None]:
    """What LinkedIn gets when it checks the address of leads."""

    def change(world: World) -> None:
        world.webhook.secret_is_right = rightly

    return change


def is_blocked(world: World) -> None:
    """Three checks failed: LinkedIn sends nothing any more, and people were told."""
    assert all(
        row["is_blocked"] for row in world.sandbox.control("GET", "subscriptions")
    )
    assert SystemMessage.objects.filter(topic="door-silent", read_at=None).exists()


def is_notified_again(world: World) -> None:
    """The subscription was made anew, and nobody did anything."""
    [held] = world.sandbox.control("GET", "subscriptions")
    assert not held["is_blocked"]
    since = clock.now_ms() - DAY_MS
    came = ExtendedLeadInformation.objects.filter(submitted_at__gt=since)
    assert came.filter(came_by=CameBy.NOTICE).exists()


# Day of the year, and what happens at its end or must hold then.
EVENTS: list[tuple[int, Callable[[World], None]]] = [
    (5, versions_are("202609", "202610")),
    (20, linkedin_fails_with("503")),
    (23, linkedin_is_back),
    (30, versions_are("202608", "202610")),
    # In the morning of the next day the next call meets it.
    (31, is_used("202608")),
    (50, uses("202610")),
    (51, is_used("202610")),
    (60, is_connected(renews=True)),
    (85, linkedin_fails_with("500")),
    (92, linkedin_is_back),
    # The role on the page is taken away, and given back.
    (100, a_right_is_taken_away),
    (103, is_told_that_leads_cannot_be_read),
    (104, linkedin_is_back),
    (120, a_second_user_joins),
    # The last day that is expected of a version passes, and LinkedIn still answers.
    (130, was_announced("version-202610")),
    (140, the_second_user_leaves),
    (143, is_connected(renews=True)),
    # The end of the consent; nobody comes for five days, then the wrong one.
    (166, was_announced("user-")),
    (166, is_told_as("expired")),
    (168, another_member_comes),
    (170, refresh_tokens_are("off")),
    (171, consents),
    (172, is_connected(renews=False)),
    # Three checks of the address fail, and LinkedIn says no more.
    (190, the_address_answers(rightly=False)),
    (193, is_blocked),
    (194, the_address_answers(rightly=True)),
    (197, is_notified_again),
    # Sixty days later that ends, too.
    (232, was_announced("user-")),
    (232, is_told_as("expired")),
    (236, refresh_tokens_are("on")),
    (237, consents),
    (240, versions_are("202610", "202702", "202705")),
    (270, versions_are("202705")),
    (271, is_used("202705")),
    (295, is_connected(renews=True)),
    (300, member_revokes),
    (302, is_told_as("revoked")),
    (303, consents),
    (360, is_connected(renews=True)),
]


def is_examined(integration_id: int) -> None:
    """The doctor looks, as the worker lets it once somebody asked."""
    integration = Integration.objects.get(pk=integration_id)
    checked_at = ingest.last_challenge()
    doctor.record(integration, examination.examine(integration, checked_at=checked_at))


def everything_due() -> Iterator[Callable[[], object]]:
    """What the workers would do now: schedules, notices, polls, runs."""
    for task in due_tasks():
        # The engine's own affairs need an engine, and what asks it does.
        if task == look_for_silence:
            yield silence.look_for_silence
        elif not task.name.startswith("leadferry.jobs") and task != examine_what_is_due:
            yield task
    for integration in doctor.due():
        yield partial(is_examined, integration)
    for account in inbox.accounts_with_due_notices():
        yield partial(drain, account)
    for integration in polling.due_pollings():
        yield partial(polling.poll, integration)
    for run in runs.due_runs():
        yield partial(runs.take_up, run)


def work_until_idle() -> None:
    """Everything that is due, and what comes of it."""
    for _round in range(_MOST_ROUNDS):
        work = list(everything_due())
        if not work:
            return
        for one in work:
            one()
    raise AssertionError("There is always something to do.")


def live(world: World, days: int) -> None:
    """So many days, each with its leads, its work and its events."""
    for day in range(1, days + 1):
        world.day = day
        world.pass_by(1)
        world.submit()
        world.bring_to_the_door()
        work_until_idle()
        for when, happens in EVENTS:
            if when == day:
                happens(world)
        if not LinkedInUser.objects.filter(
            state=LinkedInUser.State.ACTIVE, expires_at__gt=clock.now()
        ):
            world.dark.append(day)


def registered() -> list[str]:
    rows = ExtendedLeadInformation.objects.values_list("linkedin_lead_id", flat=True)
    return sorted(rows)


@pytest.fixture
def world(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """An instance whose user consented long ago and was renewed since."""
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    with running_webhook() as webhook:
        yield _begun(World(sandbox, webhook), monkeypatch)


def _begun(made: World, monkeypatch: pytest.MonkeyPatch) -> World:
    _worlds[:] = [made]
    real = clock.now_ms
    made.offset = int(_BEGINNING.timestamp() * 1000) - real()
    monkeypatch.setattr(clock, "now_ms", lambda: real() + _worlds[0].offset)
    made.sandbox.control("PUT", "clock", {"now": clock.now_ms()})
    person("mia", accounts.MARKETERS)
    make_application()
    consents(made)
    for _part in range(4):
        made.pass_by(_CONSENT_DAYS / 4)
        tokens.look_after_tokens()
    integration = make_integration(LinkedInUser.objects.get())
    integration.windows.update(on_from=clock.now_ms())
    services.save_url(f"http://127.0.0.1:{made.webhook.port}", by=None)
    work_until_idle()
    return made


@pytest.mark.django_db(databases="__all__")
def test_in_a_year_no_lead_is_lost(world: World) -> None:
    began = clock.monotonic()
    live(world, DAYS)
    # The day after: what the last one left is checked, too.
    world.pass_by(1)
    work_until_idle()
    sandbox = world.sandbox
    assert registered() == sorted(world.submitted)
    assert Lead.objects.count() == len(world.submitted)
    assert not HeldBack.objects.exists()
    # LinkedIn still lists the last ninety days: each of them is here.
    truth = sandbox.truth(ids="1")["ids"]
    assert truth
    assert set(truth) <= set(registered())
    _prove_each_day(Integration.objects.get())
    _tell(world, seconds=clock.monotonic() - began)


def _prove_each_day(integration: Integration) -> None:
    whole = DayProof.objects.filter(integration=integration, form_id=DayProof.ALL_FORMS)
    assert not whole.filter(missing__gt=0).exists()
    assert not whole.filter(state=DayProof.State.GAP).exists()
    proven = {row.day: row for row in whole}
    yesterday = clock.now().date() - timedelta(days=1)
    for back in range(DAYS - 1):
        row = proven.get(yesterday - timedelta(days=back))
        assert row is not None, back
        assert row.state in {DayProof.State.PROVEN, DayProof.State.MENDED}, row.day
    # Of the day that goes on nothing is proven yet.
    counted = sum(row.registered for row in whole)
    assert Lead.objects.count() - _MOST_A_DAY <= counted <= Lead.objects.count()
    assert not SyncRun.objects.filter(due_at__lte=clock.now_ms()).exists()


def _tell(world: World, *, seconds: float) -> None:
    renewals = len(world.sandbox.calls("accessToken"))
    looks = len(world.sandbox.calls("introspectToken"))
    messages = SystemMessage.objects.count()
    sys.stdout.write(
        f"{DAYS} days in {seconds:.0f} s: {len(world.submitted)} leads, none lost; "
        f"{len(world.dark)} days without a connection; {renewals} tokens given, "
        f"{looks} looks, {messages} messages, "
        f"{CallCount.objects.count()} rows of calls kept\n"
    )
