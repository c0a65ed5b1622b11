"""A changed form on its page: the difference, the proposal, what people decide."""

import html
import json
import re

import pytest
from django.test import Client

from leadferry.integrations import drift, forms, mappings, queries
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.linkedin import wire
from leadferry.mapping.sources import ColumnMapping, Macro

pytestmark = [pytest.mark.django_db, pytest.mark.req("B9", "R097")]


@pytest.fixture
def integration() -> Integration:
    return make_integration()


@pytest.fixture
def form(integration: Integration) -> LeadForm:
    """A form whose free question became one for the budget and one for the country."""
    made = make_form(integration)
    content = wire.FormContent(
        questions=[
            wire.Question(question_id=1, name="Name", predefined_field="FIRST_NAME"),
            wire.Question(question_id=2, name="Email", predefined_field="EMAIL"),
            wire.Question(question_id=4, name="Your budget"),
            wire.Question(question_id=5, name="Land", predefined_field="COUNTRY"),
        ]
    )
    changed = wire.LeadForm(id=1, version_id=2, name="Form 1", content=content)
    forms.keep_form(integration.ad_account, changed)
    return LeadForm.objects.get(pk=made.pk)


def shown(client: Client, address: str) -> str:
    return html.unescape(client.get(address).content.decode())


def rows_on(page: str) -> list[str]:
    """The rows that the page proposes, as its boxes send them."""
    return re.findall(r'name="row" value="(.*?)" checked', page)


def post(client: Client, form: LeadForm, **data: object) -> str:
    address = f"/social-leads/forms/{form.pk}/changes"
    answer = client.post(address, {"version": "2", **data}, follow=True)
    return html.unescape(answer.content.decode())


def test_the_message_leads_to_what_changed(mia: Client, form: LeadForm) -> None:
    page = shown(mia, "/notifications/")
    assert "A form has changed: Form 1" in page
    assert f'href="/social-leads/forms/{form.pk}/changes"' in page
    page = shown(mia, f"/social-leads/forms/{form.pk}/changes")
    assert "Version 2 against version 1" in page
    assert re.search(r"Removed</span> <del dir=\"auto\">Question</del>", page)
    assert re.search(r"Added</span> <strong dir=\"auto\">Your budget</strong>", page)
    assert "“your budget” is a usual name of it in forms" in page
    assert "this profile field belongs there" in page


def test_what_is_ticked_becomes_the_forms_own_mapping(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    page = shown(mia, f"/social-leads/forms/{form.pk}/changes")
    assert "it gets a mapping of its own" in page
    seen = str(queries.effective_mapping(form).pk)
    said = post(mia, form, row=rows_on(page)[:1], seen=seen)
    assert "The mapping is applied." in said
    form.refresh_from_db()
    assert form.has_custom_mapping
    held = queries.mapping_rows(queries.effective_mapping(form))
    default = queries.mapping_rows(queries.default_mapping(integration))
    assert [row.column for row in held] == [*(r.column for r in default), "Budget"]
    assert drift.drift_of(form) is None
    assert "Nothing to see to" in shown(mia, f"/social-leads/forms/{form.pk}/changes")


def test_a_mapping_can_be_left_as_it_is(mia: Client, form: LeadForm) -> None:
    assert "stays as it is" in post(mia, form, leave="1")
    form.refresh_from_db()
    assert not form.has_custom_mapping
    assert drift.drift_of(form) is None


def test_nothing_ticked_is_said(mia: Client, form: LeadForm) -> None:
    assert "No row was ticked." in post(mia, form)
    assert drift.drift_of(form) is not None


def test_the_second_of_two_people_is_told(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    page = shown(mia, f"/social-leads/forms/{form.pk}/changes")
    seen = str(queries.effective_mapping(form).pk)
    rows = [ColumnMapping(column="Notes", source=Macro())]
    draft = Draft(rows=rows)
    mappings.use_custom_mapping(form, integration=integration, draft=draft, by=None)
    assert "Somebody else changed this mapping" in post(
        mia, form, row=rows_on(page), seen=seen
    )
    assert queries.mapping_rows(queries.effective_mapping(form)) == rows


def test_rows_that_no_page_wrote_are_refused(mia: Client, form: LeadForm) -> None:
    address = f"/social-leads/forms/{form.pk}/changes"
    assert mia.post(address, {"row": "{}"}).status_code == 400
    row = '{"column": "Fax", "form": {"fields": [], "join": "all", "separator": " "}}'
    seen = str(queries.effective_mapping(form).pk)
    assert "Nothing is chosen yet" in post(mia, form, row=row, seen=seen)


def test_the_page_of_the_integration_says_so(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    page = shown(mia, f"/social-leads/{integration.pk}?form={form.pk}")
    assert "The form has changed at LinkedIn." in page
    post(mia, form, leave="1")
    page = shown(mia, f"/social-leads/{integration.pk}?form={form.pk}")
    assert "The form has changed at LinkedIn." not in page


def test_a_form_without_a_change_shows_its_versions(
    mia: Client, integration: Integration
) -> None:
    other = make_form(integration, form_id=7)
    page = shown(mia, f"/social-leads/forms/{other.pk}/changes")
    assert "Nothing to see to" in page
    assert "Version 1" in page
    assert mia.get("/social-leads/forms/999/changes").status_code == 404


def test_the_editor_suggests_rows_with_their_reasons(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    notes = '{"column": "Notes", "macro": "not_mapped_fields"}'
    address = f"/social-leads/{integration.pk}/forms/{form.pk}/mapping"
    answer = mia.post(address, {"do": "suggest", "custom_row": notes})
    page = html.unescape(answer.content.decode())
    assert "4 rows are suggested" in page
    assert "Suggested: “your budget” is a usual name of it in forms" in page
    assert "Suggested: this profile field belongs there" in page
    # The reasons stay while the rows are worked on; nothing is stored.
    rows = re.findall(r'name="custom_row" value="(.*?)">\n', page)
    whys = re.findall(r'name="custom_why" value="(.*?)">', page)
    again = {"do": "remove:Budget", "custom_row": rows, "custom_why": whys}
    page = html.unescape(mia.post(address, again).content.decode())
    assert "your budget" not in page
    assert "Suggested: this profile field belongs there" in page
    assert not form.has_custom_mapping
    full = {"do": "suggest", "custom_row": rows}
    page = html.unescape(mia.post(address, full).content.decode())
    assert "Nothing to suggest" in page


@pytest.mark.usefixtures("form")
def test_the_default_mapping_is_suggested_what_forms_ask_for(
    mia: Client, integration: Integration
) -> None:
    notes = '{"column": "Notes", "macro": "not_mapped_fields"}'
    address = f"/social-leads/{integration.pk}/mapping"
    answer = mia.post(address, {"do": "suggest", "default_row": notes})
    page = html.unescape(answer.content.decode())
    assert "3 rows are suggested" in page
    assert "Your budget" not in page


def test_a_mapping_by_hand_sees_to_the_change(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    held = queries.default_mapping(integration)
    answer = mia.post(
        f"/social-leads/{integration.pk}/apply",
        {
            "name": integration.name,
            "is_on": "on",
            "default_seen": str(held.pk),
            "default_row": '{"column": "Notes", "macro": "not_mapped_fields"}',
            "custom_form": str(form.pk),
            "custom": "on",
            "custom_row": '{"column": "Notes", "macro": "not_mapped_fields"}',
            "custom_seen": "0",
        },
    )
    assert answer.status_code == 302
    assert drift.drift_of(LeadForm.objects.get(pk=form.pk)) is None


def test_a_question_with_a_new_id_is_one_to_a_person(
    mia: Client, integration: Integration, form: LeadForm
) -> None:
    fields = [["question", "3"], ["question", "4"]]
    source = {"fields": fields, "join": "first", "separator": " "}
    row = json.dumps({"column": "Commentary", "form": source})
    address = f"/social-leads/{integration.pk}/forms/{form.pk}/mapping"
    answer = mia.post(address, {"do": "nothing", "custom_row": row})
    # Either in its own words, also where only an earlier version asked for it.
    assert "Question or else Your budget" in html.unescape(answer.content.decode())
    same = [["question", "4"], ["question", "4"]]
    row = json.dumps({"column": "Fax", "form": {**source, "fields": same}})
    answer = mia.post(address, {"do": "nothing", "custom_row": row})
    assert "or else" not in html.unescape(answer.content.decode())
