"""The REST API in the name of one member: methods named for its resources."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

import httpx
import msgspec

from leadferry.kit.errors import LeadferryError
from leadferry.linkedin import wire
from leadferry.linkedin.errors import (
    BadRequest,
    ChallengeFailed,
    MissingRight,
    NotFound,
    Unavailable,
    error_for,
)
from leadferry.linkedin.paging import by_cursor, by_offset
from leadferry.linkedin.restli import Raw, encode, query, sponsored_account
from leadferry.linkedin.transport import Successor, Transport
from leadferry.linkedin.walk import Element, Mark, look_at, step

Decoded = TypeVar("Decoded")

RESPONSE_FIELDS = (
    "ownerInfo,associatedEntityInfo,associatedEntity,leadMetadataInfo,leadMetadata,"
    "owner,leadType,versionedLeadGenFormUrn,id,submittedAt,testLead,submitter,"
    "formResponse"
)
RESPONSE_FIELDS_WITH_FORM = (
    f"{RESPONSE_FIELDS},form:(hiddenFields,creationLocale,name,id,content)"
)
# What tells one response from another, and nothing of what a person wrote.
RESPONSE_OUTLINE = "id,submittedAt,versionedLeadGenFormUrn"
# The most that integrators are known to ask for at once.
RESPONSES_AT_ONCE = 100
_BATCH = 50
_PAGE = 100


@dataclass(kw_only=True)
class ResponseBatch:
    """What a batch get brought, by response id."""

    found: dict[str, msgspec.Raw] = field(default_factory=dict)
    failed: dict[str, LeadferryError] = field(default_factory=dict)


class LinkedInClient:
    """Calls for one member; close it, or use it in a `with` block."""

    def __init__(
        self,
        token: str,
        *,
        version: str,
        base_url: str,
        batch_refused: bool = False,
        successor: Successor | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = Transport(
            token,
            version=version,
            base_url=base_url,
            successor=successor,
            transport=transport,
        )
        self.batch_refused = batch_refused

    def take_calls(self) -> Counter[str]:
        """The calls made since this was asked last, by endpoint."""
        return self._http.take_calls()

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far our clock is ahead of LinkedIn's; none before its first answer."""
        return self._http.ahead

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def userinfo(self) -> wire.UserInfo:
        """The member who signed in."""
        return _decode(self._http.get("/v2/userinfo", method="GET"), wire.UserInfo)

    def ad_account_users(self) -> Iterator[wire.AdAccountUser]:
        """The member's roles in ad accounts."""
        return self._by_offset(
            "/rest/adAccountUsers", {"q": "authenticatedUser"}, wire.AdAccountUser
        )

    def ad_accounts(self) -> Iterator[wire.AdAccount]:
        """The active ad accounts that the member can see."""

        def fetch(token: str | None) -> wire.Page:
            # LinkedIn refuses `search` beside a page token: the token carries it.
            parameters: dict[str, object] = {"q": "search", "pageSize": 1000}
            if token:
                parameters["pageToken"] = token
            else:
                parameters["search"] = {"status": {"values": ["ACTIVE"]}}
            return self._page("/rest/adAccounts", parameters)

        for page in by_cursor(fetch):
            yield from _each(page, wire.AdAccount)

    def organization_acls(self) -> Iterator[wire.OrganizationAcl]:
        """The member's approved roles on company pages."""
        parameters = {"q": "roleAssignee", "state": "APPROVED"}
        return self._by_offset(
            "/rest/organizationAcls", parameters, wire.OrganizationAcl
        )

    def lead_form(self, form_id: int) -> wire.LeadForm:
        """The present version of a form; raises NotFound."""
        raw = self._http.get(f"/rest/leadForms/{form_id}", method="GET")
        return _decode(raw, wire.LeadForm)

    def lead_forms(self, account_id: int) -> Iterator[wire.LeadForm]:
        """The forms of an ad account, each in its present version."""
        parameters = {"q": "owner", "owner": _owner(account_id)}
        return self._by_offset("/rest/leadForms", parameters, wire.LeadForm)

    def response_with_form(self, response_id: str) -> bytes:
        """One lead together with the form version it was given on; raises NotFound."""
        return self._one_response(response_id, fields=RESPONSE_FIELDS_WITH_FORM)

    def _one_response(self, response_id: str, *, fields: str) -> bytes:
        raw = self._http.get(
            f"/rest/leadFormResponses/{encode(response_id)}",
            query({"fields": Raw(fields)}),
            method="GET",
        )
        # Half an answer, or a page of a gateway, says nothing about the lead.
        _decode(raw, dict[str, msgspec.Raw])
        return raw

    def responses(self, ids: Sequence[str], *, fields: str) -> ResponseBatch:
        """Leads by id, fifty at a time; singly where LinkedIn refuses a batch."""
        batch = ResponseBatch()
        for start in range(0, len(ids), _BATCH):
            chunk = ids[start : start + _BATCH]
            if self.batch_refused or len(chunk) == 1:
                self._read_singly(chunk, fields=fields, into=batch)
                continue
            try:
                self._read_batch(chunk, fields=fields, into=batch)
            except (BadRequest, MissingRight):
                self._read_singly(chunk, fields=fields, into=batch)
                # Refused as a batch only, if a single read went through.
                self.batch_refused = any(one in batch.found for one in chunk)
        return batch

    def _read_batch(
        self, ids: Sequence[str], *, fields: str, into: ResponseBatch
    ) -> None:
        raw = self._http.get(
            "/rest/leadFormResponses",
            query({"ids": list(ids), "fields": Raw(fields)}),
            method="BATCH_GET",
        )
        answer = _decode(raw, wire.Batch)
        for response_id in ids:
            if response_id in answer.results:
                into.found[response_id] = answer.results[response_id]
            else:
                into.failed[response_id] = _batch_error(answer, response_id)

    def _read_singly(
        self, ids: Sequence[str], *, fields: str, into: ResponseBatch
    ) -> None:
        for response_id in ids:
            try:
                raw = self._one_response(response_id, fields=fields)
            except (BadRequest, MissingRight, NotFound) as exc:
                into.failed[response_id] = exc
            else:
                into.found[response_id] = msgspec.Raw(raw)

    def next_responses(
        self, account_id: int, mark: Mark, *, fields: str, trusts_total: bool = False
    ) -> tuple[Mark, list[Element]]:
        """The next page of the account's leads in a period, and what is left then.

        An empty page is believed at its second coming where the total says that
        there is more. Raises PagingError where the list does not move on.
        """
        page = self._responses_page(account_id, mark, fields=fields)
        total = page.paging.total if page.paging else None
        if not page.elements and (total or 0) > mark.offset:
            page = self._responses_page(account_id, mark, fields=fields)
        elements = [look_at(bytes(raw)) for raw in page.elements]
        is_whole = (
            trusts_total
            and mark.offset == 0
            and 0 < len(elements) < RESPONSES_AT_ONCE
            and total == len(elements)
        )
        return step(mark, elements, is_whole=is_whole)

    def count_responses(
        self, account_id: int, *, start_ms: int, end_ms: int
    ) -> int | None:
        """How many leads LinkedIn says the period has, both ends included, or none."""
        mark = Mark(start_ms, end_ms)
        page = self._responses_page(account_id, mark, fields="id", margin=0, count=1)
        if not page.elements:
            return 0
        # Some answers carry a total of 0 beside the elements that it should count.
        return (page.paging.total or None) if page.paging else None

    def _responses_page(
        self,
        account_id: int,
        mark: Mark,
        *,
        fields: str,
        margin: int = 1,
        count: int = RESPONSES_AT_ONCE,
    ) -> wire.Page:
        # Whether LinkedIn counts the ends in is not known: a millisecond more at each.
        period = {"start": max(0, mark.start - margin), "end": mark.end + margin}
        return self._page(
            "/rest/leadFormResponses",
            {
                "q": "owner",
                "owner": _owner(account_id),
                "leadType": {"leadType": "SPONSORED"},
                "limitedToTestLeads": False,
                "submittedAtTimeRange": period,
                "fields": Raw(fields),
                "count": count,
                "start": mark.offset,
            },
        )

    def notifications(self, account_id: int) -> Iterator[wire.LeadNotification]:
        """The webhook subscriptions of an ad account."""
        # Unlike elsewhere, this finder wants the owner wrapped once more.
        parameters = {
            "q": "criteria",
            "owner": {"value": _owner(account_id)},
            "leadType": {"leadType": "SPONSORED"},
        }
        return self._by_offset(
            "/rest/leadNotifications", parameters, wire.LeadNotification
        )

    def create_notification(self, account_id: int, *, webhook: str) -> str:
        """Subscribe; returns the id. LinkedIn checks the address meanwhile."""
        body = {
            "webhook": webhook,
            "owner": _owner(account_id),
            "leadType": "SPONSORED",
        }
        try:
            return self._http.create("/rest/leadNotifications", body)
        except BadRequest as exc:
            raise ChallengeFailed(
                "LinkedIn could not check the webhook address: it must be reachable "
                "from the internet by https and answer within three seconds."
            ) from exc

    def delete_notification(self, notification_id: str) -> None:
        """Unsubscribe; raises NotFound."""
        self._http.delete(f"/rest/leadNotifications/{encode(notification_id)}")

    def campaign(self, account_id: int, campaign_id: int) -> wire.Campaign:
        """One campaign; raises NotFound once it is deleted."""
        path = f"/rest/adAccounts/{account_id}/adCampaigns/{campaign_id}"
        return _decode(self._http.get(path, method="GET"), wire.Campaign)

    def campaign_group(self, account_id: int, group_id: int) -> wire.CampaignGroup:
        """One campaign group; raises NotFound."""
        path = f"/rest/adAccounts/{account_id}/adCampaignGroups/{group_id}"
        return _decode(self._http.get(path, method="GET"), wire.CampaignGroup)

    def creative(self, account_id: int, creative_id: int) -> wire.Creative:
        """One ad banner; raises NotFound."""
        urn = encode(f"urn:li:sponsoredCreative:{creative_id}")
        path = f"/rest/adAccounts/{account_id}/creatives/{urn}"
        return _decode(self._http.get(path, method="GET"), wire.Creative)

    def _page(self, path: str, parameters: Mapping[str, object]) -> wire.Page:
        raw = self._http.get(path, query(parameters), method="FINDER")
        return _decode(raw, wire.Page)

    def _by_offset(
        self, path: str, parameters: Mapping[str, object], kind: type[Decoded]
    ) -> Iterator[Decoded]:
        pages = by_offset(
            lambda start, count: self._page(
                path, {**parameters, "start": start, "count": count}
            ),
            count=_PAGE,
        )
        for page in pages:
            yield from _each(page, kind)


def _owner(account_id: int) -> dict[str, object]:
    return {"sponsoredAccount": sponsored_account(account_id)}


def _batch_error(answer: wire.Batch, response_id: str) -> LeadferryError:
    raw = answer.errors.get(response_id)
    resource = "leadFormResponses"
    if raw is None:
        return error_for(404, b"", resource=resource)
    try:
        status = msgspec.json.decode(raw, type=wire.BatchError).status
    except msgspec.DecodeError:
        status = 404
    return error_for(status, bytes(raw), resource=resource)


def _decode(raw: bytes, kind: type[Decoded]) -> Decoded:
    try:
        return msgspec.json.decode(raw, type=kind, strict=False)
    except msgspec.DecodeError as exc:
        raise Unavailable(f"LinkedIn's answer is no {kind.__name__}: {exc}") from exc


def _each(page: wire.Page, kind: type[Decoded]) -> Iterator[Decoded]:
    for element in page.elements:
        yield _decode(element, kind)
