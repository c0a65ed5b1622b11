"""Whatever is mapped, edited, settled and ticked: an undone replay was none."""

import random
from decimal import Decimal

import pytest

from leadferry.accounts.models import User
from leadferry.ingest.tests.conftest import _nothing_compiled
from leadferry.integrations.models import LeadForm
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.leads.answers import bring_in_line, due_answers
from leadferry.leads.models import Lead, LeadColumn
from leadferry.mapping.sources import ColumnMapping, Constant
from leadferry.sync import replay
from leadferry.sync.models import ReplayBatch, ReplayChange
from leadferry.sync.tests.builders import (
    CONTACT,
    MACRO,
    QUESTION,
    country,
    dump,
    edit,
    previewed,
    settle,
    submit,
    undone,
    use,
    worked_on,
)

__all__ = ["_nothing_compiled"]
pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("B2", "D2")]

LEADS, ROUNDS = 4, 6
TEXTS = ["Germany", "Deutschland", "5", "7.50", "ja", "2026-01-31", "soon", "x" * 60]
CONSTANTS = {
    "Budget": "7.5",
    "DecisionDate": "2026-01-31",
    "Commentary": "said",
    "Zip": "10115",
    "DoNotUseEmail": "true",
    "UsrText": "own",
    "UsrFlag": "false",
}


def rows_of(luck: random.Random) -> list[ColumnMapping]:
    codes = luck.sample([*CONSTANTS, "Country"], k=luck.randint(1, 5))
    made = []
    for code in codes:
        is_constant = code in CONSTANTS and luck.random() < 0.4
        source = Constant(CONSTANTS[code]) if is_constant else QUESTION
        made.append(ColumnMapping(column=code, source=source))
    return made


def something_happens(luck: random.Random, form: LeadForm, person: User) -> None:
    """An edit, a submission, or an answer that is settled."""
    lead = luck.choice(list(Lead.objects.order_by("pk")))
    match luck.randrange(4):
        case 0:
            edit(lead, person, Commentary=f"mine {luck.randrange(99)}")
        case 1:
            edit(lead, person, Budget=Decimal(luck.randrange(99)))
        case 2:
            edit(lead, person, Country=country(luck.choice(["Spain", "Italy"])))
        case _:
            settle("Deutschland", luck.choice(["Germany", "Austria"]), person)
    for answer in due_answers():
        while bring_in_line(answer):
            pass


@pytest.mark.parametrize("seed", [1, 2])
def test_an_undone_replay_was_none(seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311 - repeatable by its seed
    for code, kind in (("UsrText", "text"), ("UsrFlag", "boolean")):
        LeadColumn.objects.create(code=code, caption=code, type=kind)
    person = User.objects.create(username="mara", password="x")
    form = make_form(make_integration())
    use(form, CONTACT, *rows_of(luck), MACRO)
    for number in range(LEADS):
        submit(form, number, text=luck.choice(TEXTS))
    written = 0
    for number in range(ROUNDS):
        something_happens(luck, form, person)
        use(form, CONTACT, *rows_of(luck), MACRO)
        before = dump()
        batch = previewed(form)
        changes = list(ReplayChange.objects.filter(batch=batch).values_list("pk"))
        shown = [pk for (pk,) in changes]
        ticked = [pk for pk in shown if luck.random() < 0.7]
        replay.tick(batch, shown=shown, ticked=ticked)
        if not replay.apply(batch, by=person):
            continue
        worked_on(batch)
        written += batch.written
        assert batch.skipped == 0
        # Every third stays, so that the next one meets what it left.
        if number % 3 == 2:
            continue
        undone(batch)
        assert (batch.state, batch.kept) == (ReplayBatch.State.UNDONE, 0)
        assert dump() == before
    assert written >= ROUNDS
