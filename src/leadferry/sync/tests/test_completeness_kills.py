"""A check whose worker dies at any commit counts as one that nobody disturbed."""

from datetime import timedelta
from itertools import count

import pytest

from leadferry.ingest.drain import drain
from leadferry.integrations.models import Integration
from leadferry.kit import clock
from leadferry.leads.models import LEADGEN_LOOKUPS, Lead, Lookup
from leadferry.sync import checks, mending, services
from leadferry.sync.models import DayProof, Slice, SyncRun
from leadferry.sync.periods import Period
from tests.support.aborts import Abort, dying_at
from tests.support.sandbox import EMEA, Sandbox

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.req("B1"),
]
DAY_MS = 86_400_000
_KEPT = (
    "form_id",
    "day",
    "state",
    "total",
    "registered",
    "missing",
    "mended",
    "digest",
)


@pytest.fixture(autouse=True)
def _lookups() -> None:
    # A test that commits leaves an empty database to the next.
    for code in LEADGEN_LOOKUPS:
        Lookup.objects.get_or_create(code=code, defaults={"name": code})


def check(integration: Integration) -> None:
    """Two days, of which each page is a commit of its own."""
    today = checks.today()
    checks.start_check(
        integration, first=today - timedelta(days=3), last=today, by=None
    )
    work()


def work() -> None:
    services.release("")
    for run_id in services.due_runs():
        services.take_up(run_id)


def mend() -> None:
    """As the worker does it, until nothing is due."""
    while DayProof.objects.filter(look_at__isnull=False).exists():
        DayProof.objects.filter(look_at__isnull=False).update(look_at=0)
        mending.look_after_gaps()
        drain(EMEA)
    work()


def proofs() -> list[tuple[object, ...]]:
    return list(DayProof.objects.order_by("day", "form_id").values_list(*_KEPT))


def forget() -> None:
    DayProof.objects.all().delete()
    SyncRun.objects.all().delete()


@pytest.mark.parametrize("after", [False, True])
def test_a_check_that_dies_anywhere(
    sandbox: Sandbox,
    integration: Integration,
    monkeypatch: pytest.MonkeyPatch,
    after: bool,  # noqa: FBT001 - drawn from the table
) -> None:
    monkeypatch.setattr("leadferry.sync.completeness._PAGES_AT_ONCE", 1)
    sandbox.switch(max_count=5)
    start = (clock.now_ms() // DAY_MS - 2) * DAY_MS
    span = {"start": start + 1000, "end": start + DAY_MS - 1000}
    sandbox.submit(count=9, submitted_at=span)
    day = checks.today() - timedelta(days=2)
    services.start_sync(
        integration, period=Period(day - timedelta(days=1), checks.today()), by=None
    )
    work()
    sandbox.submit(count=4, submitted_at=span)
    check(integration)
    undisturbed = proofs()
    assert {row[5] for row in undisturbed} == {0, 4}

    for number in count(1):
        forget()
        abort = Abort(number, after=after)
        with dying_at(abort):
            check(integration)
        check(integration)
        assert proofs() == undisturbed, abort.reached
        assert not Slice.objects.exists()
        if not abort.reached:
            break
    assert number > 5

    for number in count(1):
        abort = Abort(number, after=after)
        with dying_at(abort):
            mend()
        mend()
        if not abort.reached:
            break
    mended = DayProof.objects.get(day=day, form_id=0)
    assert (mended.state, mended.registered) == (DayProof.State.PROVEN, 13)
    assert Lead.objects.count() == 13
