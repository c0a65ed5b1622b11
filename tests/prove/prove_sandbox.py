"""The local LinkedIn under load, bad luck and clients that others wrote."""

import secrets
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.test_random_requests import ask_at_random
from tests.support.api import account_union
from tests.support.sandbox import APAC, CLIENT_ID, EMEA, Sandbox, running_sandbox

SCRIPTS = Path(__file__).parent / "clients"
COUNT = 100_000


def test_ten_thousand_random_requests(sandbox: Sandbox) -> None:
    seed = secrets.randbelow(10**6)
    sys.stdout.write(f"seed {seed}\n")
    share = ask_at_random(sandbox, number=10_000, seed=seed)
    sys.stdout.write(f"{share:.1%} reached a handler\n")
    assert share >= 0.6


@pytest.fixture
def large() -> Iterator[Sandbox]:
    with running_sandbox(
        "--leads",
        str(COUNT),
        "--short-pages",
        "on",
        "--throttle",
        "transient",
        "--fault",
        "leadFormResponses=429:0.1",
        "--latency-ms",
        "20",
    ) as running:
        yield running


def test_a_hundred_thousand_leads_in_ten_lines(large: Sandbox) -> None:
    token = large.token()
    ids: list[str] = []
    # From here on: a reader as short as it can be.
    headers = {"Authorization": f"Bearer {token}", "LinkedIn-Version": "202609"}
    headers["X-Restli-Protocol-Version"] = "2.0.0"
    for account in (EMEA, APAC):
        query = f"q=owner&owner={account_union(account)}&leadType=(leadType:SPONSORED)"
        address = f"{large.url}/rest/leadFormResponses?{query}&fields=id&count=1000"
        start = len(ids)
        while True:
            answer = httpx.get(
                f"{address}&start={len(ids) - start}", headers=headers, trust_env=False
            )
            if answer.status_code == 200:
                if not (page := answer.json()["elements"]):
                    break
                ids += [row["id"] for row in page]
    truth = large.truth(ids="1")
    assert len(ids) == len(set(ids)) == truth["count"] == COUNT
    assert sorted(ids) == truth["ids"]


def in_an_environment_of_its_own(
    folder: Path, packages: list[str], script: str, *arguments: str
) -> str:
    """What a script says that knows these packages and nothing of ours."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    said = subprocess.run(
        [python, "-I", SCRIPTS / script, *arguments],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return said.stdout


def test_toolsconnector_reads_every_lead(sandbox: Sandbox, tmp_path: Path) -> None:
    ids = sandbox.submit(count=250)
    said = in_an_environment_of_its_own(
        tmp_path / "own", ["toolsconnector==0.3.25"], "with_toolsconnector.py",
        sandbox.url, sandbox.token(), f"urn:li:sponsoredAccount:{EMEA}",
    )  # fmt: skip
    lines = said.split()
    assert sorted(lines[1:]) == sorted(ids)
    # Every lead with its e-mail address, found by the form's questions.
    assert lines[0] == "250"


def test_authlib_signs_in_and_refreshes(sandbox: Sandbox, tmp_path: Path) -> None:
    redirect = "http://127.0.0.1:8000/linkedin/return"
    said = in_an_environment_of_its_own(
        tmp_path / "own", ["Authlib==1.9.10", "httpx"], "with_authlib.py",
        sandbox.url, CLIENT_ID, redirect,
    )  # fmt: skip
    assert said.split() == ["Ada", "Example", "aDa1ExAmPl", "refreshed", "active"]
