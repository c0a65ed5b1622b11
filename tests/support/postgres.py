"""A private PostgreSQL cluster for one test run, where PostgreSQL is installed."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.ports import free_port

_PLACES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")


def find_binaries() -> Path | None:
    """The folder of initdb and postgres, or none where it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for place in _PLACES:
        for candidate in sorted(Path(place).glob("*/bin/initdb"), reverse=True):
            return candidate.parent
    return None


def _user() -> str | None:
    # The server refuses to run as root.
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


# Nothing waits for the disk: it outlives a kill of ours, not of the machine.
_IN_A_HURRY = " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@contextlib.contextmanager
def cluster(binaries: Path, *, in_a_hurry: bool = False) -> Iterator[str]:
    """A cluster on a free loopback port; yields the address of a database in it."""
    folder = Path(tempfile.mkdtemp(prefix="leadferry-pg-"))
    user = _user()
    if user is not None:
        shutil.chown(folder, user)
    port = free_port()
    _initialise(binaries, folder, user)
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    )
    if in_a_hurry:
        options += _IN_A_HURRY
    control: list[str | Path] = [binaries / "pg_ctl", "-D", folder / "data", "-w"]
    log = folder / "log"
    _run([*control, "-l", log, "-o", options, "start"], user)
    try:
        yield f"postgresql://leadferry:leadferry@127.0.0.1:{port}/postgres"
    finally:
        _run([*control, "-m", "immediate", "stop"], user)
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(binaries: Path, folder: Path, user: str | None) -> None:
    password = folder / "password"
    password.write_text("leadferry\n", encoding="ascii")
    if user is not None:
        shutil.chown(password, user)
    _run(
        [
            binaries / "initdb", "-D", folder / "data", "-U", "leadferry",
            "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8",
            "--locale=C.UTF-8",
        ],
        user,
    )  # fmt: skip


def _run(command: list[str | Path], user: str | None) -> None:
    subprocess.run(
        [str(part) for part in command],
        check=True,
        stdout=subprocess.DEVNULL,
        user=user,
        # Not every folder of this run is open to the other user.
        cwd="/",
    )
