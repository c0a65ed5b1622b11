"""The demonstration, as a newcomer runs it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.waiting import wait_until


def command(folder: Path, *arguments: str) -> list[str]:
    return [
        sys.executable, "-m", "leadferry.config.cli", "demo", "--folder", str(folder),
        *arguments,
    ]  # fmt: skip


def test_two_hundred_leads_once_each(tmp_path: Path) -> None:
    said = subprocess.run(
        command(tmp_path, "--once"),
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    result = json.loads(said.stdout)
    assert (result["submitted"], result["registered"], result["duplicates"]) == (
        200, 200, 0,
    )  # fmt: skip


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """A demonstration that greets; yields what it said."""
    out = folder / "said"
    with out.open("wb") as said:
        process = subprocess.Popen(
            command(folder / "demo"), stdout=said, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        wait_until(
            lambda: "Ctrl-C" in out.read_text() or process.poll() is not None,
            seconds=90,
            what="the greeting",
        )
        yield out.read_text(encoding="utf-8")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def address_of(name: str, said: str) -> str:
    found = re.search(rf"{name}\s+(http://\S+)/", said)
    assert found is not None, said
    return found[1]


@pytest.mark.req("R055", "R057")
def test_stopped_and_started_again_it_is_still_connected(tmp_path: Path) -> None:
    with running(tmp_path) as said:
        assert "200 of 200 submitted leads" in said
        first = address_of("Leadferry", said)
    with running(tmp_path) as said:
        assert "200 of 200 submitted leads" in said
        assert address_of("Leadferry", said) == first
        linkedin = address_of("LinkedIn", said)
        lead = {"form": "987655"}
        httpx.post(f"{linkedin}/_sandbox/leads", json=lead, trust_env=False)
        password = (tmp_path / "demo" / "password").read_text(encoding="ascii")
        wait_until(
            lambda: "201 leads" in _list_of_leads(first, password),
            seconds=20,
            what="one more lead",
        )


def _list_of_leads(web: str, password: str) -> str:
    with httpx.Client(base_url=web, trust_env=False, follow_redirects=True) as person:
        person.get("/sign-in")
        form = {
            "csrfmiddlewaretoken": person.cookies["leadferry_csrf"],
            "username": "admin", "password": password, "next": "",
        }  # fmt: skip
        return person.post("/sign-in", data=form).text
