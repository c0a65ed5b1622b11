"""Forms and leads as the API writes them."""

from collections.abc import Callable
from typing import Any

import msgspec

from linkedin_sandbox.records import Lead
from linkedin_sandbox.restli import Projection, project
from linkedin_sandbox.world import Form, Json, Question, World

# `ownerInfo`, `form` and the other infos come only to those who name them.
_SHOWN_ALWAYS = (
    "id",
    "owner",
    "submitter",
    "leadType",
    "leadMetadata",
    "associatedEntity",
    "versionedLeadGenFormUrn",
    "submittedAt",
    "testLead",
    "formResponse",
)
_DEFAULT: Projection = dict.fromkeys(_SHOWN_ALWAYS)
_OF_FORM = ("owner", "ownerInfo", "leadType", "versionedLeadGenFormUrn", "form")
_OF_ADVERTISEMENT = (
    "leadMetadata",
    "leadMetadataInfo",
    "associatedEntity",
    "associatedEntityInfo",
)
_CREATED = 1793000000000
_MOST_KEPT = 2_000


def versioned_urn(form: int, version: int) -> str:
    """The URN of one version of a form."""
    return f"urn:li:versionedLeadGenForm:(urn:li:leadGenForm:{form},{version})"


class Writer:
    """Writes leads with the fields that were asked for; what repeats is kept."""

    def __init__(self, world: World, fields: Projection | None) -> None:
        self._world = world
        self._tree = _DEFAULT if fields is None else fields
        self._parts: dict[tuple[object, ...], dict[str, msgspec.Raw]] = {}
        self._whole_answers = self._tree.get("formResponse", {}) is None

    def write(self, lead: Lead) -> Json:
        """One lead; parts of it are JSON already."""
        form = self._world.forms[lead.form]
        made: Json = {}
        made |= self._kept((form.id, lead.version, form.revision), _OF_FORM, lead)
        if lead.campaign is not None or lead.event is not None:
            key = (lead.owner, lead.campaign, lead.creative, lead.event)
            made |= self._kept(key, _OF_ADVERTISEMENT, lead)
        tree = self._tree
        if "id" in tree:
            made["id"] = lead.id
        if "submitter" in tree:
            made["submitter"] = lead.submitter
        if "submittedAt" in tree:
            made["submittedAt"] = lead.submitted_at
        if "testLead" in tree:
            made["testLead"] = lead.test
        if "formResponse" in tree:
            answers = _form_response(lead)
            below = tree["formResponse"]
            made["formResponse"] = answers if below is None else project(answers, below)
        return made

    def _kept(
        self, key: tuple[object, ...], names: tuple[str, ...], lead: Lead
    ) -> dict[str, msgspec.Raw]:
        found = self._parts.get(key)
        if found is None:
            found = {}
            for name in names:
                made = _MAKERS[name](self._world, lead) if name in self._tree else None
                if made is not None:
                    shown = project(made, self._tree[name])
                    found[name] = msgspec.Raw(msgspec.json.encode(shown))
            if len(self._parts) > _MOST_KEPT:
                self._parts.clear()
            self._parts[key] = found
        return found


def _owner_info(world: World, lead: Lead) -> Json:
    if lead.account is not None:
        name = world.accounts[lead.account].name
        return {"sponsoredAccountInfo": {"name": name}}
    return {"organizationInfo": {"name": world.pages[lead.owner.number]}}


def _campaign_urn(lead: Lead) -> str:
    return f"urn:li:sponsoredCampaign:{lead.campaign}"


def _creative_urn(lead: Lead) -> str:
    return f"urn:li:sponsoredCreative:{lead.creative}"


def _metadata(_world: World, lead: Lead) -> Json | None:
    if lead.campaign is None:
        return None
    return {"sponsoredLeadMetadata": {"campaign": _campaign_urn(lead)}}


def _metadata_info(world: World, lead: Lead) -> Json | None:
    if lead.campaign is None or lead.account is None:
        return None
    campaigns = world.accounts[lead.account].campaigns
    name = next((row.name for row in campaigns if row.id == lead.campaign), "")
    told = {"id": _campaign_urn(lead), "name": name, "type": "SPONSORED_UPDATES"}
    return {"sponsoredLeadMetadataInfo": {"campaign": told}}


def entity_of(lead: Lead) -> Json:
    """What the lead came by: an ad banner or an event."""
    if lead.event is not None:
        return {"event": f"urn:li:event:{lead.event}"}
    return {"associatedCreative": _creative_urn(lead)}


def _entity_info(world: World, lead: Lead) -> Json:
    if lead.event is not None:
        event = world.events[lead.event]
        return {"event": {"id": f"urn:li:event:{event.id}", "name": event.name}}
    # The name of the banner is not told here; a call of its own has it.
    return {"associatedCreative": {"id": _creative_urn(lead)}}


_MAKERS: dict[str, Callable[[World, Lead], Any]] = {
    "owner": lambda _world, lead: lead.owner.union,
    "ownerInfo": _owner_info,
    "leadType": lambda _world, lead: lead.lead_type,
    "versionedLeadGenFormUrn": lambda _world, lead: versioned_urn(
        lead.form, lead.version
    ),
    "form": lambda world, lead: wire_form(world.forms[lead.form], lead.version),
    "leadMetadata": _metadata,
    "leadMetadataInfo": _metadata_info,
    "associatedEntity": lambda _world, lead: entity_of(lead),
    "associatedEntityInfo": _entity_info,
}


def _form_response(lead: Lead) -> Json:
    answers = [_answer(*pair) for pair in lead.answers.items()]
    if answers:
        # LinkedIn does not keep to the form's order.
        turn = lead.submitted_at % len(answers)
        answers = answers[turn:] + answers[:turn]
    made: Json = {"answers": answers}
    if lead.consents:
        made["consentResponses"] = [
            {"consentId": int(number), "accepted": accepted}
            for number, accepted in lead.consents.items()
        ]
    return made


def _answer(question: str, answer: str | list[int]) -> Json:
    details: Json
    if type(answer) is str:
        details = {"textQuestionAnswer": {"answer": answer}}
    else:
        details = {"multipleChoiceAnswer": {"options": answer}}
    return {"questionId": int(question), "answerDetails": details}


def wire_form(form: Form, version: int | None = None) -> Json:
    """A form as the API shows it."""
    content = form.content(version)

    def text(value: str) -> Json:
        return {"localized": {form.locale: value}}

    return {
        "id": form.id,
        "versionId": content.version,
        "name": form.name,
        "state": form.state,
        "owner": form.owner.union,
        "creationLocale": {"country": form.country, "language": form.language},
        "created": _CREATED,
        "lastModified": _CREATED + 500_000 + content.version,
        "reviewInfo": {
            "reviewStatus": "NEEDS_REVIEW",
            "rejectionReasons": [],
            "lastUpdated": _CREATED + 300_000,
        },
        "hiddenFields": [
            {"name": row.name, "value": row.value} for row in content.hidden_fields
        ],
        "content": {
            "headline": text(content.headline),
            "description": text(content.description),
            "questions": [_question(row, text) for row in content.questions],
            "legalInfo": {
                "legalInfoId": form.id + 1,
                "privacyPolicyUrl": "https://example.com/privacy",
                "consents": [
                    {
                        "id": row.id,
                        "checkRequired": row.required,
                        "consent": text(row.text),
                    }
                    for row in content.consents
                ],
            },
            "postSubmissionInfo": {"message": text(content.thanks)},
        },
    }


def _question(row: Question, text: Callable[[str], Json]) -> Json:
    if row.options:
        options = [
            {"id": option.id, "text": text(option.text)} for option in row.options
        ]
        details: Json = {"multipleChoiceQuestionDetails": {"options": options}}
    else:
        details = {"textQuestionDetails": {"maxResponseLength": row.max_length}}
    made: Json = {
        "questionId": row.id,
        "name": row.name,
        "question": text(row.text),
        "questionDetails": details,
        "responseEditable": True,
        "responseRequired": row.required,
    }
    if row.predefined:
        made["predefinedField"] = row.predefined
    return made
