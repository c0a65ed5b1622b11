"""`make bench`: every measurement, on SQLite and, where installed, on PostgreSQL.

Names of measurements as arguments run those only.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from bench.figure import Figure
from tests.support import postgres

ONCE = ("engine", "sandbox")
ON_EACH_DATABASE = (
    "register",
    "door",
    "latency",
    "pages",
    "backfill",
    "replay",
    "duplicates",
    "fairness",
    "completeness",
    "creatio",
    "draining",
)


def main() -> int:
    """Run and print; 1 where a budget is missed."""
    chosen = sys.argv[1:] or [*ONCE, *ON_EACH_DATABASE]
    figures: list[Figure] = []
    for name in ONCE:
        if name in chosen:
            figures += _run(name, {})
    wanted = [name for name in ON_EACH_DATABASE if name in chosen]
    for name in wanted:
        figures += _run(name, {"LEADFERRY_DATABASE_URL": ""})
    binaries = postgres.find_binaries()
    if wanted and binaries is None:
        print("PostgreSQL is not installed: measured on SQLite only.")
    elif wanted and binaries is not None:
        for name in wanted:
            # Each in a cluster of its own, so that none finds the other's rows.
            with postgres.cluster(binaries) as url:
                figures += _run(name, {"LEADFERRY_DATABASE_URL": url})
    return 0 if all(figure.met for figure in figures) else 1


def _run(name: str, variables: Mapping[str, str]) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        said = subprocess.run(
            [sys.executable, "-m", f"bench.{name}"],
            env={**os.environ, "LEADFERRY_DATA": folder, **variables},
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    lines = [line for line in said.stdout.splitlines() if line.startswith('{"name"')]
    figures = [Figure(**json.loads(line)) for line in lines]
    for figure in figures:
        print(figure.line(), flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
