from collections.abc import Iterator

import pytest

from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.creatio.tests.builders import connect_to, make_site
from tests.support.creatio import Creatio, running_creatio


@pytest.fixture(scope="session")
def _creatio_process() -> Iterator[Creatio]:
    with running_creatio() as creatio:
        yield creatio


@pytest.fixture
def creatio(_creatio_process: Creatio) -> Creatio:
    """The local Creatio, as new."""
    _creatio_process.reset()
    return _creatio_process


@pytest.fixture
def connector(db: None, creatio: Creatio) -> Iterator[CreatioConnector]:
    """A connector to it."""
    made = connect_to(creatio, make_site())
    yield made
    made.close()
