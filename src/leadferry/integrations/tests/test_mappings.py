"""Mappings: refused with the reason, versioned, and never lost between two people."""

from dataclasses import replace

import pytest
from django.db import connection, transaction

from leadferry.accounts.models import User
from leadferry.integrations import mappings, queries, services
from leadferry.integrations.mappings import Draft, MappingChanged, MappingRefused
from leadferry.integrations.models import Integration, MappingVersion
from leadferry.integrations.services import Changes
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.leads.models import LeadColumn
from leadferry.mapping.defaults import starting_mapping
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Macro,
)

pytestmark = pytest.mark.django_db(databases="__all__")

NOTES = ColumnMapping(column="Notes", source=Macro())


@pytest.fixture
def integration() -> Integration:
    return make_integration()


def rows_with(column: str, value: str) -> list[ColumnMapping]:
    return [ColumnMapping(column=column, source=Constant(value)), NOTES]


def save(integration: Integration, rows: list[ColumnMapping]) -> MappingVersion:
    return mappings.save_mapping(
        integration=integration, form=None, draft=Draft(rows=rows), by=None
    )


@pytest.mark.req("R075")
def test_each_apply_makes_a_version_unless_nothing_changed(
    integration: Integration,
) -> None:
    first = queries.default_mapping(integration)
    assert save(integration, list(starting_mapping())) == first
    second = save(integration, rows_with("Account", "Northwind"))
    assert (first.number, second.number) == (1, 2)
    assert queries.mapping_rows(first) == list(starting_mapping())
    found = mappings.differences(
        queries.mapping_rows(first), queries.mapping_rows(second)
    )
    assert [one.column for one in found] == [
        "Account", "Contact", "Email", "MobilePhone", "FullJobTitle",
    ]  # fmt: skip


@pytest.mark.req("D5", "R017", "R018", "R019", "R020", "R021", "R022", "D7")
@pytest.mark.parametrize(
    ("rows", "column", "words"),
    [
        (rows_with("Zip", "x" * 51), "Zip", "too long"),
        (rows_with("Budget", "much"), "Budget", "not a number"),
        (rows_with("DoNotUseFax", "maybe"), "DoNotUseFax", "not true or false"),
        (rows_with("DecisionDate", "2026-02-30"), "DecisionDate", "not a date"),
        (rows_with("MeetingDate", "soon"), "MeetingDate", "not a date"),
        (rows_with("Country", "999999"), "Country", "not in its lookup"),
        ([ColumnMapping(column="Zip", source=Constant("1"))], "", "no answer is lost"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_column(
    integration: Integration, rows: list[ColumnMapping], column: str, words: str
) -> None:
    with pytest.raises(MappingRefused, match=words) as refused:
        save(integration, rows)
    assert [problem.column for problem in refused.value.problems] == [column]
    assert queries.default_mapping(integration).number == 1


def test_a_retired_column_and_a_vanished_field_are_refused(
    integration: Integration,
) -> None:
    LeadColumn.objects.create(code="UsrOld", caption="Old", type="text")
    save(integration, rows_with("UsrOld", "x"))
    LeadColumn.objects.update(is_retired=True)
    with pytest.raises(MappingRefused, match="retired"):
        save(integration, [*rows_with("UsrOld", "y")])
    gone = FormField(refs=(FieldRef(FieldKind.QUESTION, "99"),))
    rows = [ColumnMapping(column="Account", source=gone), NOTES]
    with pytest.raises(MappingRefused, match="never had question 99"):
        mappings.save_mapping(
            integration=integration,
            form=make_form(integration),
            draft=Draft(rows=rows),
            by=None,
        )


def test_a_mapping_that_does_not_fit_any_more_blocks_no_switch(
    integration: Integration,
) -> None:
    LeadColumn.objects.create(code="UsrOld", caption="Old", type="text")
    save(integration, rows_with("UsrOld", "x"))
    LeadColumn.objects.update(is_retired=True)
    as_it_was = Draft(rows=rows_with("UsrOld", "x"))
    off = Changes(name="N", on=False, forms={}, default=as_it_was)
    services.apply_integration(integration, off, by=None)
    integration.refresh_from_db()
    assert not integration.is_on


@pytest.mark.parametrize("seen_by_the_second", [0, 1])
def test_the_second_of_two_people_sees_what_the_first_did(
    integration: Integration, seen_by_the_second: int
) -> None:
    form = make_form(integration)
    first = mappings.save_mapping(
        integration=integration, form=form, draft=Draft(rows=[NOTES]), by=None
    )
    seen = first.pk if seen_by_the_second else 0
    if seen:
        mappings.save_mapping(
            integration=integration,
            form=form,
            draft=Draft(rows=rows_with("Account", "A"), based_on=seen),
            by=None,
        )
    with pytest.raises(MappingChanged) as conflict:
        mappings.save_mapping(
            integration=integration,
            form=form,
            draft=Draft(rows=rows_with("Account", "B"), based_on=seen),
            by=None,
        )
    newest = queries.custom_mapping(form)
    assert conflict.value.version == newest


@pytest.mark.req("R032", "R104")
def test_one_thing_refused_leaves_everything_as_it_was(
    integration: Integration,
) -> None:
    form = make_form(integration)
    changes = Changes(
        name="Renamed",
        on=False,
        forms={form.pk: False},
        default=Draft(rows=rows_with("Account", "A")),
        custom_form=form,
        custom=Draft(rows=[]),
    )
    with pytest.raises(MappingRefused) as refused:
        services.apply_integration(integration, changes, by=None)
    assert refused.value.form == form
    integration.refresh_from_db()
    form.refresh_from_db()
    assert (integration.name, integration.is_on) == ("LinkedIn – Northwind EMEA", True)
    assert (form.is_on, form.has_custom_mapping) == (True, False)
    assert queries.default_mapping(integration).number == 1


@pytest.mark.req("R032")
def test_a_cleared_custom_mapping_is_kept_unused(integration: Integration) -> None:
    form = make_form(integration)
    unticked = Changes(name="N", on=True, forms={}, custom_form=form)
    ticked = replace(unticked, custom=Draft(rows=[NOTES]))
    services.apply_integration(integration, ticked, by=None)
    form.refresh_from_db()
    assert queries.mapping_rows(queries.effective_mapping(form)) == [NOTES]
    services.apply_integration(integration, unticked, by=None)
    form.refresh_from_db()
    assert queries.effective_mapping(form) == queries.default_mapping(integration)
    held = queries.custom_mapping(form)
    assert held is not None
    assert queries.mapping_rows(held) == [NOTES]


def test_where_a_column_is_mapped(integration: Integration) -> None:
    form = make_form(integration)
    by = User.objects.create(username="ada")
    assert queries.mappings_in_force_naming("Commentary") == []
    save(integration, rows_with("Commentary", "A"))
    custom = Draft(rows=rows_with("Commentary", "B"))
    mappings.use_custom_mapping(form, integration=integration, draft=custom, by=by)
    named = queries.mappings_in_force_naming("Commentary")
    assert {version.form for version in named} == {None, form}
    save(integration, [NOTES])
    mappings.use_default_mapping(form, by=by)
    assert queries.mappings_in_force_naming("Commentary") == []


@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)
def test_applies_stand_in_a_row(integration: Integration) -> None:
    with transaction.atomic():
        save(integration, rows_with("Account", "A"))
        locked = Integration.objects.select_for_update(skip_locked=True)
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM integrations_integration FOR UPDATE SKIP LOCKED"
                )
                assert cursor.fetchall() == []
        finally:
            other.close()
        assert locked.count() == 1
