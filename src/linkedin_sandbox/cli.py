"""The command `linkedin-sandbox`."""

import argparse
import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from linkedin_sandbox.app import make_app
from linkedin_sandbox.faults import Faults
from linkedin_sandbox.people import fill_in
from linkedin_sandbox.state import DAY_MS, Fault, Settings, State
from linkedin_sandbox.submit import submit
from linkedin_sandbox.world import load

VERSIONS = "202601,202602,202603,202604,202605,202606,202607,202608,202609"
_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    options = _parser().parse_args(arguments)
    if os.environ.get("LINKEDIN_SANDBOX_DIES_WITH_PARENT") == "1":
        _die_with_parent()
    state = _make_state(options)
    faults = Faults()
    faults.replace([_read_fault(text) for text in options.fault])
    if not _is_free(options.host, options.port):
        sys.stderr.write(f"Port {options.port} is in use: choose another --port.\n")
        return 1
    asyncio.run(_serve(options, state, faults))
    return 0


def _is_free(host: str, port: int) -> bool:
    # The server itself would share the port with whoever has it.
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="linkedin-sandbox", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser("serve", help="Run the local LinkedIn.")
    serve.add_argument("--port", type=int, default=9100)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--world", type=Path, help="a JSON file instead of the default")
    serve.add_argument("--leads", type=int, default=0, help="leads of earlier days")
    serve.add_argument("--latency-ms", type=int, default=0)
    serve.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="ENDPOINT=KIND[:PROBABILITY[:COUNT]]",
    )
    serve.add_argument("--state", type=Path, help="a file that a restart reads")
    serve.add_argument("--versions", default=VERSIONS, help="active API versions")
    serve.add_argument("--retention-days", type=int, default=90)
    serve.add_argument("--max-count", type=int, default=1000)
    return parser


def _die_with_parent() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _read_fault(text: str) -> Fault:
    endpoint, _, rest = text.partition("=")
    kind, _, numbers = rest.partition(":")
    probability, _, count = numbers.partition(":")
    return Fault(
        endpoint=endpoint,
        kind=kind,
        probability=float(probability or 1),
        count=int(count) if count else None,
    )


def _make_state(options: argparse.Namespace) -> State:
    settings = Settings(
        versions=options.versions.split(","),
        world=options.world,
        latency_ms=options.latency_ms,
        retention_days=options.retention_days,
        max_count=options.max_count,
    )
    state = State(load(options.world), settings)
    if options.state is not None:
        state.remember_in(options.state)
    if not state.leads:
        _fill_the_past(state, options.leads)
    return state


def _fill_the_past(state: State, count: int) -> None:
    """Leads spread over the last 90 days, oldest first."""
    forms = list(state.world.forms.values())
    now = state.clock.now_ms()
    for number in range(count):
        form = forms[number % len(forms)]
        age = (count - number) * 89 * DAY_MS // max(count, 1)
        filled = fill_in(form, number=number)
        submit(state, form, filled=filled, submitted_at=now - age)


async def _serve(options: argparse.Namespace, state: State, faults: Faults) -> None:
    server = Server(
        make_app(state, faults),
        address=options.host,
        port=options.port,
        interface=Interfaces.ASGINL,
        log_level=LogLevels.error,
    )
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    running = asyncio.create_task(server.serve())
    while not running.done() and not await _answers(options.host, options.port):
        await asyncio.sleep(0.05)
    if running.done():
        running.result()
    sys.stdout.write(
        f"LinkedIn sandbox answers at http://{options.host}:{options.port}/ "
        "(application demo-client / demo-secret; members ada and vic)\n"
    )
    sys.stdout.flush()
    await asked_to_stop.wait()
    state.close()
    # The embedded server aborts now and then while it is taken down: nothing is left
    # to do, every event is in the file.
    os._exit(0)


async def _answers(host: str, port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


if __name__ == "__main__":
    sys.exit(main())
