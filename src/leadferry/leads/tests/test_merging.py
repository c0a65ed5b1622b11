"""Leads are merged and taken apart again, whatever happens in between."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadferry.leads import merging, services
from leadferry.leads.answers import GivenAnswer
from leadferry.leads.duplicate_models import DuplicateKey, LeadMerge, MergedLead
from leadferry.leads.edit import LeadGone, edit_lead
from leadferry.leads.merging import MergeRefused, Plan
from leadferry.leads.models import (
    AnsweredLead,
    ExtendedLeadInformation,
    Lead,
    LeadChange,
    LeadColumn,
    LookupValue,
    Registration,
)
from leadferry.leads.queries import LeadFilter, find_lead, history_of, lead_page
from leadferry.leads.register import register
from leadferry.leads.similar_queries import merged_into
from leadferry.leads.tests.builders import make_response
from leadferry.leads.tests.test_similar import edit, keys_fit, marked, person

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("R086", "B13", "D15", "I7"),
]
START = 1_793_000_000_000


def submit(key: int, at: int = 0, digest: int = 1, **values: Any) -> int:
    """A submission of this identity; the number of its lead."""
    response = make_response(key, submitted_at=START + at, digest=digest, values=values)
    with transaction.atomic():
        register([response])
    return Registration.objects.get(pk=key).lead_id or 0


def merge(keep: int, *absorb: int, **choices: int) -> LeadMerge:
    plan = Plan(keep=keep, absorb=absorb, choices=choices, revisions={})
    return merging.merge(plan, by=None)


def erase(key: int) -> None:
    with transaction.atomic():
        services.erase(key=key, check_key=-key, occurred_at=START + 9_000)


def values_of(lead: int) -> dict[str, Any]:
    return dict(Lead.objects.values().get(pk=lead))


def dump() -> dict[str, object]:
    """Everything of the leads but that they were written to, and what tells of it."""
    leads = [dict(row) for row in Lead.objects.order_by("pk").values()]
    for row in leads:
        for name in ("revision", "modified_at"):
            del row[name]
    told = LeadChange.objects.exclude(kind__in=["merged", "unmerged"])
    answered = AnsweredLead.objects.order_by("lead_id", "answer__text_key")
    return {
        "leads": leads,
        "extended": list(ExtendedLeadInformation.objects.order_by("pk").values()),
        "ledger": list(Registration.objects.order_by("pk").values()),
        "history": list(told.order_by("pk").values()),
        "answers": list(
            answered.values_list("lead", "answer__column", "answer__text", "value")
        ),
        "keys": list(DuplicateKey.objects.order_by("pk").values_list("pk")),
    }


def test_the_kept_lead_fills_its_gaps_and_stands_for_all_submissions() -> None:
    first = submit(1, Contact="Ada", Email="ada@gmail.com")
    second = submit(2, at=5, Contact="Ada B", Account="Northwind", Email="a@nw.example")
    merge(first, second)
    row = values_of(first)
    assert (row["contact"], row["account"], row["email"]) == (
        "Ada", "Northwind", "ada@gmail.com",
    )  # fmt: skip
    assert row["edited_columns"] == []
    assert set(Registration.objects.values_list("lead_id", flat=True)) == {first}
    assert [lead.pk for lead in lead_page(LeadFilter()).leads] == [first]
    assert find_lead(second) is None
    assert merged_into(second) == first
    told = LeadChange.objects.get(kind=LeadChange.Kind.MERGED)
    assert told.columns == {"Account": {"old": "", "new": "Northwind"}}
    assert keys_fit()
    history = history_of(Lead.objects.get(pk=first))
    assert [change.kind for change in history] == ["merged", "created", "created"]


def test_what_a_person_chose_no_import_changes() -> None:
    first = submit(1, Contact="Ada", Email="ada@gmail.com")
    second = submit(2, Contact="Ada B", Email="a@nw.example")
    merge(first, second, Email=second)
    assert values_of(first)["edited_columns"] == ["Email"]
    submit(1, at=7, digest=2, Contact="Ada C", Email="new@gmail.com")
    row = values_of(first)
    assert (row["contact"], row["email"]) == ("Ada C", "a@nw.example")


def test_a_later_submission_of_a_merged_lead_updates_the_kept_one() -> None:
    first = submit(1, Contact="Ada")
    second = submit(2, at=5, Contact="Ada B", Account="Northwind")
    merge(first, second)
    submit(2, at=5, Contact="Ada B", Account="Northwind")
    assert values_of(first)["contact"] == "Ada"
    submit(2, at=6, digest=2, Contact="Countess", Account="Northwind")
    assert values_of(first)["contact"] == "Countess"
    # Later than its own before, but not than what the lead stands for.
    submit(1, at=1, digest=3, Contact="Old")
    assert values_of(first)["contact"] == "Countess"
    assert Lead.objects.filter(merged_into=None).count() == 1


def test_a_merge_is_taken_back() -> None:
    first = submit(1, Contact="Ada", Email="ada@gmail.com")
    second = submit(
        2, at=5, Contact="Ada B", Account="Northwind", Email="ada@gmail.com"
    )
    assert marked() == {first, second}
    before = dump()
    made = merge(first, second, Contact=second)
    assert marked() == set()
    merging.undo(made.pk, by=None)
    assert dump() == before
    assert marked() == {first, second}
    made.refresh_from_db()
    assert (made.changes, made.choices, MergedLead.objects.count()) == ({}, {}, 0)
    with pytest.raises(MergeRefused, match="already"):
        merging.undo(made.pk, by=None)


def test_what_was_changed_since_stays_when_a_merge_is_taken_back() -> None:
    first = submit(1, Contact="Ada")
    second = submit(2, Contact="Ada B", Account="Northwind", Email="a@nw.example")
    made = merge(first, second)
    edit(first, Account="Tailwind")
    merging.undo(made.pk, by=None)
    row = values_of(first)
    assert (row["account"], row["email"]) == ("Tailwind", "")
    assert row["edited_columns"] == ["Account"]
    assert values_of(second)["account"] == "Northwind"


def test_merges_are_taken_back_in_their_order() -> None:
    leads = [submit(key, Contact=f"Ada {key}") for key in (1, 2, 3)]
    before = dump()
    inner = merge(leads[1], leads[2])
    outer = merge(leads[0], leads[1])
    assert set(Registration.objects.values_list("lead_id", flat=True)) == {leads[0]}
    with pytest.raises(MergeRefused, match="part of another"):
        merging.undo(inner.pk, by=None)
    later = LeadMerge.objects.create(lead_id=leads[0], submitted_at=START)
    with pytest.raises(MergeRefused, match="later merge"):
        merging.undo(outer.pk, by=None)
    later.delete()
    merging.undo(outer.pk, by=None)
    merging.undo(inner.pk, by=None)
    assert dump() == before


def test_whoever_merges_second_is_told() -> None:
    first, second = submit(1, Contact="Ada"), submit(2, Contact="Ada B")
    seen = dict(Lead.objects.values_list("pk", "revision"))
    plans = [
        Plan(keep=keep, absorb=[other], choices={}, revisions=seen)
        for keep, other in ((first, second), (second, first))
    ]
    merging.merge(plans[0], by=None)
    with pytest.raises(MergeRefused, match="meanwhile"):
        merging.merge(plans[1], by=None)
    with pytest.raises(MergeRefused, match="meanwhile"):
        merging.merge(plans[0], by=None)


def test_a_lead_that_changed_meanwhile_is_not_merged() -> None:
    first, second = submit(1, Contact="Ada"), submit(2, Contact="Ada B")
    seen = dict(Lead.objects.values_list("pk", "revision"))
    edit(second, Contact="Eve")
    plan = Plan(keep=first, absorb=[second], choices={}, revisions=seen)
    with pytest.raises(MergeRefused, match="changed one"):
        merging.merge(plan, by=None)
    assert Lead.objects.filter(merged_into=None).count() == 2


def test_a_merged_lead_is_not_edited() -> None:
    first, second = submit(1, Contact="Ada"), submit(2, Contact="Ada B")
    revision = values_of(second)["revision"]
    merge(first, second)
    with pytest.raises(LeadGone, match="part of another"):
        edit_lead(
            lead_id=second, revision=revision, values={"Contact": "x"}, by=person()
        )


def everything() -> str:
    """All that is stored of leads, as text."""
    return str(
        (
            list(Lead.objects.values()),
            list(LeadChange.objects.values()),
            list(LeadMerge.objects.values()),
            list(MergedLead.objects.values()),
        )
    )


def test_a_deleted_submission_takes_with_it_what_came_from_it() -> None:
    first = submit(1, Contact="Ada")
    second = submit(2, Contact="Eve", Account="Secretwind", Email="s@secret.example")
    merge(first, second, Contact=second)
    assert values_of(first)["contact"] == "Eve"
    edit(first, Commentary="called")
    erase(2)
    row = values_of(first)
    assert (row["contact"], row["account"], row["email"]) == ("Ada", "", "")
    assert row["commentary"] == "called"
    assert not Lead.objects.filter(pk=second).exists()
    assert "ecret" not in everything()
    assert "Eve" not in everything()
    assert keys_fit()
    # It never comes back.
    submit(2, at=1, digest=2, Contact="Eve")
    assert Lead.objects.count() == 1


def test_the_kept_leads_own_submission_is_deleted() -> None:
    first = submit(1, Contact="Secret", Email="s@secret.example")
    second = submit(2, Contact="Eve", Account="Northwind")
    third = submit(3, Contact="Eva", Commentary="third")
    merge(first, second, third)
    erase(1)
    assert not Lead.objects.filter(pk=first).exists()
    assert merged_into(third) == second
    row = values_of(second)
    assert (row["contact"], row["account"], row["commentary"], row["email"]) == (
        "Eve", "Northwind", "third", "",
    )  # fmt: skip
    assert "ecret" not in everything()
    assert set(
        Registration.objects.filter(lead_id__isnull=False).values_list(
            "lead_id", flat=True
        )
    ) == {second}


def test_a_deletion_reaches_through_merges_of_merges() -> None:
    first = submit(1, Contact="Ada")
    second = submit(2, Contact="Eve")
    third = submit(3, Contact="Secret", Account="Secretwind")
    merge(second, third)
    merge(first, second)
    assert values_of(first)["account"] == "Secretwind"
    erase(3)
    assert "ecret" not in everything()
    assert merged_into(second) == first
    erase(2)
    erase(1)
    assert Lead.objects.count() == 0
    assert (LeadMerge.objects.count(), MergedLead.objects.count()) == (0, 0)


def test_what_a_deleted_one_brought_after_the_merge_goes_too() -> None:
    first = submit(1, Contact="Ada", Commentary="own")
    second = submit(2, Contact="Eve")
    merge(first, second)
    submit(2, at=9, digest=2, Contact="Secret", Commentary="secret")
    assert values_of(first)["contact"] == "Secret"
    erase(2)
    assert "ecret" not in everything()
    # The next reading of its own submission fills it again.
    submit(1, Contact="Ada", Commentary="own")
    row = values_of(first)
    assert (row["contact"], row["commentary"]) == ("Ada", "own")


def test_answers_that_wait_go_with_the_column_and_come_back() -> None:
    germany = LookupValue.objects.get(lookup__code="Country", code="DE")
    waits = GivenAnswer(column="Country", text="Alemannia", kind="x", label="Country")
    response = make_response(1, values={"Contact": "Ada"})
    with transaction.atomic():
        register([replace(response, answers=[waits])])
    first = Registration.objects.get(pk=1).lead_id or 0
    second = submit(2, Contact="Ada B", Country=germany.pk)
    before = dump()
    made = merge(first, second)
    row = values_of(first)
    assert (row["country_id"], row["problems"]) == (germany.pk, [])
    assert AnsweredLead.objects.count() == 0
    merging.undo(made.pk, by=None)
    assert dump() == before


TEXTS = st.sampled_from(["", "a", "b"])
LEADS = st.lists(
    st.fixed_dictionaries(
        {"Contact": TEXTS, "Account": TEXTS, "Email": TEXTS, "UsrX": TEXTS}
    ),
    min_size=2,
    max_size=4,
)


@pytest.mark.django_db(databases="__all__")
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(leads=LEADS, data=st.data())
def test_merge_and_undo_is_identity(
    leads: list[dict[str, str]], data: st.DataObject
) -> None:
    with transaction.atomic():
        LeadColumn.objects.create(code="UsrX", caption="X", type="text", length=250)
        ids = [
            submit(10 + number, number, 1, **{k: v for k, v in held.items() if v})
            for number, held in enumerate(leads)
        ]
        for lead in ids:
            if data.draw(st.booleans()):
                edit(lead, Account=data.draw(TEXTS), Commentary="mine")
        states = [dump()]
        merges: list[LeadMerge] = []
        left = list(ids)
        while len(left) > 1 and data.draw(st.booleans()):
            keep = data.draw(st.sampled_from(left))
            others = [lead for lead in left if lead != keep]
            absorb = data.draw(
                st.lists(st.sampled_from(others), min_size=1, unique=True)
            )
            choices = data.draw(
                st.dictionaries(
                    st.sampled_from(["Contact", "Account", "UsrX"]),
                    st.sampled_from([keep, *absorb]),
                )
            )
            merges.append(merge(keep, *absorb, **choices))
            assert keys_fit()
            left = [lead for lead in left if lead not in absorb]
            states.append(dump())
        for made in reversed(merges):
            assert dump() == states.pop()
            merging.undo(made.pk, by=None)
        assert dump() == states.pop()
        transaction.set_rollback(True)
