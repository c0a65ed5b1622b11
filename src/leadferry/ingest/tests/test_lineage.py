"""Where a value comes from is told for each column of a lead."""

import pytest

from leadferry.accounts.models import User
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import import_page
from leadferry.ingest.lineage import Conversion, lineage_of
from leadferry.ingest.models import LeadFormResponse
from leadferry.ingest.tests.builders import make_response
from leadferry.integrations import mappings
from leadferry.integrations.mappings import Draft
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.leads import value_tables
from leadferry.leads.edit import edit_lead
from leadferry.leads.models import Lead, LookupValue
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

QUESTION = FormField(refs=(FieldRef(FieldKind.QUESTION, "1"),))
ROWS = [
    ColumnMapping(column="Contact", source=FormField(refs=(predefined("FIRST_NAME"),))),
    ColumnMapping(column="Email", source=FormField(refs=(predefined("EMAIL"),))),
    ColumnMapping(column="Budget", source=QUESTION),
    ColumnMapping(column="Account", source=Constant("Northwind")),
    ColumnMapping(column="Notes", source=Macro()),
]


@pytest.fixture
def lead() -> Lead:
    integration = make_integration()
    form = make_form(integration)
    mappings.use_custom_mapping(
        form, integration=integration, draft=Draft(rows=ROWS), by=None
    )
    page = ResponsePage(integration=integration, elements=[make_response(1)])
    import_page(page)
    return Lead.objects.get()


@pytest.mark.req("B10")
@pytest.mark.parametrize(
    ("column", "kind", "answers"),
    [
        ("Contact", "answer", [("Name", "Ada 1")]),
        ("Email", "answer", []),
        # It did not fit: the column is empty, and this is what was answered.
        ("Budget", "answer", [("Name", "Ada 1")]),
        ("Account", "constant", []),
        ("Notes", "macro", []),
        ("LeadSource", "given", []),
        ("Fax", "nothing", []),
    ],
)
def test_each_value_has_its_way(
    lead: Lead, column: str, kind: str, answers: list[tuple[str, str]]
) -> None:
    told = lineage_of(lead, column)
    assert (told.kind, list(told.answers)) == (kind, answers)
    assert (told.form_version, told.mapping_number) == (1, 1)


@pytest.mark.req("B10")
def test_what_a_person_entered_and_what_is_purged(lead: Lead) -> None:
    by = User.objects.create(username="ada")
    edit_lead(lead_id=lead.pk, revision=1, values={"Email": "a@example.org"}, by=by)
    lead.refresh_from_db()
    assert lineage_of(lead, "Email").kind == "edited"
    LeadFormResponse.objects.all().delete()
    assert lineage_of(lead, "Contact").kind == "purged"
    assert lineage_of(lead, "Account").kind == "constant"


@pytest.mark.req("B10")
@pytest.mark.parametrize(
    ("column", "answer", "told"),
    [
        ("Account", "Northwind", {"kind": "entered"}),
        ("Country", "Germany", {"kind": "lookup"}),
        ("Country", "Deutschland", {"kind": "table"}),
        ("Country", "Absurdistan", {"kind": "none", "why": "unknown lookup value"}),
        ("Budget", "1.250,50",
         {"kind": "number", "decimal_mark": ",", "locale": "de-DE"}),
        ("DecisionDate", "3.4.2019",
         {"kind": "date", "date_order": "dmy", "locale": "de-DE"}),
        ("DoNotUseEmail", "true", {"kind": "boolean"}),
    ],
)  # fmt: skip
def test_the_conversion_is_named(
    column: str, answer: str, told: dict[str, str]
) -> None:
    person = User.objects.create(username="mara")
    germany = LookupValue.objects.get(lookup__code="Country", name="Germany")
    waiting = value_tables.await_answer(column="Country", text="Deutschland")
    value_tables.settle(waiting, value=str(germany.pk), by=person)
    lead = answered_in(ColumnMapping(column=column, source=QUESTION), answer)
    assert lineage_of(lead, column).conversion == Conversion(**told)


@pytest.mark.req("B10")
def test_a_conversion_that_was_chosen_for_the_column() -> None:
    row = ColumnMapping(column="Budget", source=QUESTION, decimal_mark=".")
    told = lineage_of(answered_in(row, "1,250.50"), "Budget").conversion
    assert told == Conversion(kind="number", decimal_mark=".")


@pytest.mark.req("B10", "D10")
def test_several_fields_in_one_text() -> None:
    both = FormField(refs=(predefined("FIRST_NAME"), predefined("EMAIL")))
    lead = answered_in(ColumnMapping(column="Contact", source=both), "Ada")
    assert lineage_of(lead, "Contact").conversion == Conversion(kind="joined")


def answered_in(row: ColumnMapping, answer: str) -> Lead:
    """A lead whose question 1 was answered so, and mapped by the row."""
    integration = make_integration()
    rows = [row, ColumnMapping(column="Notes", source=Macro())]
    mappings.use_custom_mapping(
        make_form(integration),
        integration=integration,
        draft=Draft(rows=rows),
        by=None,
    )
    text = {"textQuestionAnswer": {"answer": answer}}
    given = {"answers": [{"questionId": 1, "answerDetails": text}]}
    element = make_response(1, formResponse=given)
    import_page(ResponsePage(integration=integration, elements=[element]))
    return Lead.objects.get()
