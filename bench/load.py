"""Signed notices at full speed or at a steady pace, over connections kept open."""

import asyncio
import json
import time
from collections.abc import Sequence

from leadferry.linkedin.signature import sign

_ACCOUNT = 512_345_678
_SECRET = "demo-secret"  # noqa: S105 - the sandbox's own, known to all
_FORM = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:987654,3)"


def make_requests(
    path: str, *, host: str, count: int, first: int = 0, account: int = _ACCOUNT
) -> list[bytes]:
    """Whole HTTP requests, each with a notice of its own."""
    made = []
    for number in range(first, first + count):
        notice = {
            "type": "LEAD_ACTION",
            "leadGenFormResponse": f"urn:li:leadGenFormResponse:bench-{number}",
            "leadGenForm": _FORM,
            "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{account}"},
            "leadType": "SPONSORED",
            "leadAction": "CREATED",
            "occurredAt": 1_793_000_000_000 + number,
        }
        body = json.dumps(notice).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Type: application/json\r\n"
            f"X-LI-Signature: {sign(body, secret=_SECRET)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def _connection(
    port: int, requests: Sequence[bytes], due: Sequence[float] | None
) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    for index, request in enumerate(requests):
        if due is not None:
            await asyncio.sleep(max(0.0, due[index] - time.perf_counter()))
        # Late starts count: a server that stands still makes others wait, too.
        started = due[index] if due is not None else time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        times.append(time.perf_counter() - started)
    writer.close()
    return times


async def _run(
    port: int, requests: Sequence[bytes], connections: int, rate: float | None
) -> list[float]:
    begin = time.perf_counter() + 0.2
    jobs = []
    for lane in range(connections):
        mine = requests[lane::connections]
        due = None
        if rate is not None:
            due = [begin + (lane + n * connections) / rate for n in range(len(mine))]
        jobs.append(_connection(port, mine, due))
    done = await asyncio.gather(*jobs)
    return [seconds for times in done for seconds in times]


def send(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    rate: float | None = None,
) -> tuple[float, list[float]]:
    """Send all; returns the seconds it took and each answer's time, sorted."""
    started = time.perf_counter()
    times = asyncio.run(_run(port, requests, connections, rate))
    return time.perf_counter() - started, sorted(times)
