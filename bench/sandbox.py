"""The local LinkedIn: leads a second with their form, measured with wrk."""

import re
import shutil
import subprocess
import sys
import time

import httpx
import msgspec

from bench.figure import Figure, tell
from leadferry.linkedin.client import RESPONSE_FIELDS_WITH_FORM
from linkedin_sandbox.history import History
from linkedin_sandbox.restli import read_fields
from linkedin_sandbox.wire import Writer
from linkedin_sandbox.world import Owner, load
from tests.support.api import Api, account_union
from tests.support.ports import free_port
from tests.support.sandbox import EMEA, running_sandbox

LEADS, PAGE, SECONDS = 1_000_000, 500, 8
# The form of eight questions.
_FORM = 987654
_FORM_URN = (
    "urn%3Ali%3AversionedLeadGenForm%3A%28urn%3Ali%3AleadGenForm%3A987654%2C3%29"
)


def main() -> None:
    """Start it with a million leads, then read as fast as it goes."""
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.stderr.write("wrk is not installed: the local LinkedIn is not measured.\n")
        return
    started_in = _start_seconds()
    with running_sandbox("--leads", str(LEADS)) as sandbox:
        api = Api(sandbox)
        query = (
            f"q=owner&owner={account_union()}&leadType=(leadType:SPONSORED)"
            f"&versionedLeadGenFormUrn={_FORM_URN}"
            f"&fields={RESPONSE_FIELDS_WITH_FORM}&start=5000&count={PAGE}"
        )
        address = f"{sandbox.url}/rest/leadFormResponses?{query}"
        page = httpx.get(address, headers=api.headers, trust_env=False).json()
        first = page["elements"][0]
        assert len(page["elements"]) == PAGE
        assert len(first["form"]["content"]["questions"]) == 8
        headers = [f"-H{name}: {value}" for name, value in api.headers.items()]
        said = subprocess.run(
            [wrk, "-t1", "-c2", f"-d{SECONDS}", *headers, address],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    assert "Non-2xx" not in said
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found is not None
    bare = _bare()
    tell(
        Figure(
            name="local LinkedIn, leads with a form of 8", unit="leads/s",
            value=float(found[1]) * PAGE, budget=25_000,
            bare=bare, bare_name="made and encoded, no HTTP",
        )
    )  # fmt: skip
    tell(
        Figure(
            name="local LinkedIn, start", unit="s", value=started_in,
            budget=1, lower_is_better=True,
            bare=_python_seconds(), bare_name="python -c pass",
        )
    )  # fmt: skip


def _start_seconds() -> float:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "linkedin_sandbox.cli",
        "serve",
        "--port",
        str(port),
    ]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--leads", str(LEADS)], stdout=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/_sandbox/world", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.005)
            else:
                return time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


def _python_seconds() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started


def _bare() -> float:
    """The same pages without a server: leads made by formula and encoded."""
    world = load(None)
    versions = {form.id: form.version for form in world.forms.values()}
    history = History(world, LEADS, 1_793_000_000_000, versions)
    row = history.of_owner(Owner("sponsoredAccount", EMEA), _FORM, 0, 2**53)
    fields = read_fields(RESPONSE_FIELDS_WITH_FORM)
    started, made = time.perf_counter(), 0
    while time.perf_counter() - started < 2:
        writer = Writer(world, fields)
        msgspec.json.encode([writer.write(lead) for lead in row[5_000 : 5_000 + PAGE]])
        made += PAGE
    return made / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
