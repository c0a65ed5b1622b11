"""Columns that an administrator added, and leads that a person edited."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from leadferry.accounts.models import User
from leadferry.leads import queries
from leadferry.leads.columns import catalogue
from leadferry.leads.edit import LeadChanged, LeadGone, edit_lead
from leadferry.leads.models import Lead, LeadChange, LeadColumn, Lookup, LookupValue
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_response
from leadferry.leads.values import read_value

pytestmark = pytest.mark.django_db

VALUES: dict[str, object] = {
    "UsrText": "Тест",
    "UsrNumber": Decimal("12.50"),
    "UsrFlag": True,
    "UsrDay": date(2026, 5, 3),
    "UsrMoment": datetime(2026, 5, 3, 9, 15, tzinfo=UTC),
}
KINDS = ("text", "decimal", "boolean", "date", "datetime")


@pytest.fixture
def by() -> User:
    return User.objects.create(username="ada")


@pytest.fixture
def columns() -> None:
    for code, kind in zip(VALUES, KINDS, strict=True):
        LeadColumn.objects.create(code=code, caption=code[3:], type=kind)
    event = Lookup.objects.get(code="Event")
    LeadColumn.objects.create(
        code="UsrFair", caption="Fair", type="lookup", lookup=event
    )


@pytest.fixture
def fair() -> int:
    event = Lookup.objects.get(code="Event")
    made = LookupValue.objects.create(
        lookup=event, name="CRM Days", name_key="crm days"
    )
    return made.pk


def held(lead: Lead) -> dict[str, object]:
    return {
        code: read_value(lead, column)
        for code, column in catalogue().items()
        if code.startswith("Usr")
    }


@pytest.mark.usefixtures("columns")
def test_every_type_is_stored_and_read_back(fair: int) -> None:
    register([make_response(1, values={"Contact": "A", **VALUES, "UsrFair": fair})])
    assert held(Lead.objects.get()) == {**VALUES, "UsrFair": fair}
    shown = {row.code: row.value for row in queries.filled_columns(Lead.objects.get())}
    assert shown["UsrFair"] == "CRM Days"
    assert shown["UsrNumber"] == Decimal("12.50")


@pytest.mark.usefixtures("columns")
@pytest.mark.req("D2")
def test_a_resubmission_updates_them_and_tells_names(fair: int) -> None:
    register([make_response(1, values={"UsrText": "old", "UsrFlag": True})])
    values = {"UsrText": "new", "UsrFlag": True, "UsrFair": fair}
    later = make_response(1, values=values, submitted_at=1_793_000_000_001)
    register([later])
    change = LeadChange.objects.get(kind=LeadChange.Kind.UPDATED)
    assert change.columns == {
        "UsrText": {"old": "old", "new": "new"},
        "UsrFair": {"old": "", "new": "CRM Days"},
    }


@pytest.mark.usefixtures("columns")
@pytest.mark.parametrize("value", [1, 0])
def test_leads_are_found_by_them(fair: int, value: int) -> None:
    register([
        make_response(values={"UsrFlag": True, "UsrFair": fair, "DoNotUseFax": True}),
        make_response(values={"Contact": "B"}),
    ])  # fmt: skip
    by_code = {column.code: column for column in queries.columns_to_filter_by()}
    for code in ("UsrFlag", "DoNotUseFax"):
        chosen = queries.LeadFilter(column=by_code[code], value=value)
        page = queries.lead_page(chosen)
        assert [lead.contact for lead in page.leads] == (["B"] if not value else [""])
    chosen = queries.LeadFilter(column=by_code["UsrFair"], value=fair)
    assert queries.lead_page(chosen).count == 1


@pytest.mark.usefixtures("columns")
def test_what_a_person_edited_no_import_writes(by: User) -> None:
    register([make_response(1, values={"Contact": "A", "UsrText": "old"})])
    lead = Lead.objects.get()
    wanted = {"Contact": "Ada", "UsrText": "mine", "Email": ""}
    edit_lead(lead_id=lead.pk, revision=1, values=wanted, by=by)
    change = LeadChange.objects.get(kind=LeadChange.Kind.EDITED)
    assert (change.by, set(change.columns)) == (by, {"Contact", "UsrText"})
    values = {"Contact": "B", "UsrText": "new", "Email": "b@example.org"}
    later = make_response(1, values=values, submitted_at=1_793_000_000_001)
    register([later])
    lead.refresh_from_db()
    assert (lead.contact, lead.custom["UsrText"]) == ("Ada", "mine")
    assert lead.email == "b@example.org"
    newest = queries.history_of(lead, column="UsrText")[0]
    assert newest.columns["UsrText"]["kept"]
    assert len(queries.history_of(lead, column="UsrText")) == 3


def test_the_slower_of_two_people_is_told(by: User) -> None:
    register([make_response(1, values={"Contact": "A"})])
    lead = Lead.objects.get()
    edit_lead(lead_id=lead.pk, revision=1, values={"Contact": "B"}, by=by)
    with pytest.raises(LeadChanged):
        edit_lead(lead_id=lead.pk, revision=1, values={"Contact": "C"}, by=by)
    lead.refresh_from_db()
    assert lead.contact == "B"
    lead.delete()
    with pytest.raises(LeadGone):
        edit_lead(lead_id=1, revision=2, values={}, by=by)


def test_nothing_changed_is_no_change(by: User) -> None:
    register([make_response(1, values={"Contact": "A"})])
    lead = Lead.objects.get()
    edit_lead(lead_id=lead.pk, revision=1, values={"Contact": "A"}, by=by)
    lead.refresh_from_db()
    assert (lead.revision, lead.edited_columns) == (1, [])
