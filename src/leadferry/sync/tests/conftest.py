import pytest
from pytest_django.fixtures import Settings

from leadferry.ingest.tests.conftest import _nothing_compiled
from leadferry.integrations.models import Integration
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from tests.support.sandbox import Sandbox

__all__ = ["_nothing_compiled"]


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    """An integration of the ad account EMEA at the local LinkedIn."""
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    return make_integration(make_user(sandbox.token(), age_s=3600))
