"""Webhook subscriptions, the check of an address, and the signed notices."""

import asyncio
import hashlib
import hmac
import json
import random
import uuid
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from linkedin_sandbox.calls import (
    Call,
    account_number,
    account_of,
    by_offset,
    open_call,
    require_finder,
    require_restli,
)
from linkedin_sandbox.errors import no_permission, not_found, refuse
from linkedin_sandbox.state import Lead, State, Subscription
from linkedin_sandbox.submit import versioned_urn
from linkedin_sandbox.world import Json

_SCOPE = ("r_marketing_leadgen_automation",)
_CHALLENGE_SECONDS = 3.0
_PUSHES_AT_ONCE = 16


def _sign(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


async def subscriptions(request: Request) -> Response:
    """Find subscriptions, or make one."""
    is_tunnelled = request.headers.get("x-http-method-override") == "GET"
    if request.method == "POST" and not is_tunnelled:
        return await _create(request)
    call = await open_call(request, scopes=_SCOPE, what="leadNotifications.FINDER")
    require_restli(request)
    parameters = call.parameters("q", "owner", "leadType", "start", "count")
    require_finder(parameters, "criteria")
    account = account_of(parameters, "owner", wrapped=True)
    rows = [_wire(row) for row in _own(call) if row.account == account]
    page, paging = by_offset(call, parameters, rows)
    return JSONResponse({"paging": paging, "elements": page})


def _own(call: Call) -> list[Subscription]:
    rows = call.state.subscriptions.values()
    return [row for row in rows if row.client_id == call.token.client_id]


def _wire(row: Subscription) -> Json:
    return {
        "id": row.id,
        "webhook": row.webhook,
        "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{row.account}"},
        "leadType": row.lead_type,
    }


async def _create(request: Request) -> Response:
    call = await open_call(request, scopes=_SCOPE, what="leadNotifications.CREATE")
    try:
        body = json.loads(await request.body())
        webhook = str(body["webhook"])
        account = account_number(body["owner"]["sponsoredAccount"])
        lead_type = body["leadType"]
    except (KeyError, TypeError, ValueError):
        raise refuse(
            400, "MISSING_FIELD", "webhook, owner and leadType are required"
        ) from None
    if lead_type != "SPONSORED":
        raise refuse(400, "INVALID_VALUE_FOR_FIELD", "leadType must be SPONSORED")
    if not call.state.world.reads_leads(call.member, account):
        raise no_permission("leadNotifications")
    if any((r.account, r.webhook) == (account, webhook) for r in _own(call)):
        raise refuse(409, "CONFLICT", "The subscription exists already.")
    _require_secure(webhook)
    application = call.state.world.applications[call.token.client_id]
    if not await _passes_challenge(webhook, application.client_secret):
        message = "This URL did not pass the security challenge check"
        raise refuse(400, "BAD_REQUEST", message)
    number = call.state.add_subscription(
        client_id=call.token.client_id, webhook=webhook, account=account
    )
    return Response(status_code=201, headers={"x-restli-id": str(number)})


def _require_secure(webhook: str) -> None:
    parts = urlsplit(webhook)
    # Plain http is for this machine only.
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise refuse(400, "INVALID_VALUE_FOR_FIELD", "webhook must be an https URL")


async def _passes_challenge(webhook: str, secret: str) -> bool:
    code = str(uuid.uuid4())
    try:
        async with httpx.AsyncClient(
            timeout=_CHALLENGE_SECONDS, trust_env=False
        ) as client:
            answer = await client.get(webhook, params={"challengeCode": code})
        content = answer.json()
        return answer.status_code == 200 and content == {
            "challengeCode": code,
            "challengeResponse": _sign(secret, code.encode()),
        }
    except (httpx.HTTPError, ValueError):
        return False


async def subscription(request: Request) -> Response:
    """Show or delete one subscription."""
    call = await open_call(request, scopes=_SCOPE, what="leadNotifications.GET")
    number = request.path_params["id"]
    rows = {str(row.id): row for row in _own(call)}
    if number not in rows:
        raise not_found()
    if request.method == "DELETE":
        call.state.drop_subscription(int(number))
        return Response(status_code=204)
    return JSONResponse(_wire(rows[number]))


class Pusher:
    """Sends signed notices in the background, once each, as LinkedIn does."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_PUSHES_AT_ONCE)
        self._client = httpx.AsyncClient(timeout=10.0, trust_env=False)

    def announce(
        self,
        leads: Sequence[Lead],
        action: str,
        *,
        times: int = 1,
        shuffle: int = 0,
        delay_ms: int = 0,
    ) -> None:
        """Notices for these leads; `shuffle` of them change places with others."""
        notices = [
            (row, self._body(lead, action))
            for lead in leads
            for row in list(self._state.subscriptions.values())
            if row.account == lead.account
            for _time in range(times)
        ]
        _disorder(notices, shuffle)
        task = asyncio.get_running_loop().create_task(self._send(notices, delay_ms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _body(self, lead: Lead, action: str) -> bytes:
        at = lead.submitted_at if action == "CREATED" else lead.deleted_at
        notice = {
            "type": "LEAD_ACTION",
            "leadGenFormResponse": lead.urn,
            # LinkedIn's own sample has the blank after the comma.
            "leadGenForm": versioned_urn(lead.form, lead.version).replace(",", ", "),
            "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{lead.account}"},
            "leadType": "SPONSORED",
            "leadAction": action,
            "occurredAt": at,
        }
        return json.dumps(notice).encode()

    async def _send(
        self, notices: list[tuple[Subscription, bytes]], delay_ms: int
    ) -> None:
        await asyncio.sleep(delay_ms / 1000)
        await asyncio.gather(*(self._push(row, body) for row, body in notices))

    async def _push(self, row: Subscription, body: bytes) -> None:
        secret = self._state.world.applications[row.client_id].client_secret
        headers = {
            "Content-Type": "application/json",
            "X-LI-Signature": _sign(secret, b"hmacsha256=" + body),
        }
        outcome: Json = {"subscription": row.id, "notice": json.loads(body)}
        async with self._room:
            try:
                answer = await self._client.post(
                    row.webhook, content=body, headers=headers
                )
                outcome["status"] = answer.status_code
            except httpx.HTTPError as exc:
                outcome["error"] = type(exc).__name__
        outcome["answered_at"] = self._state.clock.now_ms()
        self._state.pushes.append(outcome)


def _disorder(notices: list[tuple[Subscription, bytes]], number: int) -> None:
    chance = random.Random(len(notices))  # noqa: S311 - test data
    for _time in range(min(number, len(notices))):
        moved = notices.pop(chance.randrange(len(notices)))
        notices.insert(chance.randrange(len(notices) + 1), moved)
