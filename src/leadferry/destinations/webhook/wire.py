"""Leads as the JSON of a webhook, and how a request is signed."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from leadferry.destinations.base import LookupRef, Named, Parcel, Value

SIGNATURE, TIMESTAMP = "Leadferry-Signature", "Leadferry-Timestamp"


def sign(secret: str, *, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of the time, a full stop and the body as it is sent."""
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def encode(event: str, **content: object) -> bytes:
    """The body of a request."""
    return json.dumps({"event": event, **content}, ensure_ascii=False).encode()


def lead_json(parcel: Parcel) -> dict[str, object]:
    """A lead; what was sent before and is empty now stands there empty."""
    values = {code: value_json(value) for code, value in parcel.values.items()}
    source = parcel.source
    return {
        "id": id_of(parcel),
        "key": f"{parcel.lead_id}-{digest(values)}",
        "urn": parcel.urn,
        "is_test": parcel.is_test,
        "values": values,
        "source": None
        if source is None
        else {
            "linkedin_lead_id": source.linkedin_lead_id,
            "form": _named(source.form),
            "campaign_group": _named(source.campaign_group),
            "campaign": _named(source.campaign),
            "creative": _named(source.creative),
            "submitted_at": source.submitted_at.isoformat(),
        },
    }


def id_of(parcel: Parcel) -> str:
    """What the lead is called at the receiver: as here."""
    return str(parcel.lead_id)


def value_json(value: Value) -> object:
    """Decimals and times as text; a lookup value with all its names."""
    if isinstance(value, LookupRef):
        return {
            "lookup": value.lookup,
            "name": value.name,
            "code": value.code,
            "guid": str(value.guid),
        }
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def digests(values: Mapping[str, Value]) -> dict[str, str]:
    """By column, what tells whether it is still what was sent."""
    return {code: digest(value_json(value)) for code, value in values.items()}


def digest(content: object) -> str:
    """Sixteen digits that differ when the content does."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _named(value: Named | None) -> dict[str, str] | None:
    return {"id": value.social_id, "name": value.name} if value else None


def erased_json(ids: Sequence[str]) -> list[dict[str, str]]:
    """Leads that are to be erased."""
    return [{"id": one} for one in ids]
