"""For every test: no network beyond this machine; LinkedIn and Creatio on request."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.support.creatio import Creatio, running_creatio
from tests.support.sandbox import Sandbox, running_sandbox

# A busy machine is no fault of the code.
settings.register_profile("leadferry", deadline=None)
settings.load_profile("leadferry")


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise AssertionError(f"A test tried to reach {host}.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox_process: Sandbox) -> Sandbox:
    """The local LinkedIn, as new."""
    _sandbox_process.reset()
    return _sandbox_process


@pytest.fixture(scope="session")
def _creatio_process() -> Iterator[Creatio]:
    with running_creatio() as creatio:
        yield creatio


@pytest.fixture
def creatio(_creatio_process: Creatio) -> Creatio:
    """The local Creatio, as new."""
    _creatio_process.reset()
    return _creatio_process
