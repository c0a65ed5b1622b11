"""A whole Leadferry in processes of its own, as an operator runs it."""

import atexit
import contextlib
import functools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg

from tests.support.ports import free_port
from tests.support.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    Sandbox,
    allow_at_linkedin,
)
from tests.support.waiting import wait_until

CLUSTER = os.environ.get("LEADFERRY_DATABASE_URL", "")


class Instance:
    """One installation; its database is a fresh one of the kind under test."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "leadferry.log"
        # Made once and copied: each of the many flows would make it for seconds.
        template, database = _template()
        shutil.copytree(template, folder / "data")
        self.database = _make_database(like=database) if CLUSTER else ""
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.others: list[subprocess.Popen[bytes]] = []
        self.clock = folder / "clock"

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see."""
        return {
            **os.environ,
            "LEADFERRY_DATA": str(self.folder / "data"),
            "LEADFERRY_DATABASE_URL": self.database,
            "LEADFERRY_LINKEDIN_API": self.sandbox.url,
            "LEADFERRY_LINKEDIN_OAUTH": self.sandbox.url,
            "LEADFERRY_LOG_LEVEL": "DEBUG",
            "LEADFERRY_CLOCK": str(self.clock),
        }

    def command(self, *arguments: str) -> list[str]:
        """`leadferry …` as a command line."""
        return [sys.executable, "-m", "leadferry.config.cli", *arguments]

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of its commands; what it says goes to the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command(*arguments),
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> None:
        """`leadferry serve`, until it answers and a worker works."""
        before = self._starts()
        self.supervisor = self.spawn("serve", "--port", str(self.port))
        wait_until(self.answers, seconds=40, what="the web process")
        wait_until(
            lambda: self._starts() > before, seconds=40, what="the worker's start"
        )

    def _starts(self) -> int:
        if not self.log.exists():
            return 0
        return self.log.read_text(encoding="utf-8").count("worker started")

    def answers(self) -> bool:
        """Whether the web process answers."""
        try:
            return httpx.get(f"{self.url}/ping", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def add_worker(self) -> subprocess.Popen[bytes]:
        """One more worker."""
        before = self._starts()
        self.others.append(self.spawn("worker"))
        wait_until(lambda: self._starts() > before, seconds=40, what="another worker")
        return self.others[-1]

    def children(self) -> dict[str, int]:
        """The pids of the supervisor's children: web and worker, and web's own."""
        assert self.supervisor is not None
        found = {}
        for pid in children_of(self.supervisor.pid):
            words = command_of(pid)
            name = "web" if "web" in words else "worker"
            found[name] = pid
        for number, pid in enumerate(children_of(found.get("web", 0))):
            found[f"web-{number}"] = pid
        return found

    def kill_everything(self) -> None:
        """kill -9 of every process at once."""
        pids = list(self.children().values())
        assert self.supervisor is not None
        for pid in (self.supervisor.pid, *pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.supervisor.wait()

    def stop(self) -> None:
        """As an operator stops it."""
        for process in (self.supervisor, *self.others):
            if process is None or process.poll() is not None:
                continue
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
            process.terminate()
            try:
                process.wait(timeout=25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def connect(self) -> str:
        """`leadferry connect`, with a person at LinkedIn's pages; what it said."""
        redirect = f"{self.url}/linkedin/return"
        uris = {"redirect_uris": [redirect]}
        self.sandbox.control("PUT", f"apps/{CLIENT_ID}", uris)
        secret = self.folder / "client-secret"
        secret.write_text(CLIENT_SECRET, encoding="ascii")
        process = subprocess.Popen(
            self.command(
                "connect", "--url", self.url, "--client-id", CLIENT_ID,
                "--client-secret-file", str(secret), "--all",
            ),
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdout is not None
        said = b""
        address = None
        while address is None:
            line = process.stdout.readline()
            assert line, said.decode()
            said += line
            address = re.search(rb"http://\S+/oauth/v2/authorization\S+", line)
        sign_in_at_linkedin(address[0].decode())
        said += process.communicate(timeout=60)[0]
        assert process.returncode == 0, said.decode()
        return said.decode()

    def python(self, code: str) -> None:
        """Run a piece of Python within the program, as its own commands do."""
        subprocess.run(
            [sys.executable, "-c", f"import django; django.setup(); {code}"],
            env={
                **self.environment,
                "DJANGO_SETTINGS_MODULE": "leadferry.config.settings",
            },
            check=True,
        )

    def rows(self, query: str, *, inbox: bool = False) -> list[tuple[Any, ...]]:
        """What a query of the database tells."""
        if self.database:
            with psycopg.connect(self.database, autocommit=True) as connection:
                return connection.execute(query.encode()).fetchall()
        name = "inbox.sqlite3" if inbox else "leadferry.sqlite3"
        with contextlib.closing(
            sqlite3.connect(self.folder / "data" / name, timeout=20)
        ) as database:
            return database.execute(query).fetchall()

    def wait_for_row(self, query: str) -> None:
        """Wait until a query of the database finds something."""
        wait_until(lambda: self.rows(query), seconds=20, what=query)

    def lead_ids(self) -> list[str]:
        """The LinkedIn lead ids of all leads."""
        query = "SELECT linkedin_lead_id FROM leads_extendedleadinformation"
        return sorted(row[0] for row in self.rows(query))

    def wait_for_leads(self, ids: list[str], *, seconds: float = 30) -> None:
        """Wait until exactly these leads are there."""
        wanted = sorted(ids)
        wait_until(
            lambda: self.lead_ids() == wanted,
            seconds=seconds,
            what=f"{len(wanted)} leads, {len(self.lead_ids())} are there",
        )

    def password(self) -> str:
        """A new password for the administrator, from the terminal."""
        said = subprocess.run(
            self.command("reset-password", "admin"),
            env=self.environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        found = re.search(r"signs in with (\S+)", said.stdout)
        assert found is not None
        return found[1]


def sign_in_at_linkedin(address: str, member: str = "ada") -> httpx.Response:
    """Go through LinkedIn's pages as this member and follow the way back."""
    return httpx.get(allow_at_linkedin(address, member), timeout=30, trust_env=False)


@functools.cache
def _template() -> tuple[Path, str]:
    """A data folder and a database with the schema and nothing else."""
    folder = Path(tempfile.mkdtemp(prefix="leadferry-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = _make_database() if CLUSTER else ""
    subprocess.run(
        [sys.executable, "-m", "leadferry.config.cli", "migrate"],
        env={
            **os.environ,
            "LEADFERRY_DATA": str(folder),
            "LEADFERRY_DATABASE_URL": database,
        },
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return folder, database


def _make_database(*, like: str = "") -> str:
    """A new database of the cluster, like another one or empty; its address."""
    name = f"flow_{uuid.uuid4().hex[:12]}"
    template = urlsplit(like).path.lstrip("/") or "template1"
    with psycopg.connect(CLUSTER, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return urlunsplit(urlsplit(CLUSTER)._replace(path=f"/{name}"))


def children_of(pid: int) -> list[int]:
    """The pids of a process's children."""
    said = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True
    )
    pairs = [line.split() for line in said.stdout.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def command_of(pid: int) -> list[str]:
    """The words of a process's command line."""
    said = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return said.stdout.split()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be buried does not."""
    said = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return bool(said.stdout.strip()) and not said.stdout.strip().startswith("Z")


@contextlib.contextmanager
def running_instance(
    folder: Path, sandbox: Sandbox, *, connected: bool = True
) -> Iterator[Instance]:
    """A started and connected instance for the length of the block."""
    instance = Instance(folder, sandbox)
    try:
        instance.start()
        if connected:
            instance.connect()
        yield instance
    finally:
        instance.stop()
