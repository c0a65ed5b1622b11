"""Working off the notices of one ad account until none is due."""

import logging
from collections.abc import Sequence

from django.db import OperationalError

from leadferry.ingest import inbox
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.identity import identity_of
from leadferry.ingest.import_page import (
    erase_response,
    hold_back_unfetched,
    import_page,
)
from leadferry.ingest.inbox import Claimed
from leadferry.ingest.models import HeldBack, Notice
from leadferry.ingest.prepare import prepare
from leadferry.integrations import access, clients, forms, queries
from leadferry.integrations.models import Integration, LinkedInUser
from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.kit.errors import LeadferryError, SetupError, TemporaryError
from leadferry.leads import queries as leads
from leadferry.leads.models import CameBy
from leadferry.linkedin.client import (
    RESPONSE_FIELDS,
    RESPONSE_FIELDS_WITH_FORM,
    LinkedInClient,
    ResponseBatch,
)
from leadferry.linkedin.errors import MissingRight, NotFound, TokenDead

logger = logging.getLogger("leadferry.ingest")

_AT_ONCE = 50
_SETUP_WAIT_SECONDS = 30.0


def drain(ad_account: int) -> None:
    """Fetch and register what the account's due notices announce."""
    while not jobs.stopping():
        claimed = inbox.claim(
            ad_account=ad_account, worker=jobs.whoami(), count=_AT_ONCE
        )
        if not claimed:
            return
        # A deletion is obeyed whether or not anything imports from there now.
        _erase([row for row in claimed if row.action == Notice.Action.DELETED])
        created = [row for row in claimed if row.action == Notice.Action.CREATED]
        integration = queries.integration_of(ad_account)
        if integration is None:
            inbox.set_aside(
                created,
                state=Notice.State.NO_INTEGRATION,
                reason="No integration imports from this ad account.",
            )
            continue
        _fetch(integration, _without_gone(created))


def _erase(notices: Sequence[Claimed]) -> None:
    for notice in notices:
        erase_response(response_id=notice.response_id, occurred_at=notice.occurred_at)
    inbox.finish(notices)


def _without_gone(notices: Sequence[Claimed]) -> list[Claimed]:
    """Those that a deletion or a discard has not overtaken; the others are done."""
    keys = [identity_of(notice.response_id)[0] for notice in notices]
    gone_at = leads.gone_since(keys)
    gone = [
        notice
        for key, notice in zip(keys, notices, strict=True)
        if gone_at.get(key, -1) >= notice.occurred_at
    ]
    inbox.finish(gone)
    over = {notice.pk for notice in gone}
    return [notice for notice in notices if notice.pk not in over]


def _fetch(integration: Integration, notices: Sequence[Claimed]) -> None:
    if not notices:
        return
    try:
        _fetch_with_user(integration, notices)
    except (Fenced, OperationalError):
        # Not about these notices: another worker has them, or the database is away.
        raise
    except LeadferryError as exc:
        wait = exc.retry_after if isinstance(exc, TemporaryError) else None
        if isinstance(exc, SetupError):
            wait = _SETUP_WAIT_SECONDS
        logger.warning(
            "notices wait",
            extra={
                "account": integration.ad_account.account_id,
                "notices": len(notices),
                "reason": type(exc).__name__,
            },
        )
        _put_off(integration, notices, exc, at_least=wait)
    except Exception:
        logger.exception("notices failed", extra={"notices": len(notices)})
        _fetch_apart(integration, notices)


def _fetch_apart(integration: Integration, notices: Sequence[Claimed]) -> None:
    """Find the one among them on which we fail, so that it stops no other."""
    if len(notices) == 1:
        error = LeadferryError("Leadferry failed on this response.")
        _put_off(integration, notices, error, at_least=None)
        return
    half = len(notices) // 2
    _fetch(integration, notices[:half])
    _fetch(integration, notices[half:])


def _fetch_with_user(integration: Integration, notices: Sequence[Claimed]) -> None:
    def work(client: LinkedInClient, user: LinkedInUser) -> None:
        _fetch_and_import(integration, notices, client=client)
        clients.remember_reading(user, client)

    access.as_any_user(integration.ad_account.account_id, work)


def _fetch_and_import(
    integration: Integration, notices: Sequence[Claimed], *, client: LinkedInClient
) -> None:
    ids = sorted({notice.response_id for notice in notices})
    batch = client.responses(ids, fields=_fields_for(notices))
    _raise_if_refused(batch)
    for came_by in (CameBy.NOTICE, CameBy.MENDING):
        named = {row.response_id for row in notices if _came_by(row) is came_by}
        elements = [bytes(raw) for found, raw in batch.found.items() if found in named]
        if elements:
            _import(integration, elements, came_by=came_by, client=client)
    inbox.finish([row for row in notices if row.response_id in batch.found])
    missing = [row for row in notices if row.response_id not in batch.found]
    for notice in missing:
        error = batch.failed.get(
            notice.response_id, NotFound("LinkedIn did not mention this response.")
        )
        if isinstance(error, TokenDead):
            raise error
        kept = _kept_submission(notice) if isinstance(error, NotFound) else None
        if kept is None:
            _put_off(integration, [notice], error, at_least=None)
            continue
        _import(integration, [kept], came_by=_came_by(notice), client=client)
        inbox.finish([notice])


def _raise_if_refused(batch: ResponseBatch) -> None:
    """Raise what LinkedIn refuses all of them with: another user may read them."""
    refusals = [
        error for error in batch.failed.values() if isinstance(error, MissingRight)
    ]
    if refusals and not batch.found and len(refusals) == len(batch.failed):
        raise refusals[0]


def _came_by(notice: Claimed) -> CameBy:
    return CameBy.NOTICE if notice.reopened_at is None else CameBy.MENDING


def _import(
    integration: Integration,
    elements: Sequence[bytes],
    *,
    came_by: CameBy,
    client: LinkedInClient,
) -> None:
    page = ResponsePage(integration=integration, elements=elements, came_by=came_by)
    prepare(page, client=client)
    import_page(page)


def _kept_submission(notice: Claimed) -> bytes | None:
    """What was stored when it was held back: LinkedIn may not have it any more."""
    held = HeldBack.objects.filter(response_id=notice.response_id).first()
    return bytes(held.raw) if held is not None and held.raw else None


def _fields_for(notices: Sequence[Claimed]) -> str:
    pairs = {
        (row.form_id, row.form_version)
        for row in notices
        if row.form_id is not None and row.form_version is not None
    }
    if forms.unknown_versions(pairs):
        return RESPONSE_FIELDS_WITH_FORM
    return RESPONSE_FIELDS


def _put_off(
    integration: Integration,
    notices: Sequence[Claimed],
    error: LeadferryError,
    *,
    at_least: float | None,
) -> None:
    hopeless = inbox.put_off(notices, reason=str(error), at_least=at_least)
    for notice in hopeless:
        hold_back_unfetched(
            response_id=notice.response_id,
            ad_account=integration.ad_account.account_id,
            reason=_reason_of(error),
            detail=str(error)[:500],
        )
    if hopeless:
        inbox.set_aside(hopeless, state=Notice.State.GIVEN_UP, reason=str(error))


def _reason_of(error: LeadferryError) -> HeldBack.Reason:
    if isinstance(error, NotFound):
        return HeldBack.Reason.NOT_FOUND
    if isinstance(error, SetupError):
        return HeldBack.Reason.NO_PERMISSION
    if isinstance(error, TemporaryError):
        return HeldBack.Reason.UNREACHABLE
    return HeldBack.Reason.OWN_ERROR
