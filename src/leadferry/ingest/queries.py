"""Reads of what came in: the submissions behind a lead, what is held back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db.models import QuerySet

from leadferry.ingest import counting
from leadferry.ingest.context import compile_for, refresh_values
from leadferry.ingest.models import DoorCount, HeldBack, LeadFormResponse
from leadferry.integrations import queries as integrations
from leadferry.integrations.models import LeadFormVersion
from leadferry.integrations.schema import submission
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError
from leadferry.leads.models import Lead, Registration
from leadferry.linkedin import wire
from leadferry.mapping.compile import Fate
from leadferry.mapping.sources import ColumnMapping

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class ShownSubmission:
    """One submission of a person, and where each answer went."""

    submitted_at: datetime
    form_version: int
    fates: Sequence[Fate]


@dataclass(frozen=True, kw_only=True)
class HeldBackPage:
    """Held-back responses, newest first."""

    rows: Sequence[HeldBack]
    older: int | None


def responses_of(leads: Sequence[int]) -> QuerySet[LeadFormResponse]:
    """The stored responses behind the leads with these ids, newest first."""
    keys = Registration.objects.filter(lead_id__in=leads).values_list("key", flat=True)
    found = LeadFormResponse.objects.filter(urn_key__in=list(keys))
    return found.order_by("-submitted_at", "-pk")


def submissions_of(lead: Lead) -> list[ShownSubmission]:
    """What the lead's person submitted, newest first.

    Where an answer went is told by the mapping with which the lead was last written.
    """
    rows = list(responses_of([lead.pk]))
    pairs = {(row.form_id, row.form_version) for row in rows}
    versions = integrations.versions_by_number(pairs)
    mapping = integrations.find_mapping_rows(lead.extended.mapping_version)
    refresh_values()
    return [
        ShownSubmission(
            submitted_at=clock.from_ms(row.submitted_at),
            form_version=row.form_version,
            fates=_fates(row, versions.get((row.form_id, row.form_version)), mapping),
        )
        for row in rows
    ]


def _fates(
    row: LeadFormResponse,
    version: LeadFormVersion | None,
    mapping: Sequence[ColumnMapping],
) -> list[Fate]:
    if version is None:
        return []
    try:
        compiled = compile_for(version, mapping)
        return compiled.fates(submission(wire.decode_response(bytes(row.raw))))
    except (LeadferryError, msgspec.DecodeError):
        return []


def held_back_count() -> int:
    """How many responses wait for a person."""
    return HeldBack.objects.count()


def held_back_page(*, before: int | None) -> HeldBackPage:
    """One page of what is held back."""
    rows = HeldBack.objects.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    shown = list(rows[: PAGE_SIZE + 1])
    more = len(shown) > PAGE_SIZE
    return HeldBackPage(
        rows=shown[:PAGE_SIZE], older=shown[PAGE_SIZE - 1].pk if more else None
    )


def last_challenge() -> datetime | None:
    """When LinkedIn last checked the door's address and got its answer."""
    counts = DoorCount.objects.filter(kind=counting.CHALLENGE)
    last = counts.order_by("-slot").values_list("last_at", flat=True).first()
    return clock.from_ms(last) if last is not None else None
