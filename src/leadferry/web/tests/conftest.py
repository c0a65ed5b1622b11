from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest.tests.conftest import _nothing_compiled
from leadferry.jobs.registry import Argument, Task

__all__ = ["_nothing_compiled"]


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    call_command("collectstatic", interactive=False, verbosity=0, stdout=StringIO())


@pytest.fixture
def mia(client: Client) -> Client:
    """A marketer at the pages."""
    client.force_login(person("mia", accounts.MARKETERS))
    return client


@pytest.fixture
def worker_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kicked is done at once: a test's own transaction refuses kicks."""

    def run(task: Task, *arguments: Argument, key: str | None = None) -> bool:
        del key
        task(*arguments)
        return True

    for place in (
        "jobs.inquiries", "web.social.views", "web.social.removal",
        "web.linkedin.views",
        "web.accounts.views", "web.system.people",
    ):  # fmt: skip
        monkeypatch.setattr(f"leadferry.{place}.kick", run)
