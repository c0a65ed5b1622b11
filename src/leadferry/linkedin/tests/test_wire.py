import msgspec
import pytest

from leadferry.linkedin import wire
from leadferry.linkedin.wire import NoticeUnreadable, parse_notices

NOTICE = {
    "type": "LEAD_ACTION",
    "leadGenFormResponse": "urn:li:leadGenFormResponse:6b1d-12",
    "leadGenForm": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:987654, 3)",
    "owner": {"sponsoredAccount": "urn:li:sponsoredAccount:512345678"},
    "leadType": "SPONSORED",
    "leadAction": "CREATED",
    "occurredAt": 1793012345678,
}
LEAD = {
    "id": "6b1d-12",
    "versionedLeadGenFormUrn": NOTICE["leadGenForm"],
    "submittedAt": 1793012345678,
    "formResponse": {
        "answers": [
            {
                "questionId": 1,
                "answerDetails": {"multipleChoiceAnswer": {"options": [0]}},
            },
            {"questionId": 2, "answerDetails": {"textQuestionAnswer": {"answer": ""}}},
            {"questionId": 3},
        ],
        "consentResponses": [{"consentId": 0, "accepted": True}],
    },
}


def test_a_notice() -> None:
    notice = parse_notices(msgspec.json.encode(NOTICE | {"brandNew": {"a": 1}}))[0]
    assert notice.response_id == "6b1d-12"
    assert notice.account_id == 512345678
    assert (notice.form_id, notice.form_version) == (987654, 3)


def test_a_list_of_notices() -> None:
    assert len(parse_notices(msgspec.json.encode([NOTICE, NOTICE]))) == 2


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}", b"[1]", b'"x"', b"\xff\xfe", b"[]x"]
)
def test_anything_else_is_unreadable(body: bytes) -> None:
    with pytest.raises(NoticeUnreadable):
        parse_notices(body)


def test_ids_of_zero_are_ids() -> None:
    lead = wire.decode_response(msgspec.json.encode(LEAD))
    assert lead.form_response is not None
    assert [answer.value for answer in lead.form_response.answers] == [(0,), "", ""]
    assert lead.form_response.consent_responses[0].consent_id == 0


@pytest.mark.parametrize(
    "change", [{"id": ""}, {"versionedLeadGenFormUrn": "x"}, {"submittedAt": "soon"}]
)
def test_a_lead_that_cannot_be_told_apart_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(msgspec.DecodeError):
        wire.decode_response(msgspec.json.encode(LEAD | change))


@pytest.mark.parametrize("number", ["4711", '"4711"'])
def test_the_id_of_a_subscription_is_a_number_or_a_text(number: str) -> None:
    raw = f'{{"id": {number}, "webhook": "https://example.com"}}'
    row = msgspec.json.decode(raw, type=wire.LeadNotification)
    assert str(row.id) == "4711"


@pytest.mark.parametrize("scope", ["r_ads,openid", "r_ads openid", "r_ads%20openid"])
def test_scopes_in_every_spelling(scope: str) -> None:
    body = {"access_token": "t", "expires_in": 1, "scope": scope}
    answer = msgspec.json.decode(msgspec.json.encode(body), type=wire.TokenAnswer)
    assert answer.scopes == ["r_ads", "openid"]
