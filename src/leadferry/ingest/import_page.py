"""The one way in: a page of responses becomes leads, each alone in its failures."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from django.db import DatabaseError, OperationalError, transaction

from leadferry.ingest.context import PageContext, ReadyForm, context_for
from leadferry.ingest.identity import digest_of, identity_of, without_person
from leadferry.ingest.models import HeldBack, LeadFormResponse
from leadferry.integrations.models import Integration
from leadferry.integrations.schema import submission
from leadferry.integrations.windows import fate_at
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.leads import bulk
from leadferry.leads import services as leads
from leadferry.leads.answers import GivenAnswer
from leadferry.leads.register import MappedResponse, Origin, Outcome, register
from leadferry.linkedin import wire

logger = logging.getLogger("leadferry.ingest")

# PostgreSQL's text has no NUL; the replacement character shows where one stood.
_NUL, _NUL_SHOWN = b"\\u0000", b"\\ufffd"


@dataclass(frozen=True, kw_only=True)
class ResponsePage:
    """Responses of one ad account as LinkedIn delivered them, in any order."""

    integration: Integration
    elements: Sequence[bytes]


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

    def add(self, other: Outcome) -> None:
        """Take in what one transaction did."""
        self.outcome.registered.update(other.registered)
        self.outcome.updated += other.updated
        self.outcome.unchanged += other.unchanged
        self.outcome.deleted += other.deleted
        self.outcome.kept_out += other.kept_out


_RESPONSE_COLUMNS = (
    "urn_key", "urn_check", "submitted_at", "digest",
    "form_id", "form_version", "raw", "received_at",
)  # fmt: skip


def decode(elements: Sequence[bytes]) -> Iterator[wire.LeadFormResponse]:
    """The readable ones among the elements; `import_page` holds the others back."""
    for element in elements:
        try:
            yield wire.decode_response(element)
        except msgspec.DecodeError:
            continue


def import_page(page: ResponsePage) -> PageOutcome:
    """Register a page, in one transaction when nothing is wrong with it.

    Asks nothing of the network: form versions and names were read before.
    """
    result = PageOutcome()
    elements = [bytes(raw).replace(_NUL, _NUL_SHOWN) for raw in page.elements]
    context = context_for(page.integration, decode(elements))
    ready = []
    for element in elements:
        made = _make_ready(element, context=context)
        if isinstance(made, Ready):
            ready.append(made)
        else:
            _hold_back(made, result=result)
    _store(ready, result=result, context=context)
    return result


def _make_ready(element: bytes, *, context: PageContext) -> "Ready | HeldBack":
    try:
        response = wire.decode_response(element)
    except msgspec.DecodeError as exc:
        return _undecodable(element, str(exc), context)
    pair = (response.form_id, response.form_version)
    form = context.forms.get(pair)
    if isinstance(form, ReadyForm):
        try:
            return _map(element, response, form, context)
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


def _map(
    element: bytes,
    response: wire.LeadFormResponse,
    form: ReadyForm,
    context: PageContext,
) -> Ready:
    mapped = form.mapping.apply(submission(response))
    key, check = identity_of(response.id)
    digest = digest_of(response)
    campaign = context.campaigns.get(str(response.campaign_id))
    creative = context.creatives.get(str(response.creative_id))
    return Ready(
        MappedResponse(
            key=key,
            check_key=check,
            fate=fate_at(
                response.submitted_at, integration=context.windows, form=form.windows
            ).value,
            submitted_at=response.submitted_at,
            digest=digest,
            values=mapped.values,
            answers=[
                GivenAnswer(
                    column=one.column,
                    text=one.raw,
                    kind=one.kind.value,
                    label=one.label,
                    written=one.written,
                )
                for one in (*mapped.problems, *mapped.settled)
            ],
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
            ),
        ),
        (
            key,
            check,
            response.submitted_at,
            digest,
            response.form_id,
            response.form_version,
            without_person(element),
            bulk.adapt(clock.now()),
        ),
    )


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
    )


def _store(
    ready: Sequence[Ready], *, result: PageOutcome, context: PageContext
) -> None:
    if not ready:
        return
    try:
        result.add(_store_together(ready))
    except OperationalError:
        # The database itself is in trouble: nothing is wrong with the page.
        raise
    except DatabaseError:
        if len(ready) > 1:
            half = len(ready) // 2
            _store(ready[:half], result=result, context=context)
            _store(ready[half:], result=result, context=context)
            return
        logger.exception(
            "a response could not be stored",
            extra={"response": ready[0].mapped.origin.linkedin_lead_id},
        )
        _hold_back(_own_error(ready[0]), result=result)


def _store_together(ready: Sequence[Ready]) -> Outcome:
    with transaction.atomic():
        hold_fence()
        bulk.insert_missing(
            table="ingest_leadformresponse",
            columns=_RESPONSE_COLUMNS,
            rows=[row.stored for row in ready],
        )
        outcome = register([row.mapped for row in ready])
        for row in ready:
            if row.mapped.key in outcome.collided:
                _hold_back(_own_error(row), result=PageOutcome())
        _clear_held_back(ready, outcome)
    return outcome


def _clear_held_back(ready: Sequence[Ready], outcome: Outcome) -> None:
    done = [
        row.mapped.origin.linkedin_lead_id
        for row in ready
        if row.mapped.key in outcome.registered
    ]
    HeldBack.objects.filter(response_id__in=done).delete()


def _own_error(row: Ready) -> HeldBack:
    origin = row.mapped.origin
    return HeldBack(
        response_id=origin.linkedin_lead_id,
        ad_account=origin.ad_account,
        form_version=origin.form_version,
        reason=HeldBack.Reason.OWN_ERROR,
        detail="The database refused it.",
        raw=row.stored[6],
    )


def _hold_back(held: HeldBack, *, result: PageOutcome) -> None:
    key, check = identity_of(held.response_id)
    with transaction.atomic():
        hold_fence()
        leads.hold_back(key=key, check_key=check, submitted_at=None)
        HeldBack.objects.update_or_create(
            response_id=held.response_id,
            defaults={
                "ad_account": held.ad_account,
                "form_id": held.form_id,
                "form_version": held.form_version,
                "reason": held.reason,
                "detail": held.detail,
                "raw": held.raw,
            },
        )
    result.held_back.append(held.response_id)


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
        HeldBack.objects.filter(response_id=response_id).delete()
    return erased
