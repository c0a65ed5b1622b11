"""`leadferry doctor` in a terminal."""

import json

import pytest
from pytest_django.fixtures import Settings

from leadferry.accounts import settings as system_settings
from leadferry.config import cli
from leadferry.integrations import services
from leadferry.integrations.models import Finding, Integration, LinkedInUser
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("B8")]


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    """Reached by a member who lacks every role on the page."""
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    services.save_url("http://127.0.0.1:1", by=None)
    return make_integration(make_user(sandbox.token("vic")))


def test_the_terminal_ends_with_1_where_something_is_wrong(
    integration: Integration, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    checks = {row["check"]: row for row in told["integrations"][0]["checks"]}
    assert checks["page-role"]["state"] == "broken"
    assert checks["page-role"]["who"] == "A Super admin of the company page"
    assert cli.main(["doctor"]) == 1
    assert " X  Role on the company page:" in capsys.readouterr().out
    Finding.objects.all().delete()
    LinkedInUser.objects.all().delete()
    Integration.objects.all().delete()
    assert cli.main(["doctor"]) == 1
    assert "No ad account is connected yet" in capsys.readouterr().err


def test_the_terminal_ends_with_0_where_everything_works(
    integration: Integration, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    user = LinkedInUser.objects.get()
    user.access_token = sandbox.token("ada")
    user.save()
    system_settings.write(system_settings.URL_TO_GET_LEADS, "", by=None)
    assert cli.main(["doctor", "--account", "512345678"]) == 0
    told = capsys.readouterr().out
    assert "leads come by polling" in told
