import logging
import socket
import sys

import pytest

from leadferry.config import env, supervisor
from leadferry.config.env import EnvironmentProblem
from leadferry.config.logs import LineFormatter
from leadferry.config.supervisor import Child
from leadferry.kit.errors import SetupError


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("LEADFERRY_DATABASE_URL", "mysql://x/y", env.postgres),
        ("LEADFERRY_DATABASE_URL", "postgresql://host", env.postgres),
        ("LEADFERRY_HTTPS", "yes", env.https_only),
        ("LEADFERRY_LOG_LEVEL", "LOUD", env.log_level),
        ("LEADFERRY_METRICS_TOKEN", "short", env.metrics_token),
        ("LEADFERRY_LINKEDIN_API", "api.linkedin.com", env.linkedin_api),
    ],
)
def test_a_bad_value_stops_the_start_with_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: object
) -> None:
    monkeypatch.setenv(name, value)
    assert callable(read)
    with pytest.raises(EnvironmentProblem, match=name):
        read()


def test_an_address_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://user:p%40ss@db.example.com:5433/leads"
    monkeypatch.setenv("LEADFERRY_DATABASE_URL", url)
    found = env.postgres()
    assert found is not None
    assert (found.host, found.port, found.name) == ("db.example.com", 5433, "leads")
    assert found.password == "p@ss"
    assert "p%40ss" in found.url


def formatted(error: BaseException) -> str:
    try:
        raise error
    except type(error):
        record = logging.LogRecord(
            "leadferry.x", logging.ERROR, "f", 1, "failed", None, sys.exc_info()
        )
    return LineFormatter().format(record)


def test_a_foreign_message_stays_out_of_the_log() -> None:
    line = formatted(ValueError("duplicate key (email)=(ada@example.com)"))
    assert "ValueError" in line
    assert "ada@example.com" not in line
    assert "Our own sentence." in formatted(SetupError("Our own sentence."))


def test_ids_follow_the_message() -> None:
    record = logging.makeLogRecord({"msg": "notices wait", "account": 5})
    assert LineFormatter().format(record).endswith('notices wait {"account": 5}')


def test_a_child_that_ends_is_started_again_after_a_pause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    child = Child("short", [sys.executable, "-c", "raise SystemExit(3)"])
    child.mind()
    assert child._process is not None
    child._process.wait()
    child.mind()
    assert child._process is None, "the pause was left out"
    assert "will be started again" in caplog.text
    child._not_before = 0.0
    child.mind()
    assert child._process is not None
    child.ask_to_stop()
    child.wait(seconds=5)


def test_a_port_of_somebody_else_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_PORT_SECONDS", 0.0)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SetupError, match=f"Port {port} is in use"):
            supervisor.serve(host="127.0.0.1", port=port, threads=1)
