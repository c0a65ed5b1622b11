import json

import pytest
from django.db import IntegrityError

from leadferry.ingest import import_page as module
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import PageOutcome, erase_response, import_page
from leadferry.ingest.models import HeldBack, LeadFormResponse
from leadferry.ingest.queries import submissions_of
from leadferry.ingest.tests.builders import SUBMITTED_AT, make_response
from leadferry.integrations.mappings import Draft, save_mapping
from leadferry.integrations.models import Integration, RegistrationWindow
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.jobs.models import Worker
from leadferry.leads.models import Fate, Lead, LeadChange, Registration
from leadferry.leads.register import MappedResponse, Outcome, register
from leadferry.mapping.defaults import starting_mapping

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def integration() -> Integration:
    made = make_integration()
    make_form(made)
    return made


_FORM, _ID = "urn:li:versionedLeadGenForm", "urn:li:leadGenForm"


def without_submitter(raw: bytes) -> object:
    try:
        content = json.loads(raw)
    except ValueError:
        return raw
    if isinstance(content, dict):
        content.pop("submitter", None)
    return content


def bring(integration: Integration, *elements: bytes) -> PageOutcome:
    return import_page(ResponsePage(integration=integration, elements=elements))


def answer(text: str) -> dict[str, object]:
    details = {"textQuestionAnswer": {"answer": text}}
    return {"answers": [{"questionId": 1, "answerDetails": details}]}


def test_a_page_becomes_leads(integration: Integration) -> None:
    result = bring(integration, make_response(1), make_response(2, testLead=True))
    assert len(result.outcome.registered) == 2
    leads = Lead.objects.order_by("pk")
    assert [lead.contact for lead in leads] == ["Ada 1", "Ada 2"]
    assert [lead.is_test for lead in leads] == [False, True]
    assert leads[0].notes == "Name: Ada 1"


def test_what_is_stored_names_no_submitter_and_no_form(
    integration: Integration,
) -> None:
    bring(integration, make_response(1, form={"id": 1, "name": "F"}))
    raw = bytes(LeadFormResponse.objects.get().raw)
    assert b"Zy9" not in raw
    assert b'"form"' not in raw
    assert b"Ada 1" in raw


@pytest.mark.parametrize(
    "poison",
    [
        b"{",
        b"[]",
        b'{"id":"x"}',
        make_response(9, submittedAt="soon"),
        make_response(9, submittedAt=2**62),
        make_response(9, id="x" * 251),
        make_response(9, versionedLeadGenFormUrn=f"{_FORM}:({_ID}:{2**63},1)"),
        make_response(9, versionedLeadGenFormUrn=f"{_FORM}:({_ID}:1,{2**31})"),
        make_response(9, formResponse={"answers": [{"questionId": "?"}]}),
        make_response(9, versionedLeadGenFormUrn="urn:li:x"),
    ],
)
def test_one_bad_lead_stops_no_other(integration: Integration, poison: bytes) -> None:
    result = bring(integration, make_response(1), poison, make_response(2))
    assert len(result.outcome.registered) == 2
    held = HeldBack.objects.get()
    assert held.reason == HeldBack.Reason.UNDECODABLE
    kept = bytes(held.raw)
    assert b"Zy9" not in kept
    assert without_submitter(kept) == without_submitter(poison)
    assert Registration.objects.filter(fate=Fate.HELD_BACK).count() == 1


def test_a_nul_in_an_answer_is_shown_and_stored(integration: Integration) -> None:
    bring(integration, make_response(1, formResponse=answer("A\0da")))
    assert Lead.objects.get().contact == "A\ufffdda"


def test_lone_surrogates_do_no_harm(integration: Integration) -> None:
    raw = make_response(1).replace(b"Ada 1", b"Ada \\ud83d")
    bring(integration, raw, make_response(2))
    assert Lead.objects.filter(contact="Ada 2").exists()
    assert Registration.objects.count() == 2


def test_an_unknown_form_version_is_held_back_and_comes_later(
    integration: Integration,
) -> None:
    urn = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1,2)"
    lead = make_response(1, versionedLeadGenFormUrn=urn)
    bring(integration, lead)
    assert HeldBack.objects.get().reason == HeldBack.Reason.FORM_UNREADABLE
    make_form(integration, version=2)
    assert len(bring(integration, lead).outcome.registered) == 1
    assert not HeldBack.objects.exists()


def test_a_database_that_refuses_one_row_keeps_the_others(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(responses: list[MappedResponse]) -> Outcome:
        if any(row.values["Contact"] == "Ada 3" for row in responses):
            raise IntegrityError("a row that quotes ada@example.com")
        return register(responses)

    monkeypatch.setattr(module, "register", refusing)
    elements = [make_response(number) for number in range(1, 8)]
    result = bring(integration, *elements)
    assert len(result.outcome.registered) == 6
    held = HeldBack.objects.get()
    assert (held.response_id, held.reason) == ("lead-3", HeldBack.Reason.OWN_ERROR)
    assert "ada@example.com" not in held.detail


@pytest.mark.req("D2", "R083")
def test_a_resubmission_updates_and_an_old_page_does_not(
    integration: Integration,
) -> None:
    old = make_response(1)
    new = make_response(
        1, submittedAt=SUBMITTED_AT + 999, formResponse=answer("Ada new")
    )
    bring(integration, new)
    bring(integration, old)
    lead = Lead.objects.get()
    assert lead.contact == "Ada new"
    assert LeadChange.objects.count() == 1
    shown = submissions_of(lead)
    assert [row.fates[0].text for row in shown] == ["Ada new", "Ada 1"]
    assert shown[0].fates[0].columns == ("Contact",)


@pytest.mark.req("R087", "R105")
def test_what_was_submitted_while_off_is_kept_out(integration: Integration) -> None:
    windows = RegistrationWindow.objects.filter(integration=integration)
    windows.update(on_from=SUBMITTED_AT + 2, on_until=SUBMITTED_AT + 3)
    page = [make_response(number) for number in (1, 2, 3)]
    assert len(bring(integration, *page).outcome.registered) == 1
    fates = Registration.objects.order_by("submitted_at").values_list("fate", flat=True)
    assert list(fates) == [Fate.BEFORE_SETUP, Fate.REGISTERED, Fate.SWITCHED_OFF]


def test_a_deletion_takes_what_is_stored_too(integration: Integration) -> None:
    bring(integration, make_response(1))
    assert erase_response(response_id="lead-1", occurred_at=SUBMITTED_AT + 1)
    assert not LeadFormResponse.objects.exists()
    assert not Lead.objects.exists()
    assert len(bring(integration, make_response(1)).outcome.gone) == 1
    assert not Lead.objects.exists()


def test_a_worker_that_was_taken_over_writes_nothing(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    Worker.objects.create(slot="s", host="h", pid=1, epoch=2)
    monkeypatch.setattr(jobs, "_process_identity", [("s", 1)])
    with pytest.raises(Fenced):
        bring(integration, make_response(1))
    assert not Lead.objects.exists()
    assert not LeadFormResponse.objects.exists()


@pytest.mark.req("R032")
def test_a_broken_mapping_holds_back_and_says_so(integration: Integration) -> None:
    version = integration.mapping_versions.get()
    version.rows.filter(column="Contact").update(source={})
    bring(integration, make_response(1))
    held = HeldBack.objects.get()
    assert held.reason == HeldBack.Reason.MAPPING
    assert "apply it anew" in held.detail


def test_a_new_mapping_is_used_from_the_next_page_on(integration: Integration) -> None:
    bring(integration, make_response(1))
    fewer = [row for row in starting_mapping() if row.column != "Contact"]
    save_mapping(integration=integration, form=None, draft=Draft(rows=fewer), by=None)
    bring(integration, make_response(2))
    before, after = Lead.objects.order_by("pk")
    assert submissions_of(before)[0].fates[0].columns == ("Contact",)
    assert submissions_of(after)[0].fates[0].columns == ()
    assert list(Lead.objects.order_by("pk").values_list("contact", flat=True)) == [
        "Ada 1", "",
    ]  # fmt: skip
