"""To LinkedIn and back, and every way in which that goes wrong."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from leadferry.integrations.models import LinkedInApplication, LinkedInUser, SignIn
from leadferry.integrations.sign_in import (
    LateReturn,
    RepeatedReturn,
    UnknownReturn,
    begin_sign_in,
    come_back,
    finish_sign_in,
)
from leadferry.integrations.tests.builders import make_application, make_user
from leadferry.kit import clock
from tests.support.instance import sign_in_at_linkedin
from tests.support.sandbox import CLIENT_ID, Sandbox

pytestmark = pytest.mark.django_db

Fault = SignIn.Fault


@pytest.fixture(autouse=True)
def _application(settings: Settings, sandbox: Sandbox) -> None:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    uris = {"redirect_uris": [redirect_of(sandbox)]}
    sandbox.control("PUT", f"apps/{CLIENT_ID}", uris)


def redirect_of(sandbox: Sandbox) -> str:
    return f"{sandbox.url}/v2/landing"


def returned(
    sandbox: Sandbox, member: str = "ada", expected: LinkedInUser | None = None
) -> SignIn:
    """A member came back; the worker has not asked for the token yet."""
    _begun, address = begin_sign_in(
        redirect_uri=redirect_of(sandbox), expected=expected
    )
    landed = sign_in_at_linkedin(address, member).url.params
    return back(landed["state"], code=landed.get("code", ""))


def back(state: str, *, code: str = "", error: str = "", text: str = "") -> SignIn:
    return come_back(state=state, code=code, error=error, description=text)


def finished(sign_in: SignIn) -> SignIn:
    finish_sign_in(sign_in)
    sign_in.refresh_from_db()
    assert sign_in.finished_at is not None
    assert sign_in.code == ""
    return sign_in


@pytest.mark.req("R054", "R055", "R012")
def test_signing_in_twice_makes_one_user(sandbox: Sandbox) -> None:
    for _time in range(2):
        done = finished(returned(sandbox))
        assert (done.fault, done.problem) == ("", "")
    user = LinkedInUser.objects.get()
    assert (user.name, user.state) == ("Ada Example", "active")
    assert user.refresh_token.startswith("AQW")


def test_a_state_that_nobody_gave_out(sandbox: Sandbox) -> None:
    with pytest.raises(UnknownReturn, match="not asked for"):
        back("forged", code="x")
    assert not sandbox.calls("accessToken")


def test_a_state_that_was_used(sandbox: Sandbox) -> None:
    sign_in = returned(sandbox)
    with pytest.raises(RepeatedReturn, match="came before"):
        back(sign_in.state, code="another")
    assert finished(sign_in).user is not None


def test_a_state_that_is_too_old(sandbox: Sandbox) -> None:
    begun, _address = begin_sign_in(redirect_uri=redirect_of(sandbox))
    SignIn.objects.update(started_at=clock.now() - timedelta(minutes=31))
    with pytest.raises(LateReturn, match="half an hour"):
        back(begun.state, code="x")


@pytest.mark.parametrize(
    ("error", "text", "fault", "words"),
    [
        ("user_cancelled_login", "", Fault.LOGIN_CANCELLED, "was cancelled"),
        ("user_cancelled_authorize", "", Fault.CONSENT_REFUSED, "were refused"),
        (
            "unauthorized_scope_error",
            "Scope &quot;r_ads&quot; is not authorized for your application",
            Fault.SCOPE_REFUSED,
            'Scope "r_ads" is not authorized for your application.',
        ),
        ("server_error", "Oops", Fault.OTHER_ERROR, "with an error: Oops"),
        ("", "", Fault.OTHER_ERROR, "with an error"),
    ],
)
def test_a_return_without_a_code_says_why(
    sandbox: Sandbox, error: str, text: str, fault: str, words: str
) -> None:
    begun, _address = begin_sign_in(redirect_uri=redirect_of(sandbox))
    done = back(begun.state, error=error, text=text)
    assert done.finished_at is not None
    assert done.fault == fault
    assert words in done.problem


def test_a_code_that_was_used_elsewhere(sandbox: Sandbox) -> None:
    first = returned(sandbox)
    code = first.code
    finished(first)
    begun, _address = begin_sign_in(redirect_uri=redirect_of(sandbox))
    assert finished(back(begun.state, code=code)).fault == Fault.CODE_REFUSED


def test_a_code_that_is_too_old(sandbox: Sandbox) -> None:
    sign_in = returned(sandbox)
    sandbox.control("PUT", "clock", {"advance_s": 1801})
    done = finished(sign_in)
    assert done.fault == Fault.CODE_REFUSED
    assert "too old" in done.problem


def test_a_wrong_secret(sandbox: Sandbox) -> None:
    sign_in = returned(sandbox)
    stored = LinkedInApplication.objects.get()
    stored.client_secret = "another"
    stored.save()
    assert finished(sign_in).fault == Fault.APPLICATION_REFUSED


def test_linkedin_fails_twice_and_then_answers(sandbox: Sandbox) -> None:
    sign_in = returned(sandbox)
    sandbox.fault("accessToken", "503", count=2)
    assert finished(sign_in).user is not None


def test_linkedin_does_not_answer(sandbox: Sandbox) -> None:
    sign_in = returned(sandbox)
    sandbox.fault("accessToken", "503")
    done = finished(sign_in)
    assert (done.user, done.fault) == (None, Fault.UNREACHABLE)


def test_fewer_scopes_than_asked(sandbox: Sandbox) -> None:
    sign_in = returned(sandbox)
    sandbox.fault("accessToken", "fewer-scopes")
    done = finished(sign_in)
    assert done.fault == Fault.FEWER_SCOPES
    assert "r_organization_admin" in done.problem
    assert done.user is not None


def test_another_member_than_the_one_whose_access_is_restored(
    sandbox: Sandbox,
) -> None:
    ada = finished(returned(sandbox)).user
    assert ada is not None
    done = finished(returned(sandbox, "vic", expected=ada))
    assert (done.user, done.fault) == (None, Fault.OTHER_MEMBER)
    assert "Ada Example" in done.problem
    assert LinkedInUser.objects.count() == 1


@pytest.mark.req("D14")
def test_the_same_member_restores_access(sandbox: Sandbox) -> None:
    ada = finished(returned(sandbox)).user
    assert ada is not None
    LinkedInUser.objects.update(state=LinkedInUser.State.REVOKED)
    assert finished(returned(sandbox, expected=ada)).user == ada
    ada.refresh_from_db()
    assert ada.state == LinkedInUser.State.ACTIVE


def test_a_code_is_not_readable_in_the_database(sandbox: Sandbox) -> None:
    sign_in = returned(sandbox)
    stored = SignIn.objects.extra(select={"raw": "code"}).values_list("raw", flat=True)
    assert sign_in.code not in str(stored.get())
    assert make_user(sub="x").pk
