"""For the tests of the contract with LinkedIn."""

from collections.abc import Iterator

import pytest

from tests.support.api import Api
from tests.support.sandbox import Sandbox
from tests.support.webhook import Webhook, running_webhook


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    """Ada, with every scope of the default application."""
    return Api(sandbox)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """An address that LinkedIn can notify."""
    with running_webhook() as running:
        yield running
