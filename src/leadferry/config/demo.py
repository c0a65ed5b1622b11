"""`leadferry demo`: everything on this machine, with a local LinkedIn.

The path is the real one: real pages, real HTTP, real signatures, real database.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import httpx

from leadferry.config.cli import say
from leadferry.kit import clock
from leadferry.kit.errors import SetupError

HOST = "127.0.0.1"
_FIRST_PORTS = {"web": 8000, "linkedin": 9100}
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


@dataclass
class Demo:
    """A demonstration that is running."""

    folder: Path
    ports: dict[str, int]
    processes: list[subprocess.Popen[bytes]]

    @property
    def web(self) -> str:
        """The address of Leadferry."""
        return f"http://{HOST}:{self.ports['web']}"

    @property
    def linkedin(self) -> str:
        """The address of the local LinkedIn."""
        return f"http://{HOST}:{self.ports['linkedin']}"

    def start(self, name: str, command: list[str]) -> None:
        """Start a process that ends with this one; it writes into the folder's log."""
        environment = {
            **os.environ,
            "LEADFERRY_SUPERVISED": "1",
            "LINKEDIN_SANDBOX_DIES_WITH_PARENT": "1",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command, env=environment, stdout=log, stderr=log
            )
        self.processes.append(process)

    def stop(self) -> None:
        """End every process, the last started first."""
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wait_until(self, address: str) -> None:
        """Wait until an address answers; raises SetupError when a process ends."""
        until = clock.monotonic() + _START_SECONDS
        while clock.monotonic() < until:
            if any(process.poll() is not None for process in self.processes):
                break
            try:
                if httpx.get(address, timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                clock.sleep(0.1)
        raise SetupError(f"{address} does not answer: see the logs in {self.folder}.")


def run(*, folder: str, once: bool) -> int:
    """Run the demonstration; with `once` it ends by itself with one JSON line."""
    place = Path(folder).resolve() / "once" if once else Path(folder).resolve()
    if once:
        shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    demo = Demo(folder=place, ports=_choose_ports(place, once=once), processes=[])
    _set_environment(demo)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        return _run(demo, once=once, stop=stop)
    finally:
        demo.stop()


def _set_environment(demo: Demo) -> None:
    os.environ.pop("LEADFERRY_DATABASE_URL", None)
    os.environ.setdefault("LEADFERRY_LOG_LEVEL", "INFO")
    os.environ["LEADFERRY_DATA"] = str(demo.folder / "data")
    os.environ["LEADFERRY_LINKEDIN_API"] = demo.linkedin
    os.environ["LEADFERRY_LINKEDIN_OAUTH"] = demo.linkedin


def _choose_ports(folder: Path, *, once: bool) -> dict[str, int]:
    """The ports of the last time; others where somebody else took them."""
    kept = folder / "ports.json"
    wanted = dict(_FIRST_PORTS)
    if kept.exists():
        wanted |= json.loads(kept.read_text(encoding="utf-8"))
    ports: dict[str, int] = {}
    for name, port in wanted.items():
        ports[name] = _free_port(0 if once else port, avoid=set(ports.values()))
    kept.write_text(json.dumps(ports), encoding="utf-8")
    return ports


def _free_port(wanted: int, *, avoid: set[int]) -> int:
    candidates = [0] if wanted == 0 else [*range(wanted, wanted + 50), 0]
    for port in candidates:
        if port in avoid:
            continue
        with socket.socket() as tried:
            # As the servers do: an address in TIME_WAIT is free.
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((HOST, port))
            except OSError:
                continue
            found: int = tried.getsockname()[1]
            return found
    raise SetupError("No free port was found on this machine.")


def _run(demo: Demo, *, once: bool, stop: threading.Event) -> int:
    _tell("Starting the local LinkedIn and Leadferry …")
    demo.start(
        "linkedin",
        [
            sys.executable, "-m", "linkedin_sandbox.cli", "serve",
            "--port", str(demo.ports["linkedin"]),
            "--state", str(demo.folder / "linkedin.state"),
        ],
    )  # fmt: skip
    password = _prepare(demo)
    demo.start(
        "leadferry",
        [
            sys.executable, "-m", "leadferry.config.cli", "serve",
            "--port", str(demo.ports["web"]),
        ],
    )  # fmt: skip
    demo.wait_until(f"{demo.linkedin}/_sandbox/world")
    demo.wait_until(f"{demo.web}/ping")
    from leadferry.config import demo_steps  # noqa: PLC0415 - Django was set up just now

    is_new = demo_steps.connect(web=demo.web, linkedin=demo.linkedin)
    if is_new:
        _tell("Connected. People submit 200 leads on three forms …")
        demo_steps.wait_for_worker()
        demo_steps.submit(demo.linkedin)
    result = demo_steps.measure(demo.linkedin)
    if once:
        say(json.dumps(result))
        good = result["registered"] == result["submitted"] == demo_steps.LEADS
        return 0 if good and result["duplicates"] == 0 else 1
    _greet(demo, password, result)
    while not stop.wait(0.5):
        if any(process.poll() is not None for process in demo.processes):
            raise SetupError(f"A process ended: see the logs in {demo.folder}.")
    return 0


def _tell(text: str) -> None:
    say(text, to_error=True)


def _prepare(demo: Demo) -> str:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadferry.config.settings")
    import django  # noqa: PLC0415 - the environment comes first

    django.setup()
    from leadferry.accounts import services  # noqa: PLC0415 - Django first
    from leadferry.config.setup import prepare_instance  # noqa: PLC0415 - Django first

    kept = demo.folder / "password"
    password = prepare_instance()
    if password is not None:
        # On this machine only: nobody is made to change it.
        services.set_password(username="admin", password=password)
        kept.touch(mode=0o600)
        kept.write_text(password, encoding="utf-8")
    return kept.read_text(encoding="utf-8")


def _greet(demo: Demo, password: str, result: dict[str, float]) -> None:
    say(
        f"""
  Leadferry   {demo.web}/   sign in as admin with {password}
  LinkedIn    {demo.linkedin}/   submit a form there and watch the lead arrive

  {result["registered"]} of {result["submitted"]} submitted leads are registered, \
{result["duplicates"]} twice;
  half of them within {result["p50_ms"]:.0f} ms, 95 % within {result["p95_ms"]:.0f} ms.

  Ctrl-C ends it; started again it knows everything. Logs are in {demo.folder}.
"""
    )
