"""Faults on request: what goes wrong, how often, and with which luck."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from creatio_sandbox.errors import (
    GATEWAY_PAGE,
    HTML,
    JSON,
    LOGIN_PAGE,
    Answer,
    Refused,
    broken,
    deep,
    exception,
    no_controller,
    respond,
    unsuccessful,
)

Answering = Callable[[Request], Awaitable[Response]]
_FOR_EVER_SECONDS = 600
_REASONS = {
    "429": "429 Too Many Requests",
    "500": "500 Internal Server Error",
    "502": "502 Bad Gateway",
    "503": "503 Service Temporarily Unavailable",
    "504": "504 Gateway Time-out",
}
# They strike a call.
STRIKING = (
    "latency", "hold", "timeout", "reset", "lose-reply", "truncated", "garbage",
    "login-page", "login-redirect", "error-in-200", "deep-500",
    "400", "401", "403", "404", *_REASONS,
)  # fmt: skip
# They are true of the instance for as long as they are in force.
LASTING = (
    "read-only", "no-column-right", "package-absent", "column-absent",
    "column-renamed", "value-removed", "secret-changed", "client-off", "refuse",
)  # fmt: skip
KINDS = STRIKING + LASTING


class Fault(msgspec.Struct, kw_only=True):
    """A fault of one endpoint, for as long as `count` lasts."""

    endpoint: str
    kind: str
    probability: float = 1.0
    count: int | None = None
    seed: int = 0
    latency_ms: int = 0
    retry_after_s: int | None = None
    column: str = ""
    to: str = ""
    value: str = ""
    matches: str = ""
    message: str = ""
    status: int = 500
    shape: int = 2


class Reset(Response):
    """Says that more comes, and breaks the connection."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Half a promise."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"999")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        body = {"type": "http.response.body", "body": b'{"@od', "more_body": True}
        await send(body)
        raise ConnectionAbortedError


class Faults:
    """The faults in force; replaced as a whole."""

    def __init__(self) -> None:
        self._faults: list[tuple[Fault, random.Random]] = []
        self.changed = 0

    def replace(self, faults: Iterable[Fault]) -> None:
        """These faults, and no others; raises ValueError with a sentence."""
        wanted = list(faults)
        for fault in wanted:
            if fault.kind not in KINDS:
                raise ValueError(f"No fault is called {fault.kind}.")
            try:
                re.compile(fault.matches)
            except re.error as exc:
                raise ValueError(f"matches is no pattern: {exc}.") from exc
        self._faults = [
            (fault, random.Random(fault.seed))  # noqa: S311 - repeatable on purpose
            for fault in wanted
        ]
        self.changed += 1

    def lasting(self, *kinds: str) -> list[Fault]:
        """The faults of these kinds that are true of the instance now."""
        return [fault for fault, _ in self._faults if fault.kind in kinds]

    def strikes_now(self, endpoint: str) -> bool:
        """Whether an endpoint is struck for as long as the faults stay."""
        return any(
            fault.kind in STRIKING and fault.endpoint == endpoint and fault.count != 0
            for fault, _ in self._faults
        )

    def refuse(self, entity: str, row: dict[str, Any]) -> None:
        """Refuse a record one of whose columns matches; raises Refused."""
        for fault, luck in self._faults:
            if fault.kind != "refuse" or fault.endpoint not in {entity, "*"}:
                continue
            if not re.search(fault.matches, str(row.get(fault.column, ""))):
                continue
            if _strikes(fault, luck):
                message = fault.message or f"{entity} was refused by a business rule."
                raise Refused(fault.status, deep("The record was not saved.", message))

    async def answer(
        self, request: Request, endpoint: str, answer: Answering
    ) -> Response:
        """The answer, or what the faults make of it."""
        fault = self._strike(endpoint)
        if fault is None:
            return await answer(request)
        made = _instead(fault, request)
        if made is not None:
            return made
        return await _spoil(fault, request, answer)

    def _strike(self, endpoint: str) -> Fault | None:
        for fault, luck in self._faults:
            if fault.kind not in STRIKING or fault.endpoint not in {endpoint, "*"}:
                continue
            if _strikes(fault, luck):
                return fault
        return None


def _strikes(fault: Fault, luck: random.Random) -> bool:
    if fault.count == 0 or luck.random() >= fault.probability:
        return False
    if fault.count is not None:
        fault.count -= 1
    return True


def _instead(fault: Fault, request: Request) -> Response | None:
    """What is answered without anything being done."""
    if fault.kind in _REASONS:
        again = fault.retry_after_s
        headers = {} if again is None else {"Retry-After": str(again)}
        page = GATEWAY_PAGE.format(_REASONS[fault.kind])
        return Response(page, int(fault.kind), headers, HTML)
    if fault.kind == "login-redirect":
        return RedirectResponse("/Login/NuiLogin.aspx", status_code=302)
    if fault.kind == "reset":
        return Reset()
    told = _refusal(fault, request)
    return None if told is None else respond(told)


def _refusal(fault: Fault, request: Request) -> Answer | None:
    message = fault.message or "A fault."
    match fault.kind:
        case "login-page":
            return Answer(200, LOGIN_PAGE, media_type=HTML)
        case "error-in-200":
            return Answer(200, _shape(fault, request), media_type=JSON)
        case "deep-500":
            return broken("The record was not saved.", message).answer
        case "401":
            return Answer(401)
        case "400" | "403" | "404":
            return Answer(int(fault.kind), deep(message), media_type=JSON)
    return None


def _shape(fault: Fault, request: Request) -> object:
    message = fault.message or "A fault."
    match fault.shape:
        case 1:
            return deep(message)
        case 3:
            return exception(message)
        case 4:
            return unsuccessful("Fault", message)
    return no_controller(str(request.url), request.url.path.rpartition("/")[2])


async def _spoil(fault: Fault, request: Request, answer: Answering) -> Response:
    match fault.kind:
        case "timeout":
            await asyncio.sleep(_FOR_EVER_SECONDS)
        case "latency":
            await asyncio.sleep(fault.latency_ms / 1000)
        case "garbage":
            return Response("<html>502 Bad Gateway", media_type="application/json")
    made = await answer(request)
    match fault.kind:
        case "lose-reply":
            return Reset()
        case "hold":
            # Done already: who gives up now does not know it.
            await asyncio.sleep(fault.latency_ms / 1000)
        case "truncated":
            half = bytes(made.body)[: len(made.body) // 2]
            return Response(half, made.status_code, media_type="application/json")
    return made
