"""The command `linkedin-sandbox`."""

import argparse
import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from linkedin_sandbox.app import make_app
from linkedin_sandbox.errors import Refusal
from linkedin_sandbox.faults import KINDS, Faults
from linkedin_sandbox.records import Fault
from linkedin_sandbox.state import State
from linkedin_sandbox.switches import Switches
from linkedin_sandbox.world import WorldError, load

_ABOUT = (
    "A LinkedIn on this machine: sign-in, ad accounts, forms, leads and webhooks, "
    "for trying, teaching and testing clients of LinkedIn's lead API."
)
_FAULT = "ENDPOINT=KIND[:PROBABILITY[:COUNT[:MS]]]"
_EPILOG = "Control calls under /_sandbox/ change all of it while it runs."
_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    options = _parser().parse_args(arguments)
    if os.environ.get("LINKEDIN_SANDBOX_DIES_WITH_PARENT") == "1":
        _die_with_parent()
    try:
        state = _make_state(options)
        faults = Faults(state)
        faults.replace([_read_fault(text) for text in options.fault])
    except (WorldError, ValueError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except Refusal as exc:
        sys.stderr.write(f"{exc.body['message']}\n")
        return 2
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
    parser = argparse.ArgumentParser(prog="linkedin-sandbox", description=_ABOUT)
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser(
        "serve", help="Run the local LinkedIn.", description=_ABOUT, epilog=_EPILOG
    )
    serve.add_argument("--port", type=int, default=9100, help="9100")
    serve.add_argument("--host", default="127.0.0.1", help="127.0.0.1")
    serve.add_argument(
        "--world", type=Path, metavar="FILE", help="instead of the world it brings"
    )
    serve.add_argument(
        "--state", type=Path, metavar="FILE", help="what a restart remembers"
    )
    serve.add_argument(
        "--leads",
        type=int,
        default=0,
        metavar="N",
        help="leads of the last 90 days, by formula: a million take no memory",
    )
    serve.add_argument(
        "--quota",
        action="append",
        default=[],
        metavar="ENDPOINT=N[:M]",
        help="calls per UTC day of the application, and of each member",
    )
    serve.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar=_FAULT,
        help=f"goes wrong from the start; kinds: {', '.join(KINDS)}",
    )
    switches = serve.add_argument_group("where LinkedIn is unknown or varies")
    for one in fields(Switches):
        if one.metadata:
            _add_switch(switches, one)
    return parser


def _add_switch(group: argparse._ArgumentGroup, one: Field[Any]) -> None:
    values, text = one.metadata["values"], one.metadata["help"]
    group.add_argument(
        f"--{one.name.replace('_', '-')}",
        metavar={int: "N", str: "LIST"}.get(values),
        choices=None if isinstance(values, type) else values,
        help=f"{text} ({one.default})",
    )


def _die_with_parent() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _read_fault(text: str) -> Fault:
    endpoint, _, rest = text.partition("=")
    kind, probability, count, latency = (rest.split(":") + [""] * 4)[:4]
    try:
        return Fault(
            endpoint=endpoint,
            kind=kind,
            probability=float(probability or 1),
            count=int(count) if count else None,
            latency_ms=int(latency or 0),
        )
    except ValueError:
        raise ValueError(f"--fault {text} is not {_FAULT}.") from None


def _read_quota(text: str) -> tuple[str, tuple[int, int]]:
    endpoint, _, numbers = text.partition("=")
    application, _, member = numbers.partition(":")
    if not application.isdecimal() or not (member or "0").isdecimal():
        raise ValueError(f"--quota {text}: ENDPOINT=N or ENDPOINT=N:M is needed.")
    return endpoint, (int(application), int(member or 0))


def _make_state(options: argparse.Namespace) -> State:
    switches = Switches(world=options.world)
    given = {one.name: getattr(options, one.name) for one in fields(Switches)}
    asked = {name: value for name, value in given.items() if value is not None}
    switches.change(**{name: asked[name] for name in asked if name != "world"})
    state = State(load(options.world), switches)
    if options.state is not None:
        state.remember_in(options.state)
    if options.leads < 0:
        raise ValueError("--leads must be 0 or more.")
    if state.history is None and options.leads:
        state.begin_history(options.leads)
    state.quotas |= dict(_read_quota(text) for text in options.quota)
    return state


async def _serve(options: argparse.Namespace, state: State, faults: Faults) -> None:
    server = Server(
        make_app(state, faults),
        address=options.host,
        port=options.port,
        interface=Interfaces.ASGINL,
        log_level=LogLevels.error,
    )
    # A page of leads is tens of thousands of small things, none in a circle: looking
    # for circles after every 700 took a fifth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    running = asyncio.create_task(server.serve())
    while not running.done() and not await _answers(options.host, options.port):
        await asyncio.sleep(0.05)
    if running.done():
        running.result()
    world = state.world
    ours = next(iter(world.applications.values()))
    sys.stdout.write(
        f"LinkedIn sandbox answers at http://{options.host}:{options.port}/ "
        f"(application {ours.client_id} / {ours.client_secret}; "
        f"members {', '.join(world.members)})\n"
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
