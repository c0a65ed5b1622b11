"""The command `creatio-sandbox`."""

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
from starlette.applications import Starlette

from creatio_sandbox.app import make_app, make_identity_app
from creatio_sandbox.faults import KINDS, Fault, Faults
from creatio_sandbox.state import State
from creatio_sandbox.switches import Switches
from creatio_sandbox.view import View
from creatio_sandbox.world import WorldError, load

_ABOUT = (
    "A Creatio on this machine: identity service, OData, batches and leads, "
    "for trying, teaching and testing integrations with Creatio."
)
_FAULT = "ENDPOINT=KIND[:PROBABILITY[:COUNT[:MS]]]"
_EPILOG = "Control calls under /_sandbox/ change all of it while it runs."
_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    options = _parser().parse_args(arguments)
    if os.environ.get("CREATIO_SANDBOX_DIES_WITH_PARENT") == "1":
        _die_with_parent()
    try:
        state = _make_state(options)
        faults = Faults()
        faults.replace([_read_fault(text) for text in options.fault])
    except (WorldError, ValueError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    for port in filter(None, (options.port, options.identity_port)):
        if not _is_free(options.host, port):
            sys.stderr.write(f"Port {port} is in use: choose another one.\n")
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
    parser = argparse.ArgumentParser(prog="creatio-sandbox", description=_ABOUT)
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser(
        "serve", help="Run the local Creatio.", description=_ABOUT, epilog=_EPILOG
    )
    serve.add_argument("--port", type=int, default=9200, help="9200")
    serve.add_argument("--host", default="127.0.0.1", help="127.0.0.1")
    serve.add_argument(
        "--identity-port", type=int, help="the identity service on a host of its own"
    )
    serve.add_argument(
        "--world", type=Path, metavar="FILE", help="instead of the world it brings"
    )
    serve.add_argument(
        "--state", type=Path, metavar="FILE", help="what a restart remembers"
    )
    serve.add_argument(
        "--leads", type=int, default=0, metavar="N", help="leads that are there already"
    )
    serve.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar=_FAULT,
        help=f"goes wrong from the start; kinds: {', '.join(KINDS)}",
    )
    switches = serve.add_argument_group("where Creatio is unknown or varies")
    for one in fields(Switches):
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


def _make_state(options: argparse.Namespace) -> State:
    switches = Switches()
    given = {one.name: getattr(options, one.name) for one in fields(Switches)}
    asked = {name: value for name, value in given.items() if value is not None}
    switches.change(**{name: asked[name] for name in asked})
    if options.leads < 0:
        raise ValueError("--leads must be 0 or more.")
    state = State(load(options.world), switches, options.world, options.leads)
    if options.state is not None:
        state.remember_in(options.state)
    return state


def _server(app: Starlette, options: argparse.Namespace, port: int) -> Server:
    return Server(
        app,
        address=options.host,
        port=port,
        interface=Interfaces.ASGINL,
        log_level=LogLevels.error,
    )


async def _serve(options: argparse.Namespace, state: State, faults: Faults) -> None:
    view = View(state, faults)
    servers = [_server(make_app(state, faults, view), options, options.port)]
    ports = [options.port]
    if options.identity_port:
        alone = make_identity_app(state, faults, view)
        servers.append(_server(alone, options, options.identity_port))
        ports.append(options.identity_port)
    # Records are tens of thousands of small things, none in a circle: looking for
    # circles after every 700 takes a fifth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    running = [asyncio.create_task(server.serve()) for server in servers]
    for task, port in zip(running, ports, strict=True):
        while not task.done() and not await _answers(options.host, port):
            await asyncio.sleep(0.05)
        if task.done():
            task.result()
    _tell(options, state)
    await asked_to_stop.wait()
    state.close()
    # The embedded server aborts now and then while it is taken down: nothing is left
    # to do, every event is in the file.
    os._exit(0)


def _tell(options: argparse.Namespace, state: State) -> None:
    ours = next(iter(state.clients.values()))
    below = "0/" if state.switches.runtime == "framework" else ""
    base = f"http://{options.host}:{options.port}/"
    sys.stdout.write(
        f"Creatio sandbox answers at {base} (OData at {base}{below}odata; "
        f"client {ours.client_id} / {ours.secret})\n"
    )
    sys.stdout.flush()


async def _answers(host: str, port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


if __name__ == "__main__":
    sys.exit(main())
