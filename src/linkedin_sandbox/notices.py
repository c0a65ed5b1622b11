"""The check of a webhook address, and the signed notices that are sent to it."""

import asyncio
import hashlib
import hmac
import json
import random
import uuid
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass

import httpx

from linkedin_sandbox.records import Lead, Subscription
from linkedin_sandbox.state import CHECK_MS, State
from linkedin_sandbox.wire import versioned_urn
from linkedin_sandbox.world import Json

_CHALLENGE_SECONDS = 3.0
_PUSH_SECONDS = 10.0
_PUSHES_AT_ONCE = 16
_RETRY_MS = 5 * 60 * 1000
_RETRIES_END_MS = 8 * 3600 * 1000
# After a jump of the clock this many checks are made at most: enough to block.
_CHECKS_AT_ONCE = 3
_LOOKS_PER_SECOND = 2


def _sign(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class _Notice:
    """One notice on its way; times in virtual milliseconds."""

    subscription: int
    body: bytes
    first_at: int
    next_at: int


class Pusher:
    """Sends signed notices and checks addresses in the background."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_PUSHES_AT_ONCE)
        self._client = httpx.AsyncClient(timeout=_PUSH_SECONDS, trust_env=False)
        self._failed: list[_Notice] = []
        self._looking = asyncio.Lock()

    def begin_anew(self) -> None:
        """Forget what is still to be sent again."""
        self._failed.clear()

    def _soon(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def passes(self, row: Subscription) -> bool:
        """Whether an address answers the challenge within three seconds."""
        secret = self._secret(row)
        code = str(uuid.uuid4())
        try:
            async with asyncio.timeout(_CHALLENGE_SECONDS):
                answer = await self._client.get(
                    row.webhook, params={"challengeCode": code}
                )
            content = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError):
            return False
        return answer.status_code == 200 and content == {
            "challengeCode": code,
            "challengeResponse": _sign(secret, code.encode()),
        }

    def _secret(self, row: Subscription) -> str:
        return self._state.world.applications[row.client_id].client_secret

    def check_soon(self, number: int) -> None:
        """Check the address of a new subscription after the answer has gone out."""
        self._soon(self._check_new(number))

    async def _check_new(self, number: int) -> None:
        row = self._state.subscriptions[number]
        if not await self.passes(row) and number in self._state.subscriptions:
            self._state.drop_subscription(number)

    async def check(self, number: int) -> bool:
        """Check an address now, as the developer portal's button does."""
        row = self._state.subscriptions[number]
        passed = await self.passes(row)
        next_check_at = self._state.clock.now_ms() + CHECK_MS
        if number in self._state.subscriptions:
            self._state.note_check(row, passed=passed, next_check_at=next_check_at)
        return passed

    async def keep_looking(self) -> None:
        """Make what is due in virtual time, for as long as the sandbox runs."""
        while True:
            await asyncio.sleep(1 / _LOOKS_PER_SECOND)
            await self.look()

    async def look(self) -> None:
        """Check addresses again and send failed notices again, where it is time."""
        async with self._looking:
            for number in list(self._state.subscriptions):
                await self._check_due(number)
            now = self._state.clock.now_ms()
            due = [notice for notice in self._failed if notice.next_at <= now]
            self._failed = [one for one in self._failed if one.next_at > now]
            await asyncio.gather(*(self._push(notice) for notice in due))

    async def _check_due(self, number: int) -> None:
        for _time in range(_CHECKS_AT_ONCE):
            row = self._state.subscriptions.get(number)
            now = self._state.clock.now_ms()
            if row is None or row.is_blocked or row.next_check_at > now:
                return
            passed = await self.passes(row)
            later = row.next_check_at + CHECK_MS
            if passed:
                # What lies between two checks that pass changes nothing.
                later = max(later, now + CHECK_MS)
            if number in self._state.subscriptions:
                self._state.note_check(row, passed=passed, next_check_at=later)

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
        switch = self._state.switches.notices
        times = times * 2 if switch == "twice" else times
        now = self._state.clock.now_ms()
        notices = [
            _Notice(row.id, self._body(lead, action), now, now)
            for lead in leads
            for row in self._state.subscriptions.values()
            if _tells_of(row, lead)
            for _time in range(times)
        ]
        _disorder(notices, len(notices) if switch == "shuffled" else shuffle)
        self._soon(self._send(notices, delay_ms))

    def _body(self, lead: Lead, action: str) -> bytes:
        urn = versioned_urn(lead.form, lead.version)
        if self._state.switches.form_urn_blank == "on":
            # LinkedIn's own sample has the blank after the comma.
            urn = urn.replace(",", ", ")
        notice: Json = {
            "type": "LEAD_ACTION",
            "leadGenFormResponse": lead.urn,
            "leadGenForm": urn,
            "owner": lead.owner.union,
            "leadType": lead.lead_type,
            "leadAction": action,
            "occurredAt": lead.submitted_at if action == "CREATED" else lead.deleted_at,
        }
        if lead.event is not None:
            notice["associatedEntity"] = {"event": f"urn:li:event:{lead.event}"}
        return json.dumps(notice).encode()

    async def _send(self, notices: list[_Notice], delay_ms: int) -> None:
        await asyncio.sleep(delay_ms / 1000)
        await asyncio.gather(*(self._push(notice) for notice in notices))

    async def _push(self, notice: _Notice) -> None:
        row = self._state.subscriptions.get(notice.subscription)
        if row is None or row.is_blocked:
            return
        signature = _sign(self._secret(row), b"hmacsha256=" + notice.body)
        if self._state.switches.signature == "prefixed":
            signature = f"hmacsha256={signature}"
        headers = {"Content-Type": "application/json", "X-LI-Signature": signature}
        outcome: Json = {"subscription": row.id, "notice": json.loads(notice.body)}
        async with self._room:
            try:
                answer = await self._client.post(
                    row.webhook, content=notice.body, headers=headers
                )
                outcome["status"] = answer.status_code
            except (httpx.HTTPError, httpx.InvalidURL) as exc:
                outcome["error"] = type(exc).__name__
        outcome["answered_at"] = self._state.clock.now_ms()
        self._state.pushes.append(outcome)
        if not 200 <= outcome.get("status", 0) < 300:
            self._keep_failed(notice)

    def _keep_failed(self, notice: _Notice) -> None:
        if self._state.switches.notice_retry == "none":
            return
        next_at = self._state.clock.now_ms() + _RETRY_MS
        if next_at - notice.first_at <= _RETRIES_END_MS:
            again = (notice.subscription, notice.body, notice.first_at, next_at)
            self._failed.append(_Notice(*again))


def _tells_of(row: Subscription, lead: Lead) -> bool:
    return (
        (row.owner, row.lead_type) == (lead.owner, lead.lead_type)
        and row.event in {None, lead.event}
        and row.form in {None, versioned_urn(lead.form, lead.version)}
    )


def _disorder(notices: list[_Notice], number: int) -> None:
    chance = random.Random(len(notices))  # noqa: S311 - test data
    for _time in range(min(number, len(notices))):
        moved = notices.pop(chance.randrange(len(notices)))
        notices.insert(chance.randrange(len(notices) + 1), moved)
