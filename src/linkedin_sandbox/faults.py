"""Faults on request: what goes wrong, how often, and with which luck."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from linkedin_sandbox.errors import (
    TOKEN_ERRORS,
    Refusal,
    no_permission,
    not_found,
    refuse,
    throttled,
)
from linkedin_sandbox.people import fill_in
from linkedin_sandbox.records import DAY_MS, Fault
from linkedin_sandbox.state import State
from linkedin_sandbox.submit import submit

Answering = Callable[[Request], Awaitable[Response]]

_CODES = {
    401: None,
    403: "ACCESS_DENIED",
    404: "NOT_FOUND",
    408: "TIMEOUT",
    409: "CONFLICT",
    500: "INTERNAL_ERROR",
    501: "UNDER_MAINTENANCE",
    502: "INTERNAL_ERROR",
    503: "UNDER_MAINTENANCE",
    504: "TIMEOUT",
}
_REFUSALS: dict[str, Refusal] = {
    **{
        str(status): refuse(status, code, "A fault.") for status, code in _CODES.items()
    },
    **{f"token-{name}": refusal for name, refusal in TOKEN_ERRORS.items()},
    "404-then-200": not_found(),
    "426": refuse(426, "NONEXISTENT_VERSION", "Requested version is not active"),
    "429": throttled(),
    "batch-refused": refuse(400, "BAD_REQUEST", "Batch reads are not available."),
}
KINDS = (
    "latency", "hold", "timeout", "reset", "truncated", "garbage",
    "short-page", "odd-element", "fewer-scopes", "lead-comes", "lead-vanishes",
    "403-entity", *_REFUSALS,
)  # fmt: skip
_FOR_EVER_SECONDS = 600
_MOMENT = re.compile(rb'"submittedAt": ?\d+')


class Reset(Response):
    """Says that more comes, and breaks the connection."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Half a promise."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"999")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        body = {"type": "http.response.body", "body": b'{"paging":', "more_body": True}
        await send(body)
        raise ConnectionAbortedError


class Faults:
    """The faults in force; replaced as a whole."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._faults: list[tuple[Fault, random.Random]] = []
        self._closed_until: dict[str, int] = {}
        self._seen: set[str] = set()

    def replace(self, faults: list[Fault]) -> None:
        """These faults, and no others."""
        for fault in faults:
            if fault.kind not in KINDS:
                raise refuse(400, None, f"No fault is called {fault.kind}.")
        self._faults = [
            (fault, random.Random(fault.seed))  # noqa: S311 - repeatable on purpose
            for fault in faults
        ]
        self._closed_until.clear()
        self._seen.clear()

    async def answer(
        self, request: Request, endpoint: str, answer: Answering
    ) -> Response:
        """The answer, or what the faults make of it; raises Refusal."""
        if self._closed_until.get(endpoint, 0) > self._state.clock.now_ms():
            raise throttled()
        fault = self._strike(request, endpoint)
        if fault is None:
            return await answer(request)
        refusal = self._refusal(fault, endpoint)
        if refusal is not None:
            raise refusal
        return await self._spoil(fault, request, answer)

    def _strike(self, request: Request, endpoint: str) -> Fault | None:
        for fault, luck in self._faults:
            if fault.endpoint not in {endpoint, "*"} or fault.count == 0:
                continue
            if fault.kind == "batch-refused" and b"ids" not in _query(request):
                continue
            if fault.kind == "404-then-200" and not self._is_first(request):
                continue
            if luck.random() < fault.probability:
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    def _is_first(self, request: Request) -> bool:
        path = request.url.path
        if path in self._seen:
            return False
        self._seen.add(path)
        return True

    def _refusal(self, fault: Fault, endpoint: str) -> Refusal | None:
        if fault.kind == "429" and self._state.switches.throttle == "midnight":
            day = self._state.clock.now_ms() // DAY_MS
            self._closed_until[endpoint] = (day + 1) * DAY_MS
        if fault.kind == "403-entity":
            return no_permission(endpoint)
        return _REFUSALS.get(fault.kind)

    async def _spoil(
        self, fault: Fault, request: Request, answer: Answering
    ) -> Response:
        match fault.kind:
            case "timeout":
                await asyncio.sleep(_FOR_EVER_SECONDS)
            case "reset":
                return Reset()
            case "garbage":
                return Response("<html>502 Bad Gateway", media_type="application/json")
            case "short-page":
                request.state.short_page = True
            case "fewer-scopes":
                request.state.fewer_scopes = True
            case "lead-comes":
                self._add_lead()
            case "lead-vanishes":
                self._delete_lead()
        made = await answer(request)
        if fault.kind == "odd-element":
            # The first lead of the answer has no moment that could be read.
            odd = _MOMENT.sub(b'"submittedAt":"soon"', bytes(made.body), count=1)
            return Response(odd, made.status_code, media_type="application/json")
        if fault.kind == "truncated":
            half = bytes(made.body)[: len(made.body) // 2]
            return Response(half, made.status_code, media_type="application/json")
        # The answer is made first: what changes meanwhile is not in it.
        await asyncio.sleep(fault.latency_ms / 1000)
        return made

    def _add_lead(self) -> None:
        forms = self._state.world.forms.values()
        form = next(form for form in forms if form.state == "PUBLISHED")
        filled = fill_in(form, number=self._state.next_number())
        submit(self._state, form, filled=filled)

    def _delete_lead(self) -> None:
        newest = max(
            (row[-1] for row in self._state.by_owner.values() if row),
            key=lambda lead: lead.submitted_at,
            default=None,
        )
        history = self._state.history
        if newest is not None:
            self._state.delete_lead(newest.id)
        elif history is not None:
            numbers = range(history.count - 1, -1, -1)
            number = next((one for one in numbers if history.has(one)), None)
            if number is not None:
                self._state.delete_lead(history.lead(number).id)


def _query(request: Request) -> bytes:
    query: bytes = request.scope["query_string"]
    is_tunnelled = "x-http-method-override" in request.headers
    return b"ids" if is_tunnelled and not query else query
