"""A replay whose worker dies at any commit ends as one that nobody disturbed."""

from itertools import count

import pytest

from leadferry.accounts.models import User
from leadferry.ingest.tests.conftest import _nothing_compiled
from leadferry.integrations.models import LeadForm
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.leads.models import LEADGEN_LOOKUPS, Lead, LeadChange, Lookup
from leadferry.mapping.sources import ColumnMapping
from leadferry.sync import replay, replay_work
from leadferry.sync.models import ReplayBatch, ReplayChange
from leadferry.sync.replay_queries import ChangeFilter
from leadferry.sync.tests.builders import (
    CONTACT,
    MACRO,
    QUESTION,
    dump,
    edit,
    previewed,
    submit,
    use,
)
from tests.support.aborts import Abort, dying_at

__all__ = ["_nothing_compiled"]
pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.req("B2"),
]
State = ReplayBatch.State
LEADS = 5


def outcome(batch: ReplayBatch) -> tuple[object, ...]:
    changes = ReplayChange.objects.filter(batch=batch).order_by("lead", "column")
    told = LeadChange.objects.exclude(kind=LeadChange.Kind.CREATED)
    stored = dump()
    for answer in stored["answers"]:
        # Each round meets it at another time.
        del answer["first_at"]
    return (
        batch.state,
        batch.counts,
        (batch.read, batch.leads, batch.done),
        (batch.written, batch.skipped, batch.undone, batch.kept),
        list(changes.values_list("lead", "column", "state", "is_included")),
        list(told.order_by("lead", "pk").values_list("lead", "kind", "columns")),
        stored,
    )


def work(batch: ReplayBatch, deaths: list[Abort]) -> None:
    """Each worker dies at its moment, and the next one takes over."""
    for death in deaths:
        with dying_at(death):
            replay.take_up(batch.pk)
        replay.release("")
    replay.take_up(batch.pk)
    batch.refresh_from_db()


def replayed(
    form: LeadForm, step: str, deaths: list[Abort]
) -> list[tuple[object, ...]]:
    """Previewed, written and taken back, with deaths in one of the steps."""
    told = LeadChange.objects.exclude(kind=LeadChange.Kind.CREATED)
    told.exclude(kind=LeadChange.Kind.EDITED).delete()
    batch = previewed(form, take_up=False)
    work(batch, deaths if step == "preview" else [])
    found = [outcome(batch)]
    replay.tick_all(batch, ChangeFilter(is_edited=True), is_included=True)
    assert replay.apply(batch, by=None)
    work(batch, deaths if step == "apply" else [])
    found.append(outcome(batch))
    assert replay.undo(batch, by=None)
    work(batch, deaths if step == "undo" else [])
    found.append(outcome(batch))
    return found


def test_it_goes_on_wherever_the_worker_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_work, "LEADS", 3)
    for code in LEADGEN_LOOKUPS:
        Lookup.objects.get_or_create(code=code)
    form = make_form(make_integration())
    use(form, CONTACT, MACRO)
    submit(form, *range(LEADS))
    person = User.objects.create(username="mara", password="x")
    edit(Lead.objects.all()[0], person, Commentary="mine")
    before = dump()
    budget = ColumnMapping(column="Budget", source=QUESTION)
    commentary = ColumnMapping(column="Commentary", source=QUESTION)
    use(form, CONTACT, budget, commentary, MACRO)
    undisturbed = replayed(form, "none", [])
    assert [one[0] for one in undisturbed] == [State.READY, State.APPLIED, State.UNDONE]
    assert undisturbed[-1][-1] == before

    for step in ("preview", "apply", "undo"):
        for number in count(1):
            deaths = [Abort(number, after=False), Abort(number, after=True)]
            assert replayed(form, step, deaths) == undisturbed
            if not any(death.reached for death in deaths):
                break
        # The claim, two batches and the end at least.
        assert number > 4
