"""The identity of a response and of its content."""

import msgspec
from django.conf import settings

from leadferry.kit.secrets import content_digest
from leadferry.linkedin import wire

_outline = msgspec.json.Decoder(dict[str, msgspec.Raw])
_URN = "urn:li:leadGenFormResponse:"


def identity_of(response_id: str) -> tuple[int, int]:
    """Key and check of a LinkedIn response in the ledger."""
    key, check = settings.KEYRING.identity(f"linkedin:{_URN}{response_id}")
    return key, check


def digest_of(response: wire.LeadFormResponse) -> int:
    """A number that differs when what was submitted does; order does not matter."""
    given = response.form_response
    answers = sorted(
        (answer.question_id, answer.value)
        for answer in (given.answers if given else ())
    )
    consents = sorted(
        (consent.consent_id, consent.accepted)
        for consent in (given.consent_responses if given else ())
    )
    content = msgspec.json.encode(
        [answers, consents, response.versioned_form_urn, response.test_lead]
    )
    return content_digest(content)


def without_person(raw: bytes) -> bytes:
    """The response as delivered, less `form`, and `submitter` as a keyed hash."""
    # What stays is copied, not taken apart.
    content = _outline.decode(raw)
    content.pop("form", None)
    submitter = msgspec.json.decode(content.get("submitter", b"null"))
    # What was stored before holds the hash already.
    if str(submitter or "").startswith("urn:"):
        hashed = settings.KEYRING.digest(str(submitter)).hex()
        content["submitter"] = msgspec.Raw(msgspec.json.encode(hashed))
    return msgspec.json.encode(content)
