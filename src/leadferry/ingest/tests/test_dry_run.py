"""A mapping is tried on real submissions; constants and switches do what they say."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leadferry.accounts.models import User
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.dry_run import TRIED, try_mapping
from leadferry.ingest.import_page import import_page
from leadferry.ingest.models import LeadFormResponse
from leadferry.ingest.tests.builders import make_response
from leadferry.integrations import mappings, services
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit import clock
from leadferry.leads import lookup_services
from leadferry.leads.models import Fate, Lead, Lookup, Registration
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Macro,
    predefined,
)

pytestmark = pytest.mark.django_db(databases="__all__")

NOTES = ColumnMapping(column="Notes", source=Macro())
FIRST_NAME = FormField(refs=(predefined("FIRST_NAME"),))


@pytest.fixture
def integration() -> Integration:
    return make_integration()


@pytest.fixture
def form(integration: Integration) -> LeadForm:
    return make_form(integration)


def bring(integration: Integration, *numbers: int, **more: object) -> None:
    elements = [make_response(number, **more) for number in numbers]
    import_page(ResponsePage(integration=integration, elements=elements))


def test_the_last_submissions_show_what_each_column_gets(
    integration: Integration, form: LeadForm
) -> None:
    bring(integration, *range(1, TRIED + 6))
    rows = [
        ColumnMapping(column="Contact", source=FIRST_NAME),
        ColumnMapping(
            column="Budget",
            source=FormField(refs=(FieldRef(FieldKind.QUESTION, "1"),)),
        ),
        NOTES,
    ]
    before = list(Lead.objects.values_list("pk", "contact", "revision"))
    tried = try_mapping(integration, form=form, rows=rows)
    assert len(tried) == TRIED
    newest = tried[0]
    assert newest.name == f"Ada {TRIED + 5}"
    assert [(one.caption, one.is_macro) for one in newest.columns] == [
        ("Contact name", False), ("Notes", True),
    ]  # fmt: skip
    assert [caption for caption, _problem in newest.problems] == ["Budget"]
    assert newest.only_in_macro == []
    only_notes = try_mapping(integration, form=form, rows=[NOTES])[0]
    assert only_notes.only_in_macro == [("Name", f"Ada {TRIED + 5}")]
    assert list(Lead.objects.values_list("pk", "contact", "revision")) == before


def test_a_row_that_cannot_be_applied_is_left_out(
    integration: Integration, form: LeadForm
) -> None:
    bring(integration, 1)
    rows = [
        ColumnMapping(column="Budget", source=Constant("much")),
        ColumnMapping(column="Nowhere", source=FIRST_NAME),
        ColumnMapping(column="Contact", source=FIRST_NAME),
        NOTES,
    ]
    tried = try_mapping(integration, form=form, rows=rows)
    assert [one.caption for one in tried[0].columns] == ["Contact name", "Notes"]


def test_a_default_mapping_is_tried_on_the_forms_that_use_it(
    integration: Integration, form: LeadForm
) -> None:
    bring(integration, 1)
    assert len(try_mapping(integration, form=None, rows=[NOTES])) == 1
    form.has_custom_mapping = True
    form.save()
    assert try_mapping(integration, form=None, rows=[NOTES]) == []


def test_trying_is_quick_whatever_was_submitted(
    integration: Integration, form: LeadForm
) -> None:
    bring(integration, *range(1, 200))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        try_mapping(integration, form=form, rows=[NOTES])
    assert len(asked) < 20
    assert len([q for q in asked.captured_queries if float(q["time"]) > 0.5]) == 0


@pytest.mark.req("R016", "R022", "R023", "R071", "R079")
def test_a_lookup_constant_is_on_every_new_lead_of_its_form(
    integration: Integration, form: LeadForm
) -> None:
    by = User.objects.create(username="ada")
    event = Lookup.objects.get(code="Event")
    days = lookup_services.add_value(event, name="CRM Days", by=by)
    bring(integration, 1)
    rows = [ColumnMapping(column="Event", source=Constant(str(days.pk))), NOTES]
    mappings.use_custom_mapping(
        form, integration=integration, draft=Draft(rows=rows), by=by
    )
    bring(integration, 2, 3)
    events = list(Lead.objects.order_by("pk").values_list("event", flat=True))
    assert events == [None, days.pk, days.pk]
    # Merged meanwhile: the constant follows, without an "Apply".
    other = lookup_services.add_value(event, name="CRM Days 2026", by=by)
    lookup_services.merge_values(keep=other, absorb=days, by=by)
    bring(integration, 4)
    assert Lead.objects.latest("pk").event_id == other.pk


@pytest.mark.req("R016", "R017", "R018", "R019", "R020", "R021", "R069", "R070")
@pytest.mark.parametrize(
    ("column", "text", "field", "shown"),
    [
        ("Account", "Northwind", "account", "Northwind"),
        ("Budget", "1250.50", "budget", "1250.50"),
        ("DoNotUseMail", "true", "do_not_use_mail", "True"),
        ("DecisionDate", "2026-05-03", "decision_date", "2026-05-03"),
        (
            "MeetingDate",
            "2026-05-03T09:15:00+02:00",
            "meeting_date",
            "2026-05-03 07:15:00+00:00",
        ),
    ],
)
def test_a_constant_of_every_type_is_on_every_lead(
    integration: Integration,
    form: LeadForm,
    column: str,
    text: str,
    field: str,
    shown: str,
) -> None:
    rows = [ColumnMapping(column=column, source=Constant(text)), NOTES]
    draft = Draft(rows=rows)
    mappings.save_mapping(integration=integration, form=None, draft=draft, by=None)
    bring(integration, 1, 2)
    values = set(Lead.objects.values_list(field, flat=True))
    assert len(values) == 1
    assert str(values.pop()) == shown
    assert form.is_on


@pytest.mark.req("R102", "R103", "R104", "R105", "R106")
@pytest.mark.parametrize("switch", ["form", "integration"])
def test_what_came_while_it_was_off_stays_switched_off(
    integration: Integration, form: LeadForm, switch: str
) -> None:
    def turn(*, on: bool) -> None:
        if switch == "form":
            services.switch_form(form, on=on, by=None)
        else:
            services.switch_integration(integration, on=on, by=None)

    turn(on=False)
    moment = clock.now_ms()
    bring(integration, *range(1, 6), submittedAt=moment)
    while clock.now_ms() <= moment:
        pass
    turn(on=True)
    # A sweep, a poll and a webhook that comes late all bring them once more.
    for _again in range(2):
        bring(integration, *range(1, 6), submittedAt=moment)
    assert not Lead.objects.exists()
    off = Registration.objects.filter(fate=Fate.SWITCHED_OFF)
    assert off.count() == Registration.objects.count() == 5
    bring(integration, 6, submittedAt=clock.now_ms())
    assert Lead.objects.count() == 1
    assert LeadFormResponse.objects.count() == 6
