"""The one way in: a page of responses becomes leads, each alone in its failures."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import Q

from leadferry.ingest import latency
from leadferry.ingest.context import PageContext, ReadyForm, context_for
from leadferry.ingest.delivered import Delivered, ResponsePage
from leadferry.ingest.identity import digest_of, identity_of, without_person
from leadferry.ingest.models import HeldBack, LeadFormResponse
from leadferry.integrations import queries
from leadferry.integrations.schema import submission
from leadferry.jobs.services import hold_fence
from leadferry.leads import bulk
from leadferry.leads import services as leads
from leadferry.leads.answers import GivenAnswer
from leadferry.leads.models import CameBy, Fate
from leadferry.leads.register import MappedResponse, Origin, Outcome, register
from leadferry.linkedin import wire
from leadferry.mapping.compile import Mapped

logger = logging.getLogger("leadferry.ingest")


class Progress(Protocol):
    """What moves on in the very transaction that stores a page."""

    def hold(self) -> None:
        """Raise Fenced where the page is somebody else's by now."""

    def move(self, outcome: "PageOutcome") -> None:
        """The page is stored when the transaction ends."""


@dataclass(frozen=True, slots=True)
class Ready:
    """One response, mapped, with what is stored of it."""

    mapped: MappedResponse
    stored: bulk.Row


@dataclass(kw_only=True)
class PageOutcome:
    """What became of the responses of a page."""

    outcome: Outcome = field(default_factory=Outcome)
    held_back: list[str] = field(default_factory=list)
    # Discarded or deleted before, and not readable: nothing of them is kept.
    left_out: list[str] = field(default_factory=list)


_RESPONSE_COLUMNS = (
    "urn_key", "urn_check", "submitted_at", "digest",
    "form_id", "form_version", "raw", "received_at",
)  # fmt: skip


def import_page(page: ResponsePage, *, progress: Progress | None = None) -> PageOutcome:
    """Register a page, in one transaction when nothing is wrong with it.

    Asks nothing of the network: form versions and names were read before. Raises
    Fenced where another worker or, by `progress`, another run has the page, and where
    the integration was deleted.
    """
    queries.hold(page.integration)
    result = PageOutcome()
    context = context_for(page.integration, page.responses)
    ready = []
    for delivered in page.delivered:
        made = _make_ready(delivered, context=context, page=page)
        if isinstance(made, Ready):
            ready.append(made)
        else:
            _hold_back(made, result=result)
    _store_all(page, ready, result=result, progress=progress)
    return result


def _make_ready(
    delivered: Delivered, *, context: PageContext, page: ResponsePage
) -> "Ready | HeldBack":
    element, response = delivered.raw, delivered.response
    if response is None:
        return _undecodable(element, delivered.problem, context)
    pair = (response.form_id, response.form_version)
    form = context.forms.get(pair)
    fate = Fate.REGISTERED if page.takes_all else context.fate_of(response)
    if fate is not Fate.REGISTERED:
        # No lead is made, so nothing of the form or its mapping can be in the way.
        return _unmapped(element, response, fate, context)
    if isinstance(form, ReadyForm):
        try:
            return _map(element, response, form, context, page.came_by)
        except Exception:
            # I6: one bad lead never stops the others. Ids only in the log.
            logger.exception("mapping failed", extra={"response": response.id})
            return _held(response, element, context, HeldBack.Reason.OWN_ERROR, "")
    if form is None:
        detail = f"Version {pair[1]} of form {pair[0]} could not be read."
        return _held(
            response, element, context, HeldBack.Reason.FORM_UNREADABLE, detail
        )
    return _held(response, element, context, HeldBack.Reason.MAPPING, str(form))


def _unmapped(
    element: bytes, response: wire.LeadFormResponse, fate: Fate, context: PageContext
) -> Ready:
    account = context.integration.ad_account.account_id
    origin = Origin(
        linkedin_lead_id=response.id,
        ad_account=account,
        form=0,
        form_version=response.form_version,
        mapping_version=0,
    )
    stored = _stored(element, response, context)
    key, check, submitted_at, digest = stored[:4]
    return Ready(
        MappedResponse(
            key=key,
            check_key=check,
            fate=fate.value,
            submitted_at=submitted_at,
            digest=digest,
            values={},
            is_test=response.test_lead,
            origin=origin,
        ),
        stored,
    )


def _stored(
    element: bytes, response: wire.LeadFormResponse, context: PageContext
) -> bulk.Row:
    key, check = identity_of(response.id)
    return (
        key,
        check,
        response.submitted_at,
        digest_of(response),
        response.form_id,
        response.form_version,
        without_person(element),
        context.received_at,
    )


def _map(
    element: bytes,
    response: wire.LeadFormResponse,
    form: ReadyForm,
    context: PageContext,
    came_by: CameBy | None,
) -> Ready:
    mapped = form.mapping.apply(submission(response))
    stored = _stored(element, response, context)
    key, check, submitted_at, digest = stored[:4]
    campaign = context.campaigns.get(str(response.campaign_id))
    creative = context.creatives.get(str(response.creative_id))
    return Ready(
        MappedResponse(
            key=key,
            check_key=check,
            fate=Fate.REGISTERED.value,
            submitted_at=submitted_at,
            digest=digest,
            values=mapped.values,
            answers=answers_of(mapped),
            is_test=response.test_lead,
            origin=Origin(
                linkedin_lead_id=response.id,
                ad_account=context.integration.ad_account.account_id,
                form=form.lookup_value,
                form_version=response.form_version,
                mapping_version=form.mapping_version,
                campaign_group=campaign.parent_id if campaign else None,
                campaign=campaign.pk if campaign else None,
                creative=creative.pk if creative else None,
                came_by=came_by.value if came_by is not None else None,
            ),
        ),
        stored,
    )


def answers_of(mapped: Mapped) -> list[GivenAnswer]:
    """The answers that are no value by themselves, as a lead keeps them."""
    return [
        GivenAnswer(
            column=one.column,
            text=one.raw,
            kind=one.kind.value,
            label=one.label,
            written=one.written,
        )
        for one in (*mapped.problems, *mapped.settled)
    ]


def _undecodable(element: bytes, reason: str, context: PageContext) -> HeldBack:
    try:
        response_id = str(msgspec.json.decode(element)["id"])
    except (msgspec.DecodeError, KeyError, TypeError):
        response_id = f"unreadable-{identity_of(element.decode('latin-1'))[0]:x}"
    return HeldBack(
        response_id=response_id[:250],
        ad_account=context.integration.ad_account.account_id,
        reason=HeldBack.Reason.UNDECODABLE,
        detail=reason[:500],
        raw=_without_person_if_readable(element),
    )


def _without_person_if_readable(element: bytes) -> bytes:
    try:
        return without_person(element)
    except (msgspec.DecodeError, AttributeError, TypeError):
        return element


def _held(
    response: wire.LeadFormResponse,
    element: bytes,
    context: PageContext,
    reason: HeldBack.Reason,
    detail: str,
) -> HeldBack:
    return HeldBack(
        response_id=response.id,
        ad_account=context.integration.ad_account.account_id,
        form_id=response.form_id,
        form_version=response.form_version,
        reason=reason,
        detail=detail[:500],
        raw=without_person(element),
        submitted_at=response.submitted_at,
    )


def _store_all(
    page: ResponsePage,
    ready: Sequence[Ready],
    *,
    result: PageOutcome,
    progress: Progress | None,
) -> None:
    try:
        _store_together(page, ready, result=result, progress=progress)
    except OperationalError:
        # The database itself is in trouble: nothing is wrong with the page.
        raise
    except DatabaseError as exc:
        _store_apart(page, ready, exc, result=result)
        _store_together(page, [], result=result, progress=progress)


def _store_apart(
    page: ResponsePage,
    ready: Sequence[Ready],
    error: DatabaseError,
    *,
    result: PageOutcome,
) -> None:
    """Find the one among them that the database refuses, and hold it back alone."""
    if len(ready) == 1:
        # Its message may quote what the person wrote.
        logger.error(
            "a response could not be stored",
            extra={
                "response": ready[0].mapped.origin.linkedin_lead_id,
                "error": type(error).__name__,
            },
        )
        _hold_back(_own_error(ready[0]), result=result)
        return
    half = len(ready) // 2
    for part in (ready[:half], ready[half:]):
        try:
            _store_together(page, part, result=result, progress=None)
        except OperationalError:
            raise
        except DatabaseError as exc:
            _store_apart(page, part, exc, result=result)


def _store_together(
    page: ResponsePage,
    ready: Sequence[Ready],
    *,
    result: PageOutcome,
    progress: Progress | None,
) -> None:
    if not ready and progress is None:
        return
    total = PageOutcome(held_back=[*result.held_back], left_out=[*result.left_out])
    total.outcome.add(result.outcome)
    with transaction.atomic():
        hold_fence()
        queries.hold(page.integration)
        if progress is not None:
            progress.hold()
        outcome = register([row.mapped for row in ready])
        gone = set(outcome.gone)
        bulk.insert_missing(
            table="ingest_leadformresponse",
            columns=_RESPONSE_COLUMNS,
            rows=[row.stored for row in ready if row.mapped.key not in gone],
        )
        for row in ready:
            if row.mapped.key in outcome.collided:
                _hold_back(_own_error(row), result=total)
        latency.note_new(
            [(row.mapped, row.stored) for row in ready], outcome.registered
        )
        _clear_held_back(ready, kept={*gone, *outcome.collided})
        total.outcome.add(outcome)
        if progress is not None:
            progress.move(total)
    result.outcome, result.held_back = total.outcome, total.held_back


def _clear_held_back(ready: Sequence[Ready], *, kept: set[int]) -> None:
    done = {
        row.mapped.origin.linkedin_lead_id: row.mapped.submitted_at
        for row in ready
        if row.mapped.key not in kept
    }
    held = HeldBack.objects.filter(response_id__in=done)
    over = [
        row.pk
        for row in held.only("response_id", "submitted_at")
        # What waits may be a later submission than this old page has.
        if row.submitted_at is None or row.submitted_at <= done[row.response_id]
    ]
    if over:
        HeldBack.objects.filter(pk__in=over).delete()


def _own_error(row: Ready) -> HeldBack:
    origin = row.mapped.origin
    return HeldBack(
        response_id=origin.linkedin_lead_id,
        ad_account=origin.ad_account,
        form_id=row.stored[4],
        form_version=origin.form_version,
        reason=HeldBack.Reason.OWN_ERROR,
        detail="The database refused it.",
        raw=row.stored[6],
        submitted_at=row.mapped.submitted_at,
    )


_HELD_FIELDS = (
    "ad_account", "form_id", "form_version", "reason", "detail", "raw", "submitted_at",
)  # fmt: skip


def _hold_back(held: HeldBack, *, result: PageOutcome) -> None:
    key, check = identity_of(held.response_id)
    with transaction.atomic():
        hold_fence()
        waits = leads.hold_back(
            key=key, check_key=check, submitted_at=held.submitted_at
        )
        if waits:
            values = {name: getattr(held, name) for name in _HELD_FIELDS}
            HeldBack.objects.update_or_create(
                response_id=held.response_id,
                defaults={**values, "discarded_at": None, "discard_reason": ""},
            )
    (result.held_back if waits else result.left_out).append(held.response_id)


def hold_back_unfetched(
    *, response_id: str, ad_account: int, reason: HeldBack.Reason, detail: str
) -> None:
    """A response that LinkedIn would not give us waits for a person."""
    held = HeldBack(
        response_id=response_id, ad_account=ad_account, reason=reason, detail=detail
    )
    _hold_back(held, result=PageOutcome())


def erase_response(*, response_id: str, occurred_at: int) -> bool:
    """LinkedIn deleted the response at `occurred_at` (ms): it goes, its key stays."""
    key, check = identity_of(response_id)
    with transaction.atomic():
        hold_fence()
        erased = leads.erase(key=key, check_key=check, occurred_at=occurred_at)
        LeadFormResponse.objects.filter(
            urn_key=key, urn_check=check, submitted_at__lte=occurred_at
        ).delete()
        held = HeldBack.objects.filter(response_id=response_id)
        held.filter(Q(submitted_at=None) | Q(submitted_at__lte=occurred_at)).delete()
    return erased
