"""The mapping editors of an integration, step by step, as the page asks for them."""

import html
import json
import re

import pytest
from django.test import Client

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import mappings, queries
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.leads.models import LeadColumn, Lookup, LookupValue
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
    predefined,
    to_json,
)

pytestmark = pytest.mark.django_db(databases="__all__")

NOTES = ColumnMapping(column="Notes", source=Macro())
NAME = ColumnMapping(column="Contact", source=FormField(refs=(predefined("EMAIL"),)))


@pytest.fixture
def integration() -> Integration:
    return make_integration()


@pytest.fixture
def form(integration: Integration) -> LeadForm:
    return make_form(integration)


def rows_of(page: str, kind: str = "default") -> list[dict[str, object]]:
    """The rows as the page holds them."""
    found = re.findall(rf'name="{kind}_row" value="([^"]*)"', page)
    return [json.loads(html.unescape(text)) for text in found]


def held(page: str, kind: str = "default") -> dict[str, object]:
    """What the page would send of an editor."""
    rows = re.findall(rf'name="{kind}_row" value="([^"]*)"', page)
    seen = re.search(rf'name="{kind}_seen" value="(\d+)"', page)
    assert seen is not None
    return {
        f"{kind}_row": [html.unescape(text) for text in rows],
        f"{kind}_seen": seen[1],
    }


def step(client: Client, integration: Integration, page: str, **more: object) -> str:
    """One step in the default mapping; the editor as it is then."""
    address = f"/social-leads/{integration.pk}/mapping"
    return client.post(address, held(page) | more).content.decode()


def open_page(client: Client, integration: Integration) -> str:
    return client.get(f"/social-leads/{integration.pk}").content.decode()


def apply(
    client: Client, integration: Integration, page: str, **more: object
) -> tuple[int, str]:
    base = {"name": integration.name, "is_on": "on", **held(page)}
    answer = client.post(f"/social-leads/{integration.pk}/apply", base | more)
    if answer.status_code == 302:
        answer = client.get(answer["Location"])
    return answer.status_code, answer.content.decode()


@pytest.mark.req("R033", "R064", "R065", "D10")
def test_it_opens_with_the_mapping_in_force(
    mia: Client, integration: Integration
) -> None:
    page = open_page(mia, integration)
    assert [row["column"] for row in rows_of(page)] == [
        "Contact", "Account", "Email", "MobilePhone", "FullJobTitle", "Notes",
    ]  # fmt: skip
    assert "First name + Last name" in page
    assert "Email or else Work email" in page
    assert "Unmapped form fields" in page


@pytest.mark.req("R066", "R015")
def test_add_offers_the_lead_columns_that_are_not_there(
    mia: Client, integration: Integration
) -> None:
    LeadColumn.objects.create(code="UsrTeam", caption="Team size", type="text")
    LeadColumn.objects.create(code="UsrOld", caption="O", type="text", is_retired=True)
    page = open_page(mia, integration)
    address = f"/social-leads/{integration.pk}/mapping/pick/columns"
    offered = mia.post(address, held(page)).content.decode()
    codes = set(re.findall(r'name="columns" value="(\w+)"', offered))
    assert {"Country", "Budget", "UsrTeam", "Event"} <= codes
    assert codes & {"Contact", "Notes", "UsrOld"} == set()
    made = step(mia, integration, page, do="add", columns=["UsrTeam", "Event", "Nope"])
    assert [row["column"] for row in rows_of(made)][-2:] == ["UsrTeam", "Event"]
    assert made.count("Nothing is chosen yet") == 2


@pytest.mark.req("R025", "R026", "R067", "R068")
def test_form_field_of_the_default_mapping_offers_profile_fields_that_fit(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    page = open_page(mia, integration)
    page = step(mia, integration, page, do="add", columns=["DecisionDate", "Budget"])
    address = f"/social-leads/{integration.pk}/mapping/pick/fields"
    dates = mia.post(address, held(page) | {"column": "DecisionDate"})
    fields = re.findall(r'name="field" value="([^"]+)"', dates.content.decode())
    assert sorted(fields) == ["predefined:GRADUATION_DATE", "predefined:START_DATE"]
    texts = mia.post(address, held(page) | {"column": "Contact"}).content.decode()
    assert "Profile information" in texts
    assert "Custom questions" not in texts
    assert "no form asks for it yet" in texts
    assert 'value="predefined:FIRST_NAME" checked' in texts
    # A decimal column has no profile field: its menu does not offer one.
    menu = page[page.index('data-of-row="default:Budget"') :]
    assert "Form field" not in menu[: menu.index("Remove")]
    assert form.is_on


@pytest.mark.req("R027", "R028", "R029", "R030", "R031", "R079")
def test_form_field_of_a_custom_mapping_offers_all_sections(
    mia: Client, integration: Integration
) -> None:
    form = make_form(integration)
    version = form.versions.get()
    version.content["content"]["legalInfo"] = {
        "consents": [{"id": 0, "consent": {"localized": {"de_DE": "Ja, gern"}}}]
    }
    version.content["hiddenFields"] = [{"name": "utm_source", "value": "linkedin"}]
    version.save()
    base = f"/social-leads/{integration.pk}/forms/{form.pk}/mapping"
    offered = {}
    for column in ("Commentary", "DoNotUseMail", "Budget"):
        page = mia.post(f"{base}/pick/fields", {"column": column}).content.decode()
        offered[column] = re.findall(r'name="field" value="([^"]+)"', page)
    assert offered["Commentary"] == [
        "predefined:FIRST_NAME", "predefined:EMAIL", "question:3", "consent:0",
        "hidden:utm_source",
    ]  # fmt: skip
    assert offered["DoNotUseMail"] == ["question:3", "consent:0", "hidden:utm_source"]
    assert offered["Budget"] == ["question:3", "hidden:utm_source"]
    for words in ("Custom checkboxes", "Ja, gern", "Hidden fields", "linkedin"):
        assert (
            words
            in mia.post(
                f"{base}/pick/fields", {"column": "Commentary"}
            ).content.decode()
        )


@pytest.mark.req("D10", "R068")
def test_several_fields_have_an_order_and_a_separator(
    mia: Client, integration: Integration
) -> None:
    page = step(
        mia, integration, open_page(mia, integration), do="fields:Account",
        field=["predefined:COMPANY_NAME", "predefined:CITY", "nonsense"],
        order=["predefined:CITY", "predefined:COMPANY_NAME", "predefined:EMAIL"],
        separator=", ", join="all",
    )  # fmt: skip
    _status, _page = apply(mia, integration, page)
    rows = queries.mapping_rows(queries.default_mapping(integration))
    source = next(row.source for row in rows if row.column == "Account")
    assert source == FormField(
        refs=(predefined("CITY"), predefined("COMPANY_NAME")),
        join=Join.ALL,
        separator=", ",
    )


@pytest.mark.parametrize(
    ("column", "name", "value"),
    [("DecisionDate", "date_order", "mdy"), ("Budget", "mark", ",")],
)
def test_a_column_says_how_its_answers_are_written(
    mia: Client, integration: Integration, form: LeadForm,
    column: str, name: str, value: str,
) -> None:  # fmt: skip
    rows = [ColumnMapping(column=column, source=FormField(refs=())), NOTES]
    texts = [json.dumps({"column": row.column, **to_json(row)}) for row in rows]
    base = f"/social-leads/{integration.pk}/forms/{form.pk}/mapping"
    sent: dict[str, object] = {"custom_row": texts, "column": column}
    offered = mia.post(f"{base}/pick/fields", sent).content.decode()
    assert f'name="{name}"' in offered
    chosen = {"do": f"fields:{column}", "field": "question:3", name: value}
    made = mia.post(base, sent | chosen).content.decode()
    assert value in rows_of(made, "custom")[0].values()
    again = sent | {"custom_row": held(made, "custom")["custom_row"]}
    page = mia.post(f"{base}/pick/fields", again).content.decode()
    assert f'value="{value}" selected' in page


@pytest.mark.req("R069", "R070", "R071", "D5", "R020", "R021")
@pytest.mark.parametrize(
    ("column", "verb", "typed", "stored"),
    [
        ("Commentary", "text", "from LinkedIn", "from LinkedIn"),
        ("Budget", "text", "1250.50", "1250.50"),
        ("DecisionDate", "text", "2026-05-03", "2026-05-03"),
        ("MeetingDate", "text", "2026-05-03T09:15", "2026-05-03T09:15:00+00:00"),
        ("DoNotUseMail", "boolean", "false", "false"),
    ],
)
def test_a_constant_is_chosen_and_applied(
    mia: Client, integration: Integration, column: str, verb: str, typed: str,
    stored: str,
) -> None:  # fmt: skip
    page = step(
        mia, integration, open_page(mia, integration), do="add", columns=[column]
    )
    address = f"/social-leads/{integration.pk}/mapping/pick/{verb}"
    assert mia.post(address, held(page) | {"column": column}).status_code == 200
    page = step(mia, integration, page, do=f"{verb}:{column}", value=typed)
    status, _page = apply(mia, integration, page)
    assert status == 200
    rows = queries.mapping_rows(queries.default_mapping(integration))
    assert rows[-1] == ColumnMapping(column=column, source=Constant(stored))
    again = mia.post(address, held(open_page(mia, integration)) | {"column": column})
    assert typed in again.content.decode() or verb == "boolean"


@pytest.mark.req("D5")
@pytest.mark.parametrize(
    ("column", "typed", "words"),
    [
        ("Budget", "1,5", "is no number that fits"),
        ("Budget", "1.555", "at most 2 digits"),
        ("Zip", "x" * 51, "holds 50 characters, this has 51"),
        ("DecisionDate", "2026-02-30", "valid date"),
        ("Commentary", "", "required"),
    ],
)
def test_a_constant_that_does_not_fit_stays_in_its_dialog(
    mia: Client, integration: Integration, column: str, typed: str, words: str
) -> None:
    page = step(
        mia, integration, open_page(mia, integration), do="add", columns=[column]
    )
    answer = mia.post(
        f"/social-leads/{integration.pk}/mapping",
        held(page) | {"do": f"text:{column}", "value": typed},
    )
    assert answer["HX-Retarget"] == "#picker-content"
    assert words in html.unescape(answer.content.decode())


@pytest.mark.req("R071", "R022")
def test_a_lookup_value_is_found_or_named_anew(
    mia: Client, integration: Integration
) -> None:
    found = mia.get("/social-leads/values/Country", {"typed": "german"})
    assert "Germany" in found.content.decode()
    assert "French" not in found.content.decode()
    many = mia.get("/social-leads/values/Country").content.decode()
    assert "There are more" in many
    nothing = mia.get("/social-leads/values/Event", {"typed": "CRM Days"})
    assert "Add “CRM Days” to the lookup" in nothing.content.decode()
    page = step(
        mia, integration, open_page(mia, integration), do="add", columns="Event"
    )
    for _twice in range(2):
        made = step(mia, integration, page, do="lookup:Event", value="new:CRM Days")
    assert "“CRM Days”" in made
    value = LookupValue.objects.get(lookup__code="Event")
    assert apply(mia, integration, made)[0] == 200
    rows = queries.mapping_rows(queries.default_mapping(integration))
    assert rows[-1].source == Constant(str(value.pk))


@pytest.mark.req("R037", "R072", "R073", "R038")
def test_the_macro_moves_to_another_string_column(
    mia: Client, integration: Integration
) -> None:
    page = open_page(mia, integration)
    assert "(now in Notes)" in page
    page = step(mia, integration, page, do="macro:Account")
    sources = {row["column"]: row for row in rows_of(page)}
    assert sources["Account"]["macro"] == "not_mapped_fields"
    assert "form" in sources["Notes"]
    assert "holds 250 characters only" in page
    page = step(mia, integration, page, do="remove:Notes")
    assert apply(mia, integration, page)[0] == 200


@pytest.mark.req("R036", "D7")
def test_apply_is_refused_beside_the_row(mia: Client, integration: Integration) -> None:
    page = step(mia, integration, open_page(mia, integration), do="remove:Notes")
    page = step(mia, integration, page, do="add", columns=["Budget"])
    status, refused = apply(mia, integration, page, name="Renamed")
    assert status == 422
    assert "Nothing is applied yet" in refused
    assert "so that no answer is lost" in refused
    assert "Nothing is chosen yet" in refused
    assert 'value="Renamed"' in refused
    assert [row["column"] for row in rows_of(refused)][-1] == "Budget"
    integration.refresh_from_db()
    assert integration.name != "Renamed"


def test_the_second_of_two_people_sees_the_difference(
    mia: Client, integration: Integration
) -> None:
    page = step(
        mia, integration, open_page(mia, integration), do="add", columns="Commentary"
    )
    page = step(mia, integration, page, do="text:Commentary", value="mine")
    theirs = Draft(rows=[NAME, NOTES])
    bo = person("bo", accounts.MARKETERS)
    mappings.save_mapping(integration=integration, form=None, draft=theirs, by=bo)
    status, refused = apply(mia, integration, page)
    assert status == 409
    assert "Somebody else changed this mapping meanwhile" in refused
    assert "bo" in refused
    assert "“mine”" in refused
    assert queries.default_mapping(integration).number == 2
    status, _page = apply(mia, integration, refused)
    assert status == 200
    assert queries.default_mapping(integration).number == 3


@pytest.mark.req("R076", "R077", "R078", "R034", "D7", "R080")
def test_the_first_tick_copies_the_default_mapping(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    page = mia.get(f"/social-leads/{integration.pk}?form={form.pk}").content.decode()
    assert "The default mapping fills the leads of this form" in page
    base = f"/social-leads/{integration.pk}/forms/{form.pk}/mapping"
    ticked = mia.post(base, held(page) | {"do": "tick", "custom": "on"})
    custom = ticked.content.decode()
    assert rows_of(custom, "custom") == rows_of(page)
    unticked = mia.post(base, held(page) | {"do": "tick"}).content.decode()
    assert "default mapping fills" in unticked
    more = {"custom_form": form.pk, "custom": "on", **held(custom, "custom")}
    status, _page = apply(mia, integration, page, **more)
    assert status == 200
    form.refresh_from_db()
    assert form.has_custom_mapping
    status, page = apply(mia, integration, page, custom_form=form.pk)
    form.refresh_from_db()
    assert not form.has_custom_mapping
    # Ticked again, it comes back as it was.
    ticked = mia.post(base, held(page) | {"do": "tick", "custom": "on"})
    held_version = queries.custom_mapping(form)
    assert held_version is not None
    assert held(ticked.content.decode(), "custom")["custom_seen"] == str(
        held_version.pk
    )


def test_versions_tell_what_changed_and_lead_back(
    mia: Client, integration: Integration
) -> None:
    first = queries.default_mapping(integration)
    draft = Draft(rows=[NAME, NOTES])
    mappings.save_mapping(integration=integration, form=None, draft=draft, by=None)
    page = mia.get(f"/social-leads/{integration.pk}/mapping/versions").content.decode()
    assert "Version 2" in page
    assert "First name + Last name" in page
    assert "not mapped" in page
    assert f"?version={first.pk}" in page
    back = mia.get(f"/social-leads/{integration.pk}?version={first.pk}")
    text = back.content.decode()
    assert "data-changed" in text
    assert len(rows_of(text)) == 6
    assert apply(mia, integration, text)[0] == 200
    newest = queries.default_mapping(integration)
    assert newest.number == 3
    assert queries.mapping_rows(newest) == queries.mapping_rows(first)


def test_trying_says_when_there_is_nothing_to_try(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    page = open_page(mia, integration)
    tried = mia.post(f"/social-leads/{integration.pk}/mapping/try", held(page))
    assert "Nothing was submitted yet" in tried.content.decode()
    assert form.is_on


@pytest.mark.parametrize(
    "row", ["", "{", "[]", "{}", '{"column": "A", "form": {"fields": [["x", "y"]]}}']
)
def test_rows_that_no_page_wrote_are_refused(
    mia: Client, integration: Integration, row: str
) -> None:
    sent = {"default_row": [row], "default_seen": "1"}
    for place in ("mapping", "mapping/try", "mapping/pick/columns", "apply"):
        answer = mia.post(f"/social-leads/{integration.pk}/{place}", sent)
        assert answer.status_code == 400


@pytest.mark.parametrize("path", ["mapping", "mapping/pick/text", "forms/9/mapping"])
def test_what_is_not_there_is_a_404(
    mia: Client, integration: Integration, path: str
) -> None:
    sent = {"do": "text:Nowhere", "column": "Nowhere"}
    address = f"/social-leads/{integration.pk}/{path}"
    assert mia.post(address, sent).status_code == 404


def test_a_hundred_and_fifty_questions_and_five_hundred_forms(
    mia: Client, integration: Integration
) -> None:
    for number in range(1, 501):
        form = make_form(integration, number)
    version = form.versions.get()
    version.content["content"]["questions"] = [
        {"questionId": n, "name": f"Custom question {n}", "label": "x"}
        for n in range(150)
    ]
    version.save()
    page = mia.get(f"/social-leads/{integration.pk}?form={form.pk}").content.decode()
    assert page.count('name="form_shown"') == 500
    base = f"/social-leads/{integration.pk}/forms/{form.pk}/mapping"
    offered = mia.post(f"{base}/pick/fields", {"column": "Commentary"})
    assert offered.content.decode().count('name="field"') == 150
    shown = [int(pk) for pk in re.findall(r'name="form_shown" value="(\d+)"', page)]
    switches = {"form_shown": shown, "form_on": shown}
    assert apply(mia, integration, page, **switches)[0] == 200


def test_a_mapping_names_consents_and_questions_in_the_words_of_the_form(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    source = FormField(refs=(FieldRef(FieldKind.QUESTION, "3"),))
    rows = [ColumnMapping(column="Commentary", source=source), NOTES]
    mappings.use_custom_mapping(
        form, integration=integration, draft=Draft(rows=rows), by=None
    )
    page = mia.get(f"/social-leads/{integration.pk}?form={form.pk}").content.decode()
    setup = page[page.index('id="setup"') :]
    assert re.search(r'mapping-source" dir="auto">Question<', setup)
    assert Lookup.objects.filter(code="Event").exists()
