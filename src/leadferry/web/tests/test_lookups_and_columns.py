"""Pages of lookups and Lead columns."""

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import mappings
from leadferry.integrations.mappings import Draft
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.leads.models import LeadColumn, Lookup, LookupValue
from leadferry.mapping.sources import ColumnMapping, Constant, Macro

pytestmark = pytest.mark.django_db(databases="__all__")

EVENTS = "/system/lookups/Event"
NOTES = ColumnMapping(column="Notes", source=Macro())


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(person("ada", accounts.ADMINISTRATORS))
    return client


def said(client: Client, path: str, data: dict[str, object]) -> str:
    return html.unescape(client.post(path, data, follow=True).content.decode())


def names() -> list[str]:
    rows = LookupValue.objects.filter(lookup__code="Event", merged_into=None)
    return list(rows.order_by("position").values_list("name", flat=True))


def test_lookups_are_found_and_made(ada: Client) -> None:
    page = ada.get("/system/lookups").content.decode()
    assert "Lead forms" in page
    assert "LeadGenLeadForms" in page
    assert "Nothing matches" in ada.get("/system/lookups?search=zzz").content.decode()
    made = said(ada, "/system/lookups", {"name": "Budgets", "code": "Budget"})
    assert "No value yet" in made
    assert "UsrBudget" in made
    twice = ada.post("/system/lookups", {"name": "Budgets", "code": "Budget"})
    assert (twice.status_code, "already" in twice.content.decode()) == (422, True)


def test_values_are_added_renamed_moved_retired_and_merged(ada: Client) -> None:
    for name in ("CRM Days", "Web Summit", "CRM-Days"):
        said(ada, f"{EVENTS}/change", {"name": name})
    assert "already" in said(ada, f"{EVENTS}/change", {"name": "crm days"})
    first, _second, third = LookupValue.objects.filter(lookup__code="Event")
    said(ada, f"{EVENTS}/{third.pk}", {"move": "up"})
    assert names() == ["CRM Days", "CRM-Days", "Web Summit"]
    said(ada, f"{EVENTS}/{third.pk}", {"name": "CRM Days 2"})
    assert names()[1] == "CRM Days 2"
    assert "already" in said(ada, f"{EVENTS}/{third.pk}", {"name": "Web Summit"})
    said(ada, f"{EVENTS}/{third.pk}", {"into": str(first.pk)})
    assert names() == ["CRM Days", "Web Summit"]
    merged = ada.get(f"{EVENTS}/{third.pk}").content.decode()
    assert "it reads CRM Days" in merged
    said(ada, f"{EVENTS}/{first.pk}", {"retire": "1"})
    assert "Retired" in ada.get(EVENTS).content.decode()
    said(ada, f"{EVENTS}/{first.pk}", {"restore": "1"})
    assert "Retired" not in ada.get(EVENTS).content.decode()
    said(ada, f"{EVENTS}/change", {"sort": "1"})
    assert "Nothing matches" in ada.get(f"{EVENTS}?search=zz").content.decode()


def test_values_come_as_csv(ada: Client) -> None:
    upload = SimpleUploadedFile("events.csv", b"Name\nCRM Days\nWeb Summit\n")
    page = said(ada, f"{EVENTS}/change", {"file": upload})
    assert "2 values are added, 0 were there already." in page
    wrong = SimpleUploadedFile("events.csv", "Größe".encode("latin-1"))
    assert "save it as “CSV UTF-8”" in said(ada, f"{EVENTS}/change", {"file": wrong})
    assert names() == ["CRM Days", "Web Summit"]


def test_a_long_lookup_has_pages(ada: Client) -> None:
    page = ada.get("/system/lookups/Country").content.decode()
    assert "page=2" in page
    found = ada.get("/system/lookups/Country?search=TÜRK").content.decode()
    assert "Türkiye" in found
    assert "page=2" not in found


@pytest.mark.req("R099", "R100")
def test_a_renamed_form_shows_both_names(ada: Client) -> None:
    form = make_form(make_integration())
    value = form.lookup_value
    path = "/system/lookups/LeadGenLeadForms"
    said(ada, f"{path}/{value.pk}", {"name": "Autumn webinar"})
    page = ada.get(path).content.decode()
    assert "Autumn webinar" in page
    assert "Form 1" in page
    assert "At LinkedIn: Form 1" in ada.get(f"{path}/{value.pk}").content.decode()
    assert "from LinkedIn" in said(ada, f"{path}/change", {"name": "Own"})
    shown = ada.get(f"/social-leads/{form.ad_account.integration.pk}?form={form.pk}")
    assert "At LinkedIn it is called “Form 1”" in shown.content.decode()


@pytest.mark.parametrize(
    ("more", "length", "scale"),
    [
        ({"type": "text", "length": "100"}, 100, None),
        ({"type": "text"}, None, None),
        ({"type": "decimal"}, None, 2),
        ({"type": "decimal", "scale": "0"}, None, 0),
        ({"type": "boolean"}, None, None),
        ({"type": "date", "length": "5"}, None, None),
        ({"type": "datetime"}, None, None),
    ],
)
def test_a_column_of_each_type(
    ada: Client, more: dict[str, str], length: int | None, scale: int | None
) -> None:
    typed: dict[str, object] = {"caption": "Team size", "code": "TeamSize", **more}
    assert "can be mapped" in said(ada, "/system/columns/new", typed)
    column = LeadColumn.objects.get()
    assert (column.code, column.length, column.scale) == ("UsrTeamSize", length, scale)
    assert "Team size" in ada.get("/system/columns?search=team").content.decode()


def test_a_lookup_column_names_its_lookup(ada: Client) -> None:
    typed: dict[str, object] = {"caption": "Fair", "code": "Fair", "type": "lookup"}
    assert ada.post("/system/columns/new", typed).status_code == 422
    typed["lookup"] = Lookup.objects.get(code="Event").pk
    said(ada, "/system/columns/new", typed)
    again = ada.post("/system/columns/new", typed)
    assert "already" in again.content.decode()


def test_a_mapped_column_is_not_retired_before_it_is_taken_out(ada: Client) -> None:
    LeadColumn.objects.create(code="UsrTeam", caption="Team", type="text")
    integration = make_integration()
    rows = [ColumnMapping(column="UsrTeam", source=Constant("A")), NOTES]

    def save(rows: list[ColumnMapping]) -> None:
        draft = Draft(rows=rows)
        mappings.save_mapping(integration=integration, form=None, draft=draft, by=None)

    save(rows)
    path = "/system/columns/UsrTeam"
    page = said(ada, path, {"retire": "1"})
    assert "remove it there first" in page
    assert "Northwind EMEA" in page
    assert "default mapping" in page
    save([NOTES])
    assert "is retired" in said(ada, path, {"retire": "1"})
    assert LeadColumn.objects.get().is_retired
    said(ada, path, {"restore": "1"})
    said(ada, path, {"caption": "Team size"})
    column = LeadColumn.objects.get()
    assert (column.is_retired, column.caption) == (False, "Team size")


def test_marketers_see_lookups_and_administrators_columns(client: Client) -> None:
    client.force_login(person("mia", accounts.MARKETERS))
    page = client.get("/system/").content.decode()
    assert "Lookups" in page
    assert "Lead columns" not in page
    assert client.get("/system/columns").status_code == 403
