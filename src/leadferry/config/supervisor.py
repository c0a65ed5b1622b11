"""`leadferry serve`: one web process and one worker, minded until told to stop."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from types import FrameType

from leadferry.kit import clock
from leadferry.kit.errors import SetupError
from leadferry.kit.processes import die_with_parent

logger = logging.getLogger("leadferry.serve")

_LOOK_SECONDS = 0.2
_STOP_SECONDS = 15.0
_PORT_SECONDS = 5.0
_STABLE_SECONDS = 30.0
_MAX_PAUSE_SECONDS = 30.0


class Child:
    """A process that is started again when it ends, ever more slowly."""

    def __init__(self, name: str, command: list[str]) -> None:
        self._name = name
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._failures = 0
        self._not_before = 0.0

    def mind(self) -> None:
        """Start the process, or start it again."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            self._note_end(self._process.returncode)
        if clock.monotonic() < self._not_before:
            return
        environment = {**os.environ, "LEADFERRY_SUPERVISED": "1"}
        # The commands are our own and take nothing from outside.
        self._process = subprocess.Popen(self._command, env=environment)  # noqa: S603 - ours
        self._started = clock.monotonic()

    def _note_end(self, code: int) -> None:
        self._process = None
        lasted = clock.monotonic() - self._started
        self._failures = 0 if lasted > _STABLE_SECONDS else self._failures + 1
        pause = min(0.5 * 2**self._failures, _MAX_PAUSE_SECONDS)
        self._not_before = clock.monotonic() + pause
        logger.error(
            "a process ended and will be started again",
            extra={"child": self._name, "code": code, "pause_s": pause},
        )

    def ask_to_stop(self) -> None:
        """Tell the process to finish what it has begun."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, *, seconds: float) -> None:
        """Wait for its end; past the time it is ended."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve(*, host: str, port: int, threads: int) -> None:
    """Run both processes until SIGTERM or Ctrl-C."""
    if os.environ.get("LEADFERRY_SUPERVISED") == "1":
        die_with_parent()
    _wait_for_port(host, port)
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    children = [
        Child("web", web_command(host=host, port=port, threads=threads)),
        Child("worker", [sys.executable, "-m", "leadferry.config.cli", "worker"]),
    ]
    while not stop.wait(_LOOK_SECONDS):
        for child in children:
            child.mind()
    for child in children:
        child.ask_to_stop()
    until = clock.monotonic() + _STOP_SECONDS
    for child in children:
        child.wait(seconds=max(0.1, until - clock.monotonic()))


def _wait_for_port(host: str, port: int) -> None:
    """Raise SetupError where somebody else keeps the port.

    The server would share it silently, and each would get half of the requests. A
    former start that was killed may need a moment to give it back.
    """
    until = clock.monotonic() + _PORT_SECONDS
    while not _is_free(host, port):
        if clock.monotonic() > until:
            raise SetupError(
                f"Port {port} is in use, perhaps by another Leadferry: end that one, "
                "or choose another with --port."
            )
        clock.sleep(0.1)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            return False
    return True


def web_command(*, host: str, port: int, threads: int) -> list[str]:
    """The web process as a command of its own."""
    return [
        sys.executable, "-m", "leadferry.config.cli", "web",
        "--host", host, "--port", str(port), "--threads", str(threads),
    ]  # fmt: skip


def run_web(*, host: str, port: int, threads: int) -> None:
    """The web process: granian with one worker and a few threads."""
    if os.environ.get("LEADFERRY_SUPERVISED") == "1":
        die_with_parent()
    # The server's own worker dies with this process, as this one with its parent.
    os.environ["LEADFERRY_SUPERVISED"] = "1"
    from granian.constants import Interfaces  # noqa: PLC0415 - only this process
    from granian.log import LogLevels  # noqa: PLC0415 - needs the server
    from granian.server import Server  # noqa: PLC0415 - needs the server

    Server(
        "leadferry.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        backpressure=256,
        # Its warnings are about cores and threads, which were chosen on purpose.
        log_level=LogLevels.error,
        log_access=False,
        respawn_failed_workers=True,
    ).serve()
