"""`make test` and `make walks`: on SQLite and, where installed, on PostgreSQL.

Without arguments every test but the walks, `walks` these alone: a whole Leadferry in
a browser, or killed, takes minutes. Other arguments are handed on to pytest. The runs
on the two databases go side by side.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import browser, postgres  # noqa: E402 - the path comes first

_ON_POSTGRES = "(django_db or flow) and not once"
_WALKS = "tests/flows"


def say(text: str) -> None:
    """A line for the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _start(
    name: str, folder: Path, arguments: list[str], **variables: str
) -> tuple[str, subprocess.Popen[bytes], Path]:
    data, log = folder / name, folder / f"{name}.log"
    data.mkdir()
    environment = {**os.environ, **variables, "LEADFERRY_DATA": str(data)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-o", "cache_dir=" + str(data),
             f"--basetemp={folder / (name + '-tmp')}", *arguments],
            cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return name, process, log


def _chromium() -> str | None:
    found = browser.find() or browser.install()
    if found is None:
        say("No Chromium was found or could be installed: no browser test can run.")
    return found


def main() -> int:
    """Run the tests; 0 where all passed."""
    started = time.monotonic()
    arguments = sys.argv[1:]
    variables = {}
    if arguments:
        chromium = _chromium()
        if chromium is None:
            return 1
        variables["LEADFERRY_CHROMIUM"] = chromium
    binaries = postgres.find_binaries()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        chosen = _chosen(arguments)
        runs = [_start("sqlite", folder, chosen, **variables)]
        if binaries is None:
            say("PostgreSQL is not installed: the tests run on SQLite only.")
        else:
            url = stack.enter_context(postgres.cluster(binaries, in_a_hurry=True))
            variables["LEADFERRY_DATABASE_URL"] = url
            marked = ["-m", _ON_POSTGRES, *chosen]
            runs.append(_start("postgresql", folder, marked, **variables))
        codes = [_finish(*run) for run in runs]
    say(f"{time.monotonic() - started:.0f} s")
    # 5: nothing was selected, as when one file without a database is named.
    return 0 if all(code in {0, 5} for code in codes) else 1


def _chosen(arguments: list[str]) -> list[str]:
    if not arguments:
        return [f"--ignore={_WALKS}"]
    return [_WALKS] if arguments == ["walks"] else arguments


def _finish(name: str, process: subprocess.Popen[bytes], log: Path) -> int:
    code = process.wait()
    say(f"\n=== {name} ===")
    say(log.read_text(encoding="utf-8", errors="replace"))
    return code


if __name__ == "__main__":
    sys.exit(main())
