"""A whole instance beside a local LinkedIn of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Instance, running_instance
from tests.support.sandbox import Sandbox, running_sandbox


@pytest.fixture
def linkedin(tmp_path: Path) -> Iterator[Sandbox]:
    """A local LinkedIn that remembers nothing."""
    with running_sandbox(log=tmp_path / "linkedin.log") as running:
        yield running


@pytest.fixture
def instance(tmp_path: Path, linkedin: Sandbox) -> Iterator[Instance]:
    """A connected Leadferry."""
    with running_instance(tmp_path, linkedin) as running:
        yield running
