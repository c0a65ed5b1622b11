"""Replays and duplicates: keys follow a replay, merged leads are left out."""

import pytest

from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.leads import merging
from leadferry.leads.duplicate_models import DuplicateKey
from leadferry.leads.merging import Plan
from leadferry.leads.models import Lead
from leadferry.leads.tests.test_similar import keys_fit
from leadferry.mapping.sources import ColumnMapping
from leadferry.sync import replay
from leadferry.sync.tests.builders import (
    CONTACT,
    MACRO,
    QUESTION,
    previewed,
    submit,
    use,
)

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("B2", "B13", "D15"),
]
ACCOUNT = ColumnMapping(column="Account", source=QUESTION)


def test_keys_follow_a_replay_and_its_undo() -> None:
    form = make_form(make_integration())
    use(form, CONTACT, MACRO)
    submit(form, 1, 2)
    assert DuplicateKey.objects.count() == 0
    use(form, CONTACT, ACCOUNT, MACRO)
    batch = previewed(form)
    assert replay.apply(batch, by=None)
    replay.take_up(batch.pk)
    assert DuplicateKey.objects.count() == 2
    assert keys_fit()
    assert replay.undo(batch, by=None)
    replay.take_up(batch.pk)
    assert DuplicateKey.objects.count() == 0


def test_a_replay_writes_to_the_kept_lead_only() -> None:
    form = make_form(make_integration())
    use(form, CONTACT, MACRO)
    submit(form, 1, 2)
    kept, merged = Lead.objects.order_by("pk")
    plan = Plan(keep=kept.pk, absorb=[merged.pk], choices={}, revisions={})
    made = merging.merge(plan, by=None)
    use(form, CONTACT, ACCOUNT, MACRO)
    batch = previewed(form)
    assert replay.apply(batch, by=None)
    replay.take_up(batch.pk)
    kept.refresh_from_db()
    merged.refresh_from_db()
    assert kept.account != ""
    assert merged.account == ""
    merging.undo(made.pk, by=None)
    assert keys_fit()
