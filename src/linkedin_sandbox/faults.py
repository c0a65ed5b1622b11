"""Faults on request: what goes wrong, how often, and with which luck."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from linkedin_sandbox.errors import TOKEN_ERRORS, Refusal, refuse, throttled
from linkedin_sandbox.state import Fault

Answering = Callable[[Request], Awaitable[Response]]

KINDS = (
    "latency", "hold", "garbage", "batch-refused", "short-page",
    "fewer-scopes",
    "token-invalid", "token-revoked", "token-expired", "401", "403", "404",
    "429", "500", "502", "503", "504",
)  # fmt: skip


class Faults:
    """The faults in force; replaced as a whole."""

    def __init__(self) -> None:
        self._faults: list[tuple[Fault, random.Random]] = []

    def replace(self, faults: list[Fault]) -> None:
        """These faults, and no others."""
        for fault in faults:
            if fault.kind not in KINDS:
                raise refuse(400, None, f"No fault is called {fault.kind}.")
        self._faults = [
            (fault, random.Random(fault.seed))  # noqa: S311 - repeatable on purpose
            for fault in faults
        ]

    def strike(self, endpoint: str, *, is_batch: bool) -> Fault | None:
        """The fault that hits this call, if any."""
        for fault, luck in self._faults:
            if fault.endpoint not in {endpoint, "*"} or fault.count == 0:
                continue
            if fault.kind == "batch-refused" and not is_batch:
                continue
            if luck.random() < fault.probability:
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None


async def answer_with(
    fault: Fault | None, request: Request, answer: Answering
) -> Response:
    """The answer, or what the fault makes of it."""
    if fault is None:
        return await answer(request)
    refusal = _refusal(fault.kind)
    if refusal is not None:
        return refusal.answer()
    if fault.kind == "garbage":
        return Response("<html>502 Bad Gateway", media_type="application/json")
    if fault.kind == "short-page":
        request.state.short_page = True
    if fault.kind == "fewer-scopes":
        request.state.fewer_scopes = True
    made = await answer(request)
    if fault.latency_ms:
        # The answer is made first: what changes meanwhile is not in it.
        await asyncio.sleep(fault.latency_ms / 1000)
    return made


def _refusal(kind: str) -> Refusal | None:
    if kind.startswith("token-"):
        return TOKEN_ERRORS[kind.removeprefix("token-")]
    if kind == "batch-refused":
        return refuse(400, "BAD_REQUEST", "Batch reads are not available.")
    if kind == "429":
        return throttled()
    if kind.isdecimal():
        codes = {"401": None, "403": "ACCESS_DENIED", "404": "NOT_FOUND"}
        return refuse(int(kind), codes.get(kind, "INTERNAL_ERROR"), "A fault.")
    return None
