"""Leads as a destination is told of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from leadferry.destinations.base import LookupRef, Named, Parcel, Source, Value
from leadferry.destinations.models import Delivery
from leadferry.kit import clock
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.duplicate_models import LeadMerge, MergedLead
from leadferry.leads.models import ExtendedLeadInformation, Lead, LookupValue
from leadferry.leads.values import read_value
from leadferry.mapping.fields import ColumnType

_URN = "urn:li:leadGenFormResponse:"
_EMPTY = ("", None, False)


def parcels_of(deliveries: Sequence[Delivery]) -> dict[int, Parcel]:
    """The parcel of each lead that is there, by lead id."""
    ids = [one.lead_id for one in deliveries]
    # Origins first: of a lead that is deleted in between none is left, and never the
    # lead without its origin.
    origins = _origins(ids)
    leads = Lead.objects.in_bulk(ids)
    columns = [one for one in catalogue().values() if not one.is_retired]
    held = {
        lead.pk: [(one, read_value(lead, one)) for one in columns]
        for lead in leads.values()
    }
    refs = _references(held.values())
    return {
        one.lead_id: _parcel(
            one, leads[one.lead_id], origins.get(one.lead_id), held[one.lead_id], refs
        )
        for one in deliveries
        if one.lead_id in leads
    }


def _origins(ids: Sequence[int]) -> dict[int, ExtendedLeadInformation]:
    rows = ExtendedLeadInformation.objects.filter(lead__in=ids).select_related(
        "form", "campaign_group", "campaign", "creative"
    )
    found = {row.lead_id: row for row in rows}
    # Merged here meanwhile: elsewhere it goes by the id that it had.
    merged = MergedLead.objects.filter(
        lead__in=[one for one in ids if one not in found],
        merge__state=LeadMerge.State.MERGED,
    )
    for one in merged:
        found[one.lead_id] = ExtendedLeadInformation(
            lead_id=one.lead_id, **one.extended
        )
    return found


_Held = Sequence[tuple[CatalogueColumn, object]]


def _references(held: Iterable[_Held]) -> dict[int, LookupRef]:
    """Lookup values by their id; of a merged one, what it became."""
    wanted = {
        value
        for columns in held
        for column, value in columns
        if column.type is ColumnType.LOOKUP and isinstance(value, int)
    }
    rows = LookupValue.objects.filter(pk__in=wanted).select_related(
        "lookup", "merged_into"
    )
    return {row.pk: _reference(row.lookup.code, row.merged_into or row) for row in rows}


def _reference(lookup: str, value: LookupValue) -> LookupRef:
    return LookupRef(
        lookup=lookup, id=value.pk, guid=value.guid, name=value.name, code=value.code
    )


def _parcel(
    delivery: Delivery,
    lead: Lead,
    origin: ExtendedLeadInformation | None,
    held: _Held,
    refs: Mapping[int, LookupRef],
) -> Parcel:
    values = {column.code: _value(column, value, refs) for column, value in held}
    sent = delivery.digests
    return Parcel(
        lead_id=lead.pk,
        urn=f"{_URN}{origin.linkedin_lead_id}" if origin else "",
        values={
            code: value
            for code, value in values.items()
            if code in sent or value not in _EMPTY
        },
        source=_source(origin) if origin else None,
        is_test=lead.is_test,
        sent=sent,
        remote_id=delivery.remote_id,
    )


def _value(
    column: CatalogueColumn, value: object, refs: Mapping[int, LookupRef]
) -> Value:
    if column.type is ColumnType.LOOKUP:
        return refs.get(value) if isinstance(value, int) else None
    if isinstance(value, str | bool | Decimal | datetime | date):
        return value
    return None


def _source(origin: ExtendedLeadInformation) -> Source:
    return Source(
        linkedin_lead_id=origin.linkedin_lead_id,
        form=_named(origin.form),
        campaign_group=_named(origin.campaign_group),
        campaign=_named(origin.campaign),
        creative=_named(origin.creative),
        submitted_at=clock.from_ms(origin.submitted_at),
    )


def _named(value: LookupValue | None) -> Named | None:
    if value is None:
        return None
    return Named(social_id=value.social_id, name=value.name)
