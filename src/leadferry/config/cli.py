"""The command `leadferry`."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import date

from leadferry.config import supervisor
from leadferry.config.env import EnvironmentProblem
from leadferry.kit.errors import LeadferryError
from leadferry.kit.processes import die_with_parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what Leadferry can name ends it with its sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadferry.config.settings")
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options) or 0
    except (LeadferryError, EnvironmentProblem) as exc:
        say(str(exc), to_error=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def say(text: str, *, to_error: bool = False) -> None:
    """A line for the person at the terminal."""
    stream = sys.stderr if to_error else sys.stdout
    stream.write(text + "\n")
    stream.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="leadferry", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(run=_COMMANDS[name])
        return command

    serve = add("serve", "Run the web process and a worker.")
    for command in (serve, add("web", "Run the web process alone.")):
        command.add_argument("--host", default="127.0.0.1")
        command.add_argument("--port", type=int, default=8000)
        command.add_argument("--threads", type=int, default=6)
    add("worker", "Run one more worker.")
    add("migrate", "Bring the database to this version's schema.")
    reset = add("reset-password", "Give a user a new random password.")
    reset.add_argument("username")
    _add_connect(add("connect", "Connect LinkedIn: sign in, add ad accounts."))
    _add_sync(add("sync", "Fetch the leads of earlier days."))
    _add_replay(add("replay", "Run stored submissions through a changed mapping."))
    doctor = add("doctor", "Check everything that leads of LinkedIn need.")
    doctor.add_argument("--account", type=int, help="one ad account only")
    doctor.add_argument("--json", action="store_true", help="for a program to read")
    demo = add("demo", "Run everything on this machine, with a local LinkedIn.")
    demo.add_argument("--once", action="store_true", help="end after 200 leads")
    demo.add_argument("--folder", default="demo", help="where the demo is kept")
    return parser


def _add_connect(connect: argparse.ArgumentParser) -> None:
    connect.add_argument("--url", help='"Url to get leads" of this instance')
    connect.add_argument("--client-id")
    connect.add_argument("--client-secret-file", help="a file with the client secret")
    connect.add_argument("--scopes", help="scopes, separated by blanks")
    connect.add_argument("--api-version", help="LinkedIn's version, YYYYMM")
    connect.add_argument(
        "--account", type=int, action="append", help="ad account; several times"
    )
    connect.add_argument(
        "--all", action="store_true", help="every ad account that can be used"
    )


def _add_sync(sync: argparse.ArgumentParser) -> None:
    sync.add_argument("--account", type=int, help="ad account, where there are several")
    sync.add_argument("--form", type=int, help="one form only, by LinkedIn's number")
    sync.add_argument("--from", dest="first", type=_day, help="first day, YYYY-MM-DD")
    sync.add_argument("--to", dest="last", type=_day, help="last day, YYYY-MM-DD")
    sync.add_argument("--no-wait", action="store_true", help="start it and return")
    sync.add_argument("--resume", type=int, metavar="ID", help="go on with a sync")
    sync.add_argument("--cancel", type=int, metavar="ID", help="stop a sync")


def _add_replay(replay: argparse.ArgumentParser) -> None:
    replay.add_argument(
        "--account", type=int, help="ad account, where there are several"
    )
    replay.add_argument(
        "--form", type=int, action="append", help="form, by its number; several times"
    )
    replay.add_argument("--from", dest="first", type=_day, help="first day, YYYY-MM-DD")
    replay.add_argument("--to", dest="last", type=_day, help="last day, YYYY-MM-DD")
    replay.add_argument(
        "--mapping", type=int, metavar="ID", help="a version; else the ones in force"
    )
    replay.add_argument("--no-wait", action="store_true", help="start it and return")
    replay.add_argument("--apply", type=int, metavar="ID", help="write a preview")
    replay.add_argument("--undo", type=int, metavar="ID", help="take a replay back")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError("a day such as 2026-11-26") from exc


def _django() -> None:
    import django  # noqa: PLC0415 - only commands that need it pay for it

    django.setup()


def _serve(options: argparse.Namespace) -> None:
    _django()
    from leadferry.config.setup import prepare_instance  # noqa: PLC0415 - Django first

    password = prepare_instance()
    if password:
        _tell_password(password)
    say(f"Leadferry answers at http://{options.host}:{options.port}/")
    supervisor.serve(host=options.host, port=options.port, threads=options.threads)


def _tell_password(password: str) -> None:
    if sys.stdout.isatty():
        say(f"\n  Sign in as admin with the password {password}")
        say("  It is shown this once only and is changed at the first sign-in.\n")
    else:
        # What is no terminal is kept by somebody: a journal, a file.
        say("The first user is admin. Give it a password with:")
        say("leadferry reset-password admin")


def _web(options: argparse.Namespace) -> None:
    supervisor.run_web(host=options.host, port=options.port, threads=options.threads)


def _worker(options: argparse.Namespace) -> None:
    del options
    if os.environ.get("LEADFERRY_SUPERVISED") == "1":
        die_with_parent()
    _django()
    from leadferry.jobs import worker  # noqa: PLC0415 - Django first

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.run(stop=stop)


def _migrate(options: argparse.Namespace) -> None:
    del options
    _django()
    from leadferry.config.setup import migrate  # noqa: PLC0415 - Django first

    migrate()
    say("The database has the schema of this version.")


def _reset_password(options: argparse.Namespace) -> None:
    _django()
    from leadferry.accounts import services  # noqa: PLC0415 - Django first

    password = services.reset_password(username=options.username)
    say(f"{options.username} signs in with {password} and changes it then.")


def _connect(options: argparse.Namespace) -> None:
    _django()
    from leadferry.config import connect  # noqa: PLC0415 - Django first

    connect.run(options)


def _sync(options: argparse.Namespace) -> int:
    _django()
    from leadferry.config import sync  # noqa: PLC0415 - Django first

    return sync.run(options)


def _replay(options: argparse.Namespace) -> int:
    _django()
    from leadferry.config import replay  # noqa: PLC0415 - Django first

    return replay.run(options)


def _doctor(options: argparse.Namespace) -> int:
    _django()
    from leadferry.config import doctor  # noqa: PLC0415 - Django first

    return doctor.run(options)


def _demo(options: argparse.Namespace) -> int:
    from leadferry.config.demo import run  # noqa: PLC0415 - it needs `say`, too

    return run(folder=options.folder, once=options.once)


_COMMANDS = {
    "serve": _serve,
    "web": _web,
    "worker": _worker,
    "migrate": _migrate,
    "reset-password": _reset_password,
    "connect": _connect,
    "sync": _sync,
    "replay": _replay,
    "doctor": _doctor,
    "demo": _demo,
}

if __name__ == "__main__":
    sys.exit(main())
