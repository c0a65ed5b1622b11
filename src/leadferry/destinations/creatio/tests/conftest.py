from collections.abc import Iterator

import pytest

from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.creatio.tests.builders import connect_to, make_site
from tests.support.creatio import Creatio


@pytest.fixture
def connector(db: None, creatio: Creatio) -> Iterator[CreatioConnector]:
    """A connector to it."""
    made = connect_to(creatio, make_site())
    yield made
    made.close()
