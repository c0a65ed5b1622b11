"""Editing a lead, and narrowing the list by what a column holds."""

import html
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.leads import lookup_services
from leadferry.leads.models import Lead, LeadColumn, Lookup, LookupValue
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_response

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def sam(client: Client) -> Client:
    client.force_login(person("sam", accounts.SALES))
    return client


@pytest.fixture
def lead() -> Lead:
    values = {
        "Contact": "Ada", "Email": "ada@example.org", "Notes": "one\ntwo",
        "MeetingDate": datetime(2026, 5, 3, 9, 15, 7, tzinfo=UTC),
        "Budget": Decimal("12.50"), "DoNotUseFax": True,
    }  # fmt: skip
    register([make_response(values=values)])
    return Lead.objects.get()


def fields_of(client: Client, lead: Lead) -> dict[str, str]:
    """What the page would send when nothing is changed."""
    return read_fields(client.get(f"/leads/{lead.pk}/edit").content.decode())


def read_fields(page: str) -> dict[str, str]:
    page = page[page.index("data-guarded") :]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name = re.search(r'name="(\w+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name is None or name[1] == "csrfmiddlewaretoken":
            continue
        if 'type="checkbox"' not in tag:
            found[name[1]] = html.unescape(value[1]) if value else ""
        elif "checked" in tag:
            found[name[1]] = "on"
    for name_, text in re.findall(
        r'<textarea name="(\w+)"[^>]*>\r?\n?(.*?)</textarea>', page, re.DOTALL
    ):
        found[name_] = html.unescape(text)
    for name_, options in re.findall(
        r'<select name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name_] = chosen[1] if chosen else ""
    return found


def send(client: Client, lead: Lead, fields: dict[str, str]) -> tuple[int, str]:
    answer = client.post(f"/leads/{lead.pk}/edit", fields)
    if answer.status_code == 302:
        answer = client.get(answer["Location"])
    return answer.status_code, html.unescape(answer.content.decode())


def test_sent_back_as_it_was_nothing_changes(sam: Client, lead: Lead) -> None:
    status, page = send(sam, lead, fields_of(sam, lead))
    assert (status, "The lead is applied." in page) == (200, True)
    lead.refresh_from_db()
    assert (lead.revision, lead.edited_columns) == (1, [])


def test_what_a_browser_sends_back_differently_is_no_edit(sam: Client) -> None:
    values = {
        "Contact": "Ada\nLovelace", "Notes": "one\r\ntwo\rthree",
        "MeetingDate": datetime(2026, 5, 3, 9, 15, 7, 123_456, tzinfo=UTC),
    }  # fmt: skip
    register([make_response(values=values)])
    lead = Lead.objects.get()
    sent = fields_of(sam, lead)
    # As browsers do: one line has no line feed, and several have one kind of them.
    sent |= {"Contact": "AdaLovelace", "Notes": "one\r\ntwo\r\nthree", "Fax": "1"}
    assert send(sam, lead, sent)[0] == 200
    lead.refresh_from_db()
    assert (lead.edited_columns, lead.notes) == (["Fax"], values["Notes"])
    assert (lead.contact, lead.meeting_date) == ("Ada\nLovelace", values["MeetingDate"])


def test_every_type_is_edited(sam: Client, lead: Lead) -> None:
    LeadColumn.objects.create(code="UsrDay", caption="Day", type="date")
    country = LookupValue.objects.get(lookup__code="Country", code="DE")
    fields = fields_of(sam, lead) | {
        "Contact": "Zoë", "Budget": "99.90", "Country": str(country.pk),
        "UsrDay": "2026-05-04", "MeetingDate": "2026-06-01T10:00",
    }  # fmt: skip
    del fields["DoNotUseFax"]
    _status, page = send(sam, lead, fields)
    lead.refresh_from_db()
    assert (lead.contact, lead.budget) == ("Zoë", Decimal("99.90"))
    assert lead.country == country
    assert (lead.do_not_use_fax, lead.custom) == (False, {"UsrDay": "2026-05-04"})
    assert set(lead.edited_columns) == {
        "Contact", "Budget", "Country", "UsrDay", "MeetingDate", "DoNotUseFax",
    }  # fmt: skip
    assert "by sam" in page
    assert "Germany" in page
    assert "Contact name" in page
    one = sam.get(f"/leads/{lead.pk}?column=Country").content.decode()
    assert "Country: origin and history" in one
    assert "Entered by a person" in one
    assert "Zoë</ins>" not in one


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("Budget", "much", "Enter a number"),
        ("Budget", "1.555", "2 decimal places"),
        ("DecisionDate", "soon", "valid date"),
        ("Contact", "x" * 251, "at most 250"),
        ("Country", "999999", "valid choice"),
    ],
)
def test_what_does_not_fit_is_said_beside_it(
    sam: Client, lead: Lead, field: str, typed: str, words: str
) -> None:
    status, page = send(sam, lead, fields_of(sam, lead) | {field: typed})
    assert (status, words in page) == (422, True)
    lead.refresh_from_db()
    assert lead.revision == 1


def test_the_slower_one_sees_the_difference_and_loses_nothing(
    sam: Client, lead: Lead
) -> None:
    mine = fields_of(sam, lead) | {"Contact": "Mine", "Account": "My company"}
    theirs = fields_of(sam, lead) | {"Contact": "Theirs", "Email": "t@example.org"}
    send(sam, lead, theirs)
    status, page = send(sam, lead, mine)
    assert status == 409
    assert "Somebody changed this meanwhile." in page
    assert "you entered: Mine" in page
    lead.refresh_from_db()
    assert lead.contact == "Theirs"
    again = read_fields(page)
    assert (again["Contact"], again["Account"]) == ("Mine", "My company")
    assert again["Email"] == "t@example.org"
    assert (again["DoNotUseFax"], again["Notes"]) == ("on", "one\ntwo")
    assert send(sam, lead, again)[0] == 200
    lead.refresh_from_db()
    assert (lead.contact, lead.account) == ("Mine", "My company")
    assert (lead.email, lead.do_not_use_fax) == ("t@example.org", True)
    assert lead.budget == Decimal("12.50")


def test_a_lead_that_is_gone(sam: Client, lead: Lead) -> None:
    fields = fields_of(sam, lead)
    lead.delete()
    assert sam.post("/leads/1/edit", fields).status_code == 404


def test_a_lookup_too_long_for_a_list_is_typed(sam: Client, lead: Lead) -> None:
    event = Lookup.objects.get(code="Event")
    content = "\n".join(f"Event {number}" for number in range(600)).encode()
    by = person("bo", accounts.SALES)
    lookup_services.import_values(event, content=content, by=by)
    fields = fields_of(sam, lead)
    assert fields["Event"] == ""
    assert send(sam, lead, fields | {"Event": "no such"})[0] == 422
    assert send(sam, lead, fields | {"Event": "EVENT 599"})[0] == 200
    assert fields_of(sam, lead)["Event"] == "Event 599"


@pytest.mark.req("R023")
def test_the_list_is_filtered_by_a_constant(sam: Client, lead: Lead) -> None:
    by = person("bo", accounts.SALES)
    event = Lookup.objects.get(code="Event")
    days = lookup_services.add_value(event, name="CRM Days", by=by)
    register([make_response(values={"Contact": "Bea", "Event": days.pk})])
    values = sam.get("/leads/values", {"column": "Event"}).content.decode()
    assert "CRM Days" in values
    page = sam.get(f"/leads/?column=Event&value={days.pk}").content.decode()
    assert "Bea" in page
    assert "Ada" not in page
    fax = sam.get("/leads/", {"column": "DoNotUseFax", "value": "1"}).content.decode()
    assert "Ada" in fax
    assert "Bea" not in fax
    nonsense = sam.get("/leads/", {"column": "Event", "value": "x"}).content.decode()
    assert "Ada" in nonsense
    assert lead.pk
