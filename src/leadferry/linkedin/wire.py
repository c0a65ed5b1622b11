"""LinkedIn's payloads as types: unknown fields ignored, enums left open.

Null fields are omitted on the wire, so whatever may be missing has a default.
"""

from typing import Annotated, Any

import msgspec

from leadferry.kit.errors import RejectedError
from leadferry.linkedin.restli import last_part, number_of, parse_versioned_form

# Milliseconds since 1970 that a date can hold: until the year 9999.
Moment = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
# What can be found again under a column's length.
Identity = Annotated[str, msgspec.Meta(min_length=1, max_length=250)]


class Wire(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Base of everything that LinkedIn sends."""


class Locale(Wire, frozen=True):
    country: str = ""
    language: str = ""


class MultiLocale(Wire, frozen=True):
    localized: dict[str, str] = {}


def localized(text: MultiLocale | None, locale: Locale | None) -> str:
    """The text in the form's locale, else in its language, else the first one."""
    if text is None or not text.localized:
        return ""
    if locale is not None:
        exact = text.localized.get(f"{locale.language}_{locale.country}")
        if exact is not None:
            return exact
        for key, value in text.localized.items():
            if key.split("_")[0] == locale.language:
                return value
    return next(iter(text.localized.values()))


class Owner(Wire, frozen=True):
    sponsored_account: str | None = None
    organization: str | None = None


class UserInfo(Wire, frozen=True, rename=None):
    """Who signed in; `sub` differs per application."""

    sub: str
    name: str | None = None
    email: str | None = None


class TokenAnswer(Wire, frozen=True, rename=None):
    access_token: str
    expires_in: int
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = None
    scope: str = ""

    @property
    def scopes(self) -> list[str]:
        """Granted scopes; LinkedIn separates them by comma, blank or plus."""
        plain = self.scope.replace("%20", " ").replace("%2C", ",")
        return plain.replace(",", " ").replace("+", " ").split()


class Introspection(Wire, frozen=True, rename=None):
    """Times are epoch seconds here, unlike everywhere else."""

    active: bool
    status: str | None = None
    expires_at: int | None = None
    scope: str = ""


class AdAccountUser(Wire, frozen=True):
    account: str
    role: str = ""

    @property
    def account_id(self) -> int | None:
        """The number of the ad account."""
        return number_of(self.account)


class AdAccount(Wire, frozen=True):
    id: int
    name: str | None = None
    status: str | None = None
    reference: str | None = None
    test: bool = False

    @property
    def organization_id(self) -> int | None:
        """The company page of the account; without one no lead can be read."""
        if self.reference and ":organization:" in self.reference:
            return number_of(self.reference)
        return None


class OrganizationAcl(Wire, frozen=True):
    role: str = ""
    state: str = ""
    organization: str | None = None

    @property
    def organization_id(self) -> int | None:
        """The number of the page."""
        return number_of(self.organization)


class Option(Wire, frozen=True):
    id: int
    text: MultiLocale | None = None


class MultipleChoiceDetails(Wire, frozen=True):
    options: list[Option] = []


class QuestionDetails(Wire, frozen=True):
    multiple_choice: MultipleChoiceDetails | None = msgspec.field(
        default=None, name="multipleChoiceQuestionDetails"
    )


class Question(Wire, frozen=True):
    question_id: int
    name: str | None = None
    label: str | None = None
    predefined_field: str | None = None
    question: MultiLocale | None = None
    question_details: QuestionDetails | None = None


class Consent(Wire, frozen=True):
    id: int
    check_required: bool = False
    label: str | None = None
    consent: MultiLocale | None = None


class LegalInfo(Wire, frozen=True):
    consents: list[Consent] = []


class FormContent(Wire, frozen=True):
    questions: list[Question] = []
    legal_info: LegalInfo | None = None


class HiddenField(Wire, frozen=True):
    name: str
    value: str = ""


class LeadForm(Wire, frozen=True):
    id: int
    version_id: int | None = None
    name: str | None = None
    state: str | None = None
    creation_locale: Locale | None = None
    hidden_fields: list[HiddenField] = []
    content: FormContent | None = None


class TextAnswer(Wire, frozen=True):
    answer: str = ""


class ChoiceAnswer(Wire, frozen=True):
    options: list[int] = []


class AnswerDetails(Wire, frozen=True):
    text: TextAnswer | None = msgspec.field(default=None, name="textQuestionAnswer")
    choice: ChoiceAnswer | None = msgspec.field(
        default=None, name="multipleChoiceAnswer"
    )


class Answer(Wire, frozen=True):
    question_id: int
    answer_details: AnswerDetails | None = None

    @property
    def value(self) -> str | tuple[int, ...]:
        """The text, or the ids of the chosen options (0 is a valid one)."""
        details = self.answer_details
        if details is not None and details.choice is not None:
            return tuple(details.choice.options)
        if details is not None and details.text is not None:
            return details.text.answer
        return ""


class ConsentResponse(Wire, frozen=True):
    consent_id: int
    accepted: bool = False


class FormResponse(Wire, frozen=True):
    answers: list[Answer] = []
    consent_responses: list[ConsentResponse] = []


class Named(Wire, frozen=True):
    id: str | None = None
    name: str | None = None


class SponsoredMetadata(Wire, frozen=True):
    campaign: str | None = None


class SponsoredMetadataInfo(Wire, frozen=True):
    campaign: Named | None = None


class LeadMetadata(Wire, frozen=True):
    sponsored_lead_metadata: SponsoredMetadata | None = None


class LeadMetadataInfo(Wire, frozen=True):
    sponsored_lead_metadata_info: SponsoredMetadataInfo | None = None


class AssociatedEntity(Wire, frozen=True):
    associated_creative: str | None = None
    event: str | None = None


class AssociatedEntityInfo(Wire, frozen=True):
    associated_creative: Named | None = None


class LeadFormResponse(Wire, frozen=True):
    """A lead; times in milliseconds since 1970, UTC."""

    id: Identity
    versioned_form_urn: str = msgspec.field(name="versionedLeadGenFormUrn")
    submitted_at: Moment
    owner: Owner | None = None
    lead_type: str = "SPONSORED"
    test_lead: bool = False
    lead_metadata: LeadMetadata | None = None
    lead_metadata_info: LeadMetadataInfo | None = None
    associated_entity: AssociatedEntity | None = None
    associated_entity_info: AssociatedEntityInfo | None = None
    form_response: FormResponse | None = None
    form: LeadForm | None = None

    def __post_init__(self) -> None:
        """Refuse a lead whose form version cannot be told."""
        if parse_versioned_form(self.versioned_form_urn) is None:
            raise ValueError("no form version")

    @property
    def form_id(self) -> int:
        """The number of the form."""
        return (parse_versioned_form(self.versioned_form_urn) or (0, 0))[0]

    @property
    def form_version(self) -> int:
        """The version of the form that the person saw."""
        return (parse_versioned_form(self.versioned_form_urn) or (0, 0))[1]

    @property
    def campaign_id(self) -> int | None:
        """The number of the campaign; none for organic leads."""
        metadata = self.lead_metadata and self.lead_metadata.sponsored_lead_metadata
        return number_of(metadata.campaign) if metadata else None

    @property
    def campaign_name(self) -> str | None:
        """The campaign's name, when the lead carries it."""
        info = self.lead_metadata_info
        sponsored = info and info.sponsored_lead_metadata_info
        return sponsored.campaign.name if sponsored and sponsored.campaign else None

    @property
    def creative_id(self) -> int | None:
        """The number of the ad banner."""
        entity = self.associated_entity
        return number_of(entity.associated_creative) if entity else None

    @property
    def creative_name(self) -> str | None:
        """The banner's name, when the lead carries it."""
        info = self.associated_entity_info
        creative = info and info.associated_creative
        return creative.name if creative else None


class LeadNotification(Wire, frozen=True):
    """A webhook subscription; LinkedIn does not say whether its id is a number."""

    id: int | str
    webhook: str = ""


class Campaign(Wire, frozen=True):
    id: int
    name: str | None = None
    campaign_group: str | None = None

    @property
    def campaign_group_id(self) -> int | None:
        """The number of the campaign's group."""
        return number_of(self.campaign_group)


class CampaignGroup(Wire, frozen=True):
    id: int
    name: str | None = None


class Creative(Wire, frozen=True):
    id: str
    name: str | None = None


class Paging(Wire, frozen=True):
    start: int = 0
    count: int | None = None
    total: int | None = None


class Cursor(Wire, frozen=True):
    next_page_token: str | None = None


class Page(Wire, frozen=True):
    """The envelope of a list; each element is decoded by itself."""

    elements: list[msgspec.Raw]
    paging: Paging | None = None
    metadata: Cursor | None = None


class Batch(Wire, frozen=True):
    """The envelope of a batch get."""

    results: dict[str, msgspec.Raw] = {}
    errors: dict[str, msgspec.Raw] = {}


class BatchError(Wire, frozen=True):
    status: int = 404


_response_decoder = msgspec.json.Decoder(LeadFormResponse)


def decode_response(raw: bytes) -> LeadFormResponse:
    """One lead; raises msgspec.DecodeError (a ValidationError) for a bad one alone."""
    return _response_decoder.decode(raw)


class _Form(Wire, frozen=True):
    versioned_form_urn: Any = msgspec.field(name="versionedLeadGenFormUrn", default="")


_form_decoder = msgspec.json.Decoder(_Form)


def form_of(raw: bytes) -> int | None:
    """The number of the form of an element that may be anything; none if unreadable."""
    try:
        pair = parse_versioned_form(str(_form_decoder.decode(raw).versioned_form_urn))
    except msgspec.DecodeError:
        return None
    return pair[0] if pair else None


class NoticeUnreadable(RejectedError):
    """A signed body that is no lead notification."""


class Notice(Wire, frozen=True):
    """One event of a webhook POST; `occurred_at` in milliseconds, UTC."""

    response_urn: Identity = msgspec.field(name="leadGenFormResponse")
    owner: Owner
    action: str = msgspec.field(name="leadAction")
    occurred_at: Moment
    form_urn: str = msgspec.field(name="leadGenForm", default="")

    @property
    def response_id(self) -> str:
        """The id under which the response is fetched."""
        return last_part(self.response_urn)

    @property
    def account_id(self) -> int | None:
        """The ad account, or none for leads of a page."""
        return number_of(self.owner.sponsored_account)

    @property
    def form_id(self) -> int | None:
        """The number of the form."""
        pair = parse_versioned_form(self.form_urn)
        return pair[0] if pair else None

    @property
    def form_version(self) -> int | None:
        """The version of the form."""
        pair = parse_versioned_form(self.form_urn)
        return pair[1] if pair else None


_one_notice = msgspec.json.Decoder(Notice)
_many_notices = msgspec.json.Decoder(list[Notice])


def parse_notices(body: bytes) -> list[Notice]:
    """The event of a POST, or the events; raises NoticeUnreadable with the reason."""
    try:
        if body.lstrip()[:1] == b"[":
            return _many_notices.decode(body)
        return [_one_notice.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise NoticeUnreadable(f"Not a lead notification: {exc}") from exc
