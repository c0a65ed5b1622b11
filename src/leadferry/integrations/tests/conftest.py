from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations.models import LinkedInUser
from leadferry.integrations.tests.builders import make_application
from leadferry.kit import clock
from tests.support.sandbox import Sandbox

DAY_S = 86_400


class Time:
    """Virtual time, ours and LinkedIn's together."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.offset = 0

    def pass_by(self, *, days: float = 0, seconds: float = 0) -> None:
        """So much time passes."""
        whole = days * DAY_S + seconds
        self.offset += int(whole * 1000)
        self._sandbox.control("PUT", "clock", {"advance_s": whole})


@pytest.fixture
def time(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Time:
    passing = Time(sandbox)
    real: Callable[[], int] = clock.now_ms
    monkeypatch.setattr(clock, "now_ms", lambda: real() + passing.offset)
    return passing


@pytest.fixture
def ada(settings: Settings, sandbox: Sandbox) -> LinkedInUser:
    """A user who just consented at the local LinkedIn, and somebody to be told."""
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    person("mia", accounts.MARKETERS)
    return connected(sandbox)


def connected(sandbox: Sandbox, member: str = "ada") -> LinkedInUser:
    """As after a sign-in, without the pages."""
    answer = sandbox.control("POST", "tokens", {"member": member})
    now = clock.now()
    left = answer.get("refresh_token_expires_in")
    user, _made = LinkedInUser.objects.update_or_create(
        sub=member,
        defaults={
            "name": member.title(),
            "state": LinkedInUser.State.ACTIVE,
            "access_token": answer["access_token"],
            "refresh_token": answer.get("refresh_token", ""),
            "token_issued_at": now,
            "expires_at": now + timedelta(seconds=answer["expires_in"]),
            "refresh_expires_at": now + timedelta(seconds=left) if left else None,
            "refresh_due_at": 0,
            "refresh_attempts": 0,
            "connected_at": now,
        },
    )
    return user
