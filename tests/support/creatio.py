"""The local Creatio in a process of its own, and its control calls."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.support.ports import free_port
from tests.support.waiting import wait_until

CREATIO_CLIENT, CREATIO_SECRET = "lead-import", "lead-import-secret"
READER_CLIENT, READER_SECRET = "lead-reader", "lead-reader-secret"
RETIRED_CLIENT, RETIRED_SECRET = "lead-retired", "lead-retired-secret"
USER, PASSWORD = "Supervisor", "Supervisor"


class Creatio:
    """A running stand-in of a Creatio."""

    def __init__(self, port: int, identity_port: int, runtime: str) -> None:
        self.port, self.runtime = port, runtime
        self.arguments: tuple[str, ...] = ()
        self.log: Path | None = None
        self.url = f"http://127.0.0.1:{port}"
        self.identity_url = f"http://127.0.0.1:{identity_port}"
        self.root = f"{self.url}/0" if runtime == "framework" else self.url
        self.odata = f"{self.root}/odata"
        self.client_id, self.client_secret = CREATIO_CLIENT, CREATIO_SECRET
        self.process: subprocess.Popen[bytes]
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def start(self) -> None:
        """Its process, until it answers."""
        with contextlib.ExitStack() as stack:
            out: Any = subprocess.DEVNULL
            if self.log is not None:
                out = stack.enter_context(self.log.open("ab"))
            self.process = subprocess.Popen(
                [sys.executable, "-m", "creatio_sandbox.cli", "serve",
                 "--port", str(self.port),
                 "--identity-port", self.identity_url.rpartition(":")[2],
                 "--runtime", self.runtime, *self.arguments],
                env={**os.environ, "CREATIO_SANDBOX_DIES_WITH_PARENT": "1"},
                stdout=out, stderr=out,
            )  # fmt: skip
        wait_until(lambda: _answers(self), seconds=30, what="the Creatio")

    def kill(self) -> None:
        """kill -9; with a state file a start remembers."""
        self.process.kill()
        self.process.wait()

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One control call."""
        answer = self.http.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def reset(self) -> None:
        """As at the start: no leads, no tokens, no faults."""
        self.control("POST", "reset", {})

    def fault(self, endpoint: str, kind: str, **more: object) -> None:
        """This fault, and no other."""
        self.control("PUT", "faults", [{"endpoint": endpoint, "kind": kind, **more}])

    def no_faults(self) -> None:
        """Nothing goes wrong any more."""
        self.control("PUT", "faults", [])

    def switch(self, **wanted: object) -> None:
        """Behave otherwise where Creatio's behaviour is unknown or varies."""
        self.control("PUT", "switches", wanted)

    def change_client(self, client_id: str = CREATIO_CLIENT, **change: object) -> None:
        """Another secret, switched off or on, another lifetime of its tokens."""
        self.control("PUT", f"clients/{client_id}", change)

    def expire_tokens(self) -> None:
        """Every token that is out is good no more."""
        self.control("DELETE", "tokens", {})

    def advance(self, seconds: float) -> None:
        """Time goes by at the instance."""
        self.control("PUT", "clock", {"advance_s": seconds})

    def token(self, client_id: str = CREATIO_CLIENT) -> str:
        """A token without its secret."""
        made = self.control("POST", "tokens", {"client_id": client_id})
        return str(made["access_token"])

    def headers(self, client_id: str = CREATIO_CLIENT) -> dict[str, str]:
        """The headers of a call with a token."""
        return {
            "Authorization": f"Bearer {self.token(client_id)}",
            "Accept": "application/json",
            "Content-Type": "application/json; charset=utf-8; IEEE754Compatible=true",
        }

    def calls(self, part: str = "") -> list[dict[str, Any]]:
        """The calls so far whose path has this part."""
        rows: list[dict[str, Any]] = self.control("GET", "log")
        return [row for row in rows if part in row["path"]]

    def truth(self, name: str = "Lead") -> dict[str, Any]:
        """Number, digest and ids of what is there."""
        told: dict[str, Any] = self.control("GET", f"truth?set={name}&ids=1")
        return told

    def records(self, name: str = "Lead") -> dict[str, dict[str, Any]]:
        """What is there, by id."""
        told = self.control("GET", f"truth?set={name}&full=1")
        return {row["Id"]: row for row in told["records"]}

    def put(self, name: str, record_id: str, **values: object) -> None:
        """Somebody at the instance makes or changes a record by hand."""
        self.control("PUT", f"records/{name}/{record_id}", values)

    def delete(self, name: str, record_id: str) -> None:
        """Somebody at the instance deletes a record."""
        self.control("DELETE", f"records/{name}/{record_id}")


@contextlib.contextmanager
def running_creatio(
    *arguments: str, runtime: str = "framework", log: Path | None = None
) -> Iterator[Creatio]:
    """A stand-in on free ports for the length of the block."""
    creatio = Creatio(free_port(), free_port(), runtime)
    creatio.arguments, creatio.log = arguments, log
    try:
        creatio.start()
        yield creatio
    finally:
        creatio.http.close()
        creatio.process.terminate()
        creatio.process.wait(timeout=10)


def _answers(creatio: Creatio) -> bool:
    try:
        identity = f"{creatio.identity_url}/.well-known/openid-configuration"
        return (
            creatio.http.get("/_sandbox/world").status_code == 200
            and creatio.http.get(identity).status_code == 200
        )
    except httpx.HTTPError:
        return False
