"""Submitting: a lead is stored as LinkedIn would store it."""

import random
from collections.abc import Callable

from linkedin_sandbox.people import Filled
from linkedin_sandbox.state import Lead, State
from linkedin_sandbox.world import Form, Json

TextMaker = Callable[[str], Json]


def submit(
    state: State,
    form: Form,
    *,
    filled: Filled,
    test: bool = False,
    submitted_at: int | None = None,
    again: str | None = None,
) -> Lead:
    """One submission of the form's present version; `again` names one it replaces."""
    number = len(state.leads)
    campaign, creative = _advertisement(state, form, number)
    lead = Lead(
        id=again or state.new_lead_id(),
        form=form.id,
        version=form.version,
        account=form.account,
        submitted_at=submitted_at or state.clock.now_ms(),
        test=test,
        campaign=campaign,
        creative=creative,
        submitter=f"urn:li:person:Zy{number:08d}",
        answers=filled.answers,
        consents=filled.consents,
    )
    state.add_lead(lead)
    return lead


def _advertisement(
    state: State, form: Form, number: int
) -> tuple[int | None, int | None]:
    if not form.campaigns:
        return None, None
    campaign = form.campaigns[number % len(form.campaigns)]
    creatives = [
        row["id"]
        for row in state.world.accounts[form.account].creatives
        if row["campaign"] == campaign
    ]
    return campaign, creatives[number % len(creatives)] if creatives else None


def wire_lead(state: State, lead: Lead) -> Json:
    """The lead as the API shows it, every projectable field included."""
    form = state.world.forms[lead.form]
    account = state.world.accounts[lead.account]
    body: Json = {
        "id": lead.id,
        "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{lead.account}"},
        "ownerInfo": {"sponsoredAccountInfo": {"name": account.name}},
        "submitter": lead.submitter,
        "leadType": "SPONSORED",
        "versionedLeadGenFormUrn": versioned_urn(form.id, lead.version),
        "submittedAt": lead.submitted_at,
        "testLead": lead.test,
        "formResponse": _form_response(lead),
        "form": wire_form(form, lead.version),
    }
    if lead.campaign is not None:
        body |= _advertised(state, lead)
    return body


def _advertised(state: State, lead: Lead) -> Json:
    account = state.world.accounts[lead.account]
    campaign = f"urn:li:sponsoredCampaign:{lead.campaign}"
    creative = f"urn:li:sponsoredCreative:{lead.creative}"
    name = next((r["name"] for r in account.campaigns if r["id"] == lead.campaign), "")
    return {
        "leadMetadata": {"sponsoredLeadMetadata": {"campaign": campaign}},
        "leadMetadataInfo": {
            "sponsoredLeadMetadataInfo": {
                "campaign": {
                    "id": campaign,
                    "name": name,
                    "type": "SPONSORED_UPDATES",
                }
            }
        },
        "associatedEntity": {"associatedCreative": creative},
        # The name of the banner is not told here; a call of its own has it.
        "associatedEntityInfo": {"associatedCreative": {"id": creative}},
    }


def _form_response(lead: Lead) -> Json:
    answers = [
        {"questionId": int(question), "answerDetails": _answer_details(answer)}
        for question, answer in lead.answers.items()
    ]
    # LinkedIn does not keep to the form's order.
    random.Random(lead.id).shuffle(answers)  # noqa: S311 - test data
    made: Json = {"answers": answers}
    if lead.consents:
        made["consentResponses"] = [
            {"consentId": int(number), "accepted": accepted}
            for number, accepted in lead.consents.items()
        ]
    return made


def _answer_details(answer: str | list[int]) -> Json:
    if isinstance(answer, list):
        return {"multipleChoiceAnswer": {"options": answer}}
    return {"textQuestionAnswer": {"answer": answer}}


def versioned_urn(form: int, version: int) -> str:
    """The URN of one version of a form."""
    return f"urn:li:versionedLeadGenForm:(urn:li:leadGenForm:{form},{version})"


def wire_form(form: Form, version: int | None = None) -> Json:
    """A form as the API shows it."""
    content = form.content(version)

    def text(value: str) -> Json:
        return {"localized": {form.locale: value}}

    return {
        "id": form.id,
        "versionId": content["version"],
        "name": form.name,
        "state": form.state,
        "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{form.account}"},
        "creationLocale": {"country": form.country, "language": form.language},
        "created": 1793000000000,
        "lastModified": 1793000500000 + int(content["version"]),
        "hiddenFields": content["hidden_fields"],
        "content": {
            "headline": text(content["headline"]),
            "description": text(content["description"]),
            "questions": [_question(row, text) for row in content["questions"]],
            "legalInfo": {
                "legalInfoId": form.id + 1,
                "privacyPolicyUrl": "https://example.com/privacy",
                "consents": [
                    {
                        "id": row["id"],
                        "checkRequired": row["required"],
                        "consent": text(row["text"]),
                    }
                    for row in content["consents"]
                ],
            },
            "postSubmissionInfo": {"message": text(content["thanks"])},
        },
    }


def _question(row: Json, text: TextMaker) -> Json:
    if row.get("options"):
        options = [
            {"id": option["id"], "text": text(option["text"])}
            for option in row["options"]
        ]
        details: Json = {"multipleChoiceQuestionDetails": {"options": options}}
    else:
        limit = {"maxResponseLength": row.get("max_length", 300)}
        details = {"textQuestionDetails": limit}
    made: Json = {
        "questionId": row["id"],
        "name": row["name"],
        "question": text(row["text"]),
        "questionDetails": details,
        "responseEditable": True,
        "responseRequired": row["required"],
    }
    if row.get("predefined"):
        made["predefinedField"] = row["predefined"]
    return made
