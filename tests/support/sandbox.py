"""The local LinkedIn in a process of its own, and its control calls."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.support.ports import free_port
from tests.support.waiting import wait_until

CLIENT_ID = "demo-client"
CLIENT_SECRET = "demo-secret"
WEBINAR, DEMO, WHITE_PAPER, NEWSLETTER = (
    "987654", "987655", "6955637458260688897", "987700",
)  # fmt: skip
EMEA, APAC = 512345678, 512345679


class Sandbox:
    """A running sandbox."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One control call."""
        answer = self.http.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def reset(self) -> None:
        """As at the start: no leads, no tokens, no faults."""
        self.control("POST", "reset", {})

    def token(self, member: str = "ada", scopes: Sequence[str] | None = None) -> str:
        """A token without the pages."""
        body = {"member": member, **({"scopes": list(scopes)} if scopes else {})}
        return str(self.control("POST", "tokens", body)["access_token"])

    def submit(self, form: str = WEBINAR, **more: object) -> list[str]:
        """People submit a form; the ids of their leads."""
        ids: list[str] = self.control("POST", "leads", {"form": form, **more})["ids"]
        return ids

    def fault(self, endpoint: str, kind: str, **more: object) -> None:
        """This fault, and no other."""
        self.control("PUT", "faults", [{"endpoint": endpoint, "kind": kind, **more}])

    def switch(self, **wanted: object) -> None:
        """Behave otherwise where LinkedIn's behaviour is unknown or varies."""
        self.control("PUT", "switches", wanted)

    def no_faults(self) -> None:
        """Nothing goes wrong any more."""
        self.control("PUT", "faults", [])

    def calls(self, part: str = "") -> list[dict[str, Any]]:
        """The calls of the API so far whose path has this part."""
        rows: list[dict[str, Any]] = self.control("GET", "log")
        return [row for row in rows if part in row["path"]]

    def truth(self, **parameters: str) -> dict[str, Any]:
        """What a reader should have."""
        query = httpx.QueryParams(parameters)
        told: dict[str, Any] = self.control("GET", f"truth?{query}")
        return told


def allow_at_linkedin(address: str, member: str = "ada") -> str:
    """Go through LinkedIn's pages as this member; the address that leads back."""
    with httpx.Client(timeout=30, trust_env=False) as browser:
        browser.get(address)
        browser.post(address, data={"step": "sign-in", "member": member})
        allowed = browser.post(address, data={"step": "allow"})
        return allowed.headers["location"]


@contextlib.contextmanager
def running_sandbox(*arguments: str, log: Path | None = None) -> Iterator[Sandbox]:
    """A sandbox on a free port for the length of the block."""
    sandbox = Sandbox(free_port())
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
        process = subprocess.Popen(
            [sys.executable, "-m", "linkedin_sandbox.cli", "serve",
             "--port", str(sandbox.port), *arguments],
            env={**os.environ, "LINKEDIN_SANDBOX_DIES_WITH_PARENT": "1"},
            stdout=out, stderr=out,
        )  # fmt: skip
        try:
            wait_until(lambda: _answers(sandbox), seconds=30, what="the sandbox")
            yield sandbox
        finally:
            sandbox.http.close()
            process.terminate()
            process.wait(timeout=10)


def _answers(sandbox: Sandbox) -> bool:
    try:
        return sandbox.http.get("/_sandbox/world").status_code == 200
    except httpx.HTTPError:
        return False
