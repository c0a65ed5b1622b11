"""Parcels and connectors with plain defaults."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from leadferry.destinations.base import (
    Delivered,
    LookupRef,
    Named,
    Parcel,
    Source,
    Value,
)
from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.models import Destination
from leadferry.leads.models import LookupValue
from tests.support.creatio import Creatio

WEBINAR = Named(social_id="987654", name="Webinar")
EMEA = Named(social_id="500", name="EMEA 2026")
SPRING = Named(social_id="601", name="Spring offer")
BANNER = Named(social_id="70000001", name="Banner A")


def make_site() -> int:
    """A destination; its key."""
    return Destination.objects.create(name="Creatio", kind="creatio").pk


def connect_to(
    creatio: Creatio,
    key: int,
    *,
    client_id: str = "",
    client_secret: str = "",
    identity_url: str = "",
) -> CreatioConnector:
    """A connector to the local Creatio."""
    return CreatioConnector(
        key=key,
        address=creatio.url,
        identity_url=identity_url,
        client_id=client_id or creatio.client_id,
        client_secret=client_secret or creatio.client_secret,
    )


def make_parcel(
    number: int = 1,
    *,
    values: Mapping[str, Value] | None = None,
    by_hand: bool = False,
    is_test: bool = False,
) -> Parcel:
    """A lead of LinkedIn as a destination is told of it."""
    source = Source(
        linkedin_lead_id=f"abc-{number}",
        form=WEBINAR,
        campaign_group=EMEA,
        campaign=SPRING,
        creative=BANNER,
        submitted_at=datetime(2026, 3, 4, 9, 15, tzinfo=UTC),
    )
    return Parcel(
        lead_id=number,
        urn="" if by_hand else f"urn:li:leadGenFormResponse:abc-{number}",
        values={
            "Contact": f"Ines Maro {number}",
            "Email": f"ines{number}@northlake.example",
            "Notes": "Team size: 11-50",
            **(values or {}),
        },
        source=None if by_hand else source,
        is_test=is_test,
        sent={},
        remote_id="",
    )


def later(parcel: Parcel, delivered: object, **values: Value) -> Parcel:
    """The same lead after it was delivered, with other values."""
    assert isinstance(delivered, Delivered), delivered
    return replace(
        parcel,
        values={**parcel.values, **values},
        sent=delivered.digests,
        remote_id=delivered.remote_id,
    )


def value_of(lookup: str, name: str) -> LookupRef:
    """One of our lookup values."""
    row = LookupValue.objects.get(lookup__code=lookup, name=name)
    return LookupRef(
        lookup=lookup, id=row.pk, guid=row.guid, name=row.name, code=row.code
    )


def own_value(name: str, *, number: int = 900_000, guid: int = 1) -> LookupRef:
    """A value that Creatio may not have."""
    return LookupRef(
        lookup="Country", id=number, guid=UUID(int=guid), name=name, code=""
    )
