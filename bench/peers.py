"""How long other tools need for the leads of one ad account of the local LinkedIn."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.support.sandbox import EMEA, Sandbox, running_sandbox

LEADS, LATENCY_MS = 3_000, 50
# toolsconnector asks for ten leads at a time unless told, and for a hundred at most.
LARGEST_PAGE = 100
TOOLSCONNECTOR, INGESTR = "toolsconnector==0.3.25", "ingestr==0.14.155"
_CLIENTS = Path(__file__).parent / "clients"
# ingestr and the library below it would report each run to their makers.
_QUIET = {"INGESTR_DISABLE_TELEMETRY": "1", "RUNTIME__DLTHUB_TELEMETRY": "false"}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run of a tool loaded, and its seconds."""

    ids: frozenset[str]
    reading: float
    whole: float


def toolsconnector(
    folder: Path, sandbox: Sandbox, *, account: int, count: int | None = None
) -> tuple[int, float]:
    """Leads loaded and seconds of reading; its own page size unless `count` is given.

    Its environment is made in the folder once, and the leads lie there afterwards.
    """
    run = run_toolsconnector(folder, sandbox, account=account, count=count)
    return len(run.ids), run.reading


def ingestr(folder: Path, sandbox: Sandbox, *, account: int) -> tuple[int, float]:
    """Leads loaded and seconds from reading to the last row in SQLite.

    Its environment is made in the folder once, and the leads lie there afterwards.
    """
    run = run_ingestr(folder, sandbox, account=account)
    return len(run.ids), run.reading


def run_toolsconnector(
    folder: Path, sandbox: Sandbox, *, account: int, count: int | None = None
) -> Run:
    """The leads with their fields resolved, as JSON lines."""
    path = _fresh(folder / "toolsconnector.jsonl")
    reading, whole = _run(
        _python_with(TOOLSCONNECTOR, folder), "with_toolsconnector.py",
        sandbox.url, sandbox.token(), f"urn:li:sponsoredAccount:{account}", str(path),
        *([] if count is None else [str(count)]),
    )  # fmt: skip
    with path.open(encoding="utf-8") as file:
        ids = frozenset(json.loads(line)["id"] for line in file)
    return Run(ids=ids, reading=reading, whole=whole)


def run_ingestr(folder: Path, sandbox: Sandbox, *, account: int) -> Run:
    """The leads as LinkedIn tells them, in a table of SQLite."""
    path = _fresh(folder / "ingestr.sqlite3")
    reading, whole = _run(
        _python_with(INGESTR, folder), "with_ingestr.py",
        sandbox.url, sandbox.token(), str(account), str(path),
    )  # fmt: skip
    with contextlib.closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT id FROM lead_form_responses")
        ids = frozenset(str(row[0]) for row in rows)
    return Run(ids=ids, reading=reading, whole=whole)


def _fresh(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path.resolve()


def _python_with(package: str, folder: Path) -> Path:
    """The interpreter of an environment that has this package and nothing of ours."""
    home = folder.resolve() / package.replace("==", "-")
    python, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True)
        done.touch()
    return python


def _run(python: Path, script: str, *arguments: str) -> tuple[float, float]:
    """The seconds of reading, and of the whole process."""
    with tempfile.TemporaryDirectory() as empty:
        started = time.perf_counter()
        said = subprocess.run(
            [python, "-I", _CLIENTS / script, *arguments],
            cwd=empty,
            env={**os.environ, **_QUIET, "DLT_DATA_DIR": empty, "NO_PROXY": "*"},
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        whole = time.perf_counter() - started
    if said.returncode != 0:
        raise RuntimeError(f"{script} failed.\n{said.stderr}")
    return float(said.stdout.split()[-1]), whole


def _ids(sandbox: Sandbox, account: int) -> frozenset[str]:
    leads = sandbox.truth(full="1")["leads"]
    return frozenset(lead["id"] for lead in leads if lead["account"] == account)


def _line(name: str, run: Run, wanted: frozenset[str]) -> str:
    return (
        f"{name:<36}{len(run.ids) / run.reading:>9,.1f} leads/s"
        f"  {len(run.ids):,} leads in {run.reading:.2f} s of reading"
        f"  ({run.whole - run.reading:.2f} s of start-up and imports,"
        f" {run.whole:.2f} s in all)"
        f"  missing {len(wanted - run.ids)}, unknown {len(run.ids - wanted)}"
    )


def main() -> None:
    """Run both against the same leads; environments stay in the folder named first."""
    with contextlib.ExitStack() as stack:
        folder = (
            Path(sys.argv[1])
            if sys.argv[1:]
            else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        )
        sandbox = stack.enter_context(
            running_sandbox("--leads", str(LEADS), "--latency-ms", str(LATENCY_MS))
        )
        wanted = _ids(sandbox, EMEA)
        run = run_toolsconnector(folder, sandbox, account=EMEA)
        print(_line(TOOLSCONNECTOR, run, wanted), flush=True)
        run = run_toolsconnector(folder, sandbox, account=EMEA, count=LARGEST_PAGE)
        name = f"{TOOLSCONNECTOR}, {LARGEST_PAGE} a page"
        print(_line(name, run, wanted), flush=True)
        run = run_ingestr(folder, sandbox, account=EMEA)
        print(_line(INGESTR, run, wanted), flush=True)


if __name__ == "__main__":
    main()
