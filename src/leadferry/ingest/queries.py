"""Reads of what came in: the submissions behind a lead, what is held back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db.models import Count, QuerySet

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
_NEVER_DELIVERED = {
    HeldBack.Reason.NOT_FOUND,
    HeldBack.Reason.NO_PERMISSION,
    HeldBack.Reason.UNREACHABLE,
}


@dataclass(frozen=True, kw_only=True)
class ShownSubmission:
    """One submission of a person, and where each answer went."""

    submitted_at: datetime
    form_version: int
    fates: Sequence[Fate]


@dataclass(frozen=True, kw_only=True)
class HeldBackFilter:
    """Those that wait, or those that were discarded; of one reason where named."""

    reason: str = ""
    is_discarded: bool = False


@dataclass(frozen=True, kw_only=True)
class HeldBackPage:
    """Held-back responses, newest first, and how many of each reason there are."""

    rows: Sequence[HeldBack]
    older: int | None
    by_reason: Sequence[tuple[str, str, int]]
    waiting: int
    discarded: int
    # On all pages.
    matching: int


@dataclass(frozen=True, kw_only=True)
class RawSubmission:
    """What LinkedIn delivered: in the words of the form where they are known."""

    answers: Sequence[Fate]
    text: str
    is_purged: bool = False


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
        return _answers(wire.decode_response(bytes(row.raw)), version, mapping)
    except msgspec.DecodeError:
        return []


def _answers(
    given: wire.LeadFormResponse,
    version: LeadFormVersion,
    mapping: Sequence[ColumnMapping],
) -> list[Fate]:
    try:
        return compile_for(version, mapping).fates(submission(given))
    except LeadferryError:
        return []


def held_back_count() -> int:
    """How many responses wait for a person."""
    return HeldBack.objects.filter(discarded_at=None).count()


def held_back(chosen: HeldBackFilter) -> QuerySet[HeldBack]:
    """What is held back or was discarded, newest first."""
    rows = HeldBack.objects.filter(discarded_at__isnull=not chosen.is_discarded)
    if chosen.reason:
        rows = rows.filter(reason=chosen.reason)
    return rows.order_by("-pk")


def held_back_page(chosen: HeldBackFilter, *, before: int | None) -> HeldBackPage:
    """One page of what is held back."""
    rows = held_back(chosen)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    # A list does not need what stands in each of them.
    shown = list(rows.defer("raw")[: PAGE_SIZE + 1])
    more = len(shown) > PAGE_SIZE
    counts = _counts(is_discarded=chosen.is_discarded)
    others = sum(_counts(is_discarded=not chosen.is_discarded).values())
    here = sum(counts.values())
    return HeldBackPage(
        rows=shown[:PAGE_SIZE],
        older=shown[PAGE_SIZE - 1].pk if more else None,
        by_reason=[
            (reason.value, str(reason.label), counts[reason.value])
            for reason in HeldBack.Reason
            if reason.value in counts
        ],
        waiting=others if chosen.is_discarded else here,
        discarded=here if chosen.is_discarded else others,
        matching=counts.get(chosen.reason, 0) if chosen.reason else here,
    )


def _counts(*, is_discarded: bool) -> dict[str, int]:
    rows = held_back(HeldBackFilter(is_discarded=is_discarded)).order_by()
    counted = rows.values_list("reason").annotate(count=Count("pk"))
    return dict(counted)


def find_held_back(held_id: int) -> HeldBack | None:
    """One response that is held back or was discarded."""
    rows = HeldBack.objects.select_related("discarded_by")
    return rows.filter(pk=held_id).first()


def raw_submission(held: HeldBack) -> RawSubmission:
    """What was delivered of a held-back response; empty where nothing was."""
    raw = bytes(held.raw)
    if not raw:
        was_delivered = held.reason not in _NEVER_DELIVERED
        return RawSubmission(answers=[], text="", is_purged=was_delivered)
    try:
        given = wire.decode_response(raw)
    except msgspec.DecodeError:
        return RawSubmission(answers=[], text=_pretty(raw))
    pair = (given.form_id, given.form_version)
    version = integrations.versions_by_number({pair}).get(pair)
    refresh_values()
    answers = _answers(given, version, []) if version is not None else []
    return RawSubmission(answers=answers, text=_pretty(raw))


def _pretty(raw: bytes) -> str:
    try:
        return msgspec.json.format(raw, indent=2).decode()
    except msgspec.DecodeError:
        return raw.decode("utf-8", "replace")


def last_challenge() -> datetime | None:
    """When LinkedIn last checked the door's address and got its answer."""
    counts = DoorCount.objects.filter(kind=counting.CHALLENGE)
    last = counts.order_by("-slot").values_list("last_at", flat=True).first()
    return clock.from_ms(last) if last is not None else None
