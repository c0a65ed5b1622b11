from collections.abc import Iterator

import pytest

from tests.support.receiver import Receiver, running_receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A system that takes leads."""
    with running_receiver() as running:
        yield running
