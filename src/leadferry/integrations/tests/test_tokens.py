"""Tokens are renewed early and once, and die only of what LinkedIn says."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from leadferry.alerts.models import SystemMessage
from leadferry.integrations import clients, tokens
from leadferry.integrations.models import CallCount, LinkedInApplication, LinkedInUser
from leadferry.integrations.tests.conftest import Time, connected
from leadferry.kit import clock
from leadferry.kit.errors import TemporaryError
from leadferry.linkedin import wire
from leadferry.linkedin.errors import GrantRevoked, TokenDead, oauth_error_for
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")

REFRESH, LOOK = "accessToken", "introspectToken"


def after(time: Time, *, days: float) -> LinkedInUser:
    """The user after a run so many days later."""
    time.pass_by(days=days)
    tokens.look_after_tokens()
    return LinkedInUser.objects.get()


def calls_to(endpoint: str) -> int:
    return sum(
        CallCount.objects.filter(endpoint=endpoint).values_list("calls", flat=True)
    )


def test_a_token_is_renewed_ten_days_before_its_end_and_the_year_stays(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    assert after(time, days=49).access_token == ada.access_token
    renewed = after(time, days=1.1)
    assert renewed.access_token != ada.access_token
    assert renewed.expires_at - clock.now() > timedelta(days=59)
    assert renewed.refresh_expires_at == ada.refresh_expires_at
    with clients.client_of(renewed) as client:
        assert client.userinfo().name == "Ada Example"
    assert after(time, days=0.01) == renewed
    assert len(sandbox.calls(REFRESH)) == calls_to(REFRESH) == 1


def test_trouble_only_waits_longer_and_longer(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    sandbox.fault(REFRESH, "503")
    time.pass_by(days=51)
    waits = []
    for _attempt in range(12):
        tokens.look_after_tokens()
        tokens.look_after_tokens()
        user = LinkedInUser.objects.get()
        waits.append((user.refresh_due_at - clock.now_ms()) // 1000)
        time.pass_by(seconds=waits[-1] + 1)
    assert user.state == "active"
    assert waits[:3] == pytest.approx([60, 120, 240], abs=2)
    assert waits[-1] <= 12 * 3600
    assert len(sandbox.calls(REFRESH)) == 12
    sandbox.no_faults()
    tokens.look_after_tokens()
    assert LinkedInUser.objects.get().access_token != ada.access_token


def test_what_ended_while_linkedin_was_away_is_renewed_after(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    sandbox.fault("*", "503")
    away = after(time, days=61)
    assert (away.state, away.refresh_attempts) == ("active", 1)
    sandbox.no_faults()
    back = after(time, days=0.01)
    assert back.access_token != ada.access_token
    assert back.expires_at > clock.now()
    assert not SystemMessage.objects.exists()


def test_at_the_end_of_the_year_the_user_is_expired_and_told_once(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    for _step in range(52):
        user = after(time, days=7)
    assert user.state == "active"
    last = tokens.outlooks()[0]
    assert (last.renews_itself, last.expires_at) == (False, user.expires_at)
    ended = after(time, days=2)
    assert (ended.state, SystemMessage.objects.count()) == ("expired", 1)
    assert len(sandbox.calls(REFRESH)) == 6
    after(time, days=10)
    assert SystemMessage.objects.count() == 1
    assert connected(sandbox) == ada
    assert after(time, days=0).state == "active"


def test_a_refusal_at_the_end_is_believed(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    time.pass_by(days=366)
    tokens.renew(ada)
    assert LinkedInUser.objects.get().state == "expired"
    assert sandbox.calls(REFRESH)


def test_a_refusal_before_the_end_is_looked_into(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    # LinkedIn refuses the request, and says that the token lives.
    LinkedInUser.objects.update(refresh_token="mangled")
    alive = after(time, days=51)
    assert (alive.state, alive.refresh_attempts) == ("active", 1)
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    dead = after(time, days=0.01)
    assert dead.state == "revoked"
    assert SystemMessage.objects.get().topic == f"linkedin-user-{ada.pk}"


def test_a_wrong_secret_is_no_end_of_a_token(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    application = LinkedInApplication.objects.get()
    application.client_secret = "changed meanwhile"
    application.save()
    user = after(time, days=51)
    assert (user.state, user.refresh_attempts) == ("active", 1)
    assert sandbox.calls(REFRESH)
    assert ada.access_token == user.access_token


def test_only_a_grant_named_invalid_is_over_at_once() -> None:
    said = oauth_error_for(400, b'{"error": "invalid_grant"}')
    assert isinstance(said, GrantRevoked)
    other = oauth_error_for(400, b'{"error": "invalid_request"}')
    assert not isinstance(other, GrantRevoked)


def test_without_refresh_tokens_the_end_is_told_and_a_sign_in_mends_it(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    sandbox.switch(refresh_tokens="off")
    user = connected(sandbox)
    outlook = tokens.outlooks()[0]
    assert (outlook.renews_itself, outlook.refresh_expires_at) == (False, None)
    assert after(time, days=59).state == "active"
    assert not SystemMessage.objects.exists()
    assert after(time, days=2).state == "expired"
    assert SystemMessage.objects.get().topic == f"linkedin-user-{user.pk}"
    assert not sandbox.calls(REFRESH)
    connected(sandbox)
    assert after(time, days=0).state == "active"
    assert ada == user


def test_a_revoked_token_is_noticed_within_a_day(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    assert after(time, days=0.5).state == "active"
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    assert after(time, days=0.4).state == "active"
    assert after(time, days=0.7).state == "revoked"
    assert len(sandbox.calls(LOOK)) == calls_to(LOOK) == 2
    after(time, days=3)
    assert len(sandbox.calls(LOOK)) == 2
    assert SystemMessage.objects.get().topic == f"linkedin-user-{ada.pk}"


def test_a_look_that_fails_says_nothing_and_comes_again(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    sandbox.fault(LOOK, "503")
    assert after(time, days=1).state == "active"
    sandbox.no_faults()
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    assert after(time, days=0.05).state == "revoked"
    assert ada.state == "active"


def test_a_fresh_token_is_not_believed_to_be_revoked(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    renewed = after(time, days=51)
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    with pytest.raises(TemporaryError):
        clients.note_dead_token(renewed, TokenDead("x", reason="revoked"))
    LinkedInUser.objects.update(look_due_at=0)
    assert after(time, days=0).state == "active"
    assert after(time, days=0.05).state == "revoked"
    assert ada.pk == renewed.pk


def test_a_token_said_to_be_expired_is_renewed_first(
    ada: LinkedInUser, time: Time
) -> None:
    time.pass_by(days=5)
    with pytest.raises(TemporaryError, match="new token"):
        clients.note_dead_token(ada, TokenDead("x", reason="expired"))
    renewed = after(time, days=0)
    assert renewed.state == "active"
    assert renewed.access_token != ada.access_token
    assert not SystemMessage.objects.exists()


@pytest.mark.parametrize(
    "text", ["r_ads,openid", "r_ads openid", "r_ads+openid", "r_ads%20openid",
             "r_ads%2Copenid", "r_ads, openid"],
)  # fmt: skip
def test_scopes_come_in_any_form(text: str) -> None:
    token = wire.TokenAnswer(access_token="x", expires_in=1, scope=text)
    assert token.scopes == ["r_ads", "openid"]


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_two_who_renew_at_once_ask_once_and_both_have_the_new_token(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    time.pass_by(days=51)
    sandbox.fault(REFRESH, "latency", latency_ms=400)
    together = threading.Barrier(3)
    got: list[str] = []

    def work() -> None:
        mine = LinkedInUser.objects.get()
        together.wait()
        got.append(tokens.renew(mine).access_token)
        connection.close()

    threads = [threading.Thread(target=work) for _process in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sandbox.calls(REFRESH)) == 1
    assert got == [LinkedInUser.objects.get().access_token] * 3
    assert got[0] != ada.access_token


def test_a_refresher_that_died_is_followed_by_another(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    time.pass_by(days=51)
    # It claimed the user, and was killed before it asked.
    LinkedInUser.objects.update(refresh_due_at=clock.now_ms() + 120_000)
    tokens.look_after_tokens()
    assert not sandbox.calls(REFRESH)
    assert after(time, days=0.002).access_token != ada.access_token
