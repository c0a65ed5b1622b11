"""Sign-in at the local LinkedIn: codes, tokens, their ends, OpenID."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.api import Api
from tests.support.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    Sandbox,
    allow_at_linkedin,
)

REDIRECT = "http://127.0.0.1:8000/linkedin/return"
SCOPES = (
    "r_marketing_leadgen_automation r_ads r_organization_admin openid profile email"
)
DAY = 24 * 3600
APPLICATION = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def address(sandbox: Sandbox, **more: str) -> str:
    asked = {
        "response_type": "code", "client_id": CLIENT_ID, "state": "s",
        "scope": SCOPES, "redirect_uri": REDIRECT, **more,
    }  # fmt: skip
    return f"{sandbox.url}/oauth/v2/authorization?{urlencode(asked)}"


def came_back_with(location: str) -> dict[str, str]:
    query = parse_qs(urlsplit(location).query)
    return {name: values[0] for name, values in query.items()}


def exchange(sandbox: Sandbox, code: str, **more: str) -> httpx.Response:
    body = {
        "grant_type": "authorization_code", "code": code,
        "redirect_uri": REDIRECT, **APPLICATION, **more,
    }  # fmt: skip
    return sandbox.http.post("/oauth/v2/accessToken", data=body)


def sign_in(sandbox: Sandbox, **more: str) -> dict[str, Any]:
    back = came_back_with(allow_at_linkedin(address(sandbox, **more)))
    assert back["state"] == "s"
    answer = exchange(sandbox, back["code"])
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def refresh(sandbox: Sandbox, token: str, **more: str) -> httpx.Response:
    body = {"grant_type": "refresh_token", "refresh_token": token, **APPLICATION}
    return sandbox.http.post("/oauth/v2/accessToken", data={**body, **more})


def introspect(sandbox: Sandbox, token: str) -> dict[str, Any]:
    body = {**APPLICATION, "token": token}
    told: dict[str, Any] = sandbox.http.post(
        "/oauth/v2/introspectToken", data=body
    ).json()
    return told


def works(sandbox: Sandbox, token: str) -> int:
    """The service code of a refusal, or 0."""
    answer = Api(sandbox, token=token).get("adAccountUsers?q=authenticatedUser")
    return int(answer.json().get("serviceErrorCode", 0))


def advance(sandbox: Sandbox, seconds: int) -> None:
    sandbox.control("PUT", "clock", {"advance_s": seconds})


def test_a_code_is_good_once_and_for_half_an_hour(sandbox: Sandbox) -> None:
    code = came_back_with(allow_at_linkedin(address(sandbox)))["code"]
    assert exchange(sandbox, code).status_code == 200
    again = exchange(sandbox, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    late = came_back_with(allow_at_linkedin(address(sandbox, scope="openid")))["code"]
    advance(sandbox, 31 * 60)
    assert exchange(sandbox, late).json()["error"] == "invalid_redirect_uri"


def test_the_redirect_must_be_registered_and_the_same(sandbox: Sandbox) -> None:
    for wrong in (
        "http://127.0.0.1:8000/other",
        f"{REDIRECT}#part",
        "/linkedin/return",
    ):
        answer = sandbox.http.get(address(sandbox, redirect_uri=wrong))
        assert answer.status_code == 400
        assert "redirect_uri does not match" in answer.text
    with_query = f"{REDIRECT}?tenant=1"
    location = allow_at_linkedin(address(sandbox, redirect_uri=with_query))
    back = came_back_with(location)
    assert back["tenant"] == "1"
    assert exchange(sandbox, back["code"]).json()["error"] == "invalid_redirect_uri"


def test_what_the_authorization_page_refuses(sandbox: Sandbox) -> None:
    assert sandbox.http.get(address(sandbox, client_id="nobody")).status_code == 400
    foreign = sandbox.http.get(address(sandbox, scope="r_ads r_other"))
    back = came_back_with(foreign.headers["location"])
    assert back["error"] == "unauthorized_scope_error"
    assert "Scope &quot;r_other&quot; is not" in back["error_description"]
    for step, error in (
        ("cancel-login", "user_cancelled_login"),
        ("cancel", "user_cancelled_authorize"),
    ):
        answer = sandbox.http.post(address(sandbox), data={"step": step})
        assert came_back_with(answer.headers["location"])["error"] == error


def test_consent_is_asked_once(sandbox: Sandbox) -> None:
    cookie = {"sandbox_member": "ada"}
    with httpx.Client(cookies=cookie, trust_env=False) as browser:
        assert "Allow access" in browser.get(address(sandbox)).text
        sign_in(sandbox)
        assert browser.get(address(sandbox)).status_code == 302
        # Another set of scopes, and an access that was taken back, ask again.
        assert browser.get(address(sandbox, scope="openid r_ads")).status_code == 200
        browser.post(f"{sandbox.url}/permitted-services", data={"client_id": CLIENT_ID})
        assert browser.get(address(sandbox)).status_code == 200


def test_scopes_by_blank_or_comma(sandbox: Sandbox) -> None:
    told = sign_in(sandbox, scope="r_ads,openid")
    assert told["scope"] == "r_ads,openid"


def test_the_scopes_of_an_answer_may_be_separated_by_blanks(sandbox: Sandbox) -> None:
    sandbox.switch(scope_separator="space")
    assert sign_in(sandbox, scope="r_ads openid")["scope"] == "r_ads openid"


def test_every_missing_parameter_is_named(sandbox: Sandbox) -> None:
    whole = {
        "grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT,
        **APPLICATION,
    }  # fmt: skip
    for name in whole:
        body = {key: value for key, value in whole.items() if key != name}
        answer = sandbox.http.post("/oauth/v2/accessToken", data=body)
        assert answer.status_code == 400
        assert f'"{name}" is missing' in answer.json()["error_description"]
    wrong = exchange(sandbox, "x", client_secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


def test_token_parameters_in_the_body_or_in_the_query(sandbox: Sandbox) -> None:
    token = sign_in(sandbox)["refresh_token"]
    asked = {"grant_type": "refresh_token", "refresh_token": token, **APPLICATION}
    by_query = sandbox.http.post("/oauth/v2/accessToken", params=asked)
    by_body = refresh(sandbox, token, scope="ignored")
    assert by_query.status_code == by_body.status_code == 200
    # Access tokens of equal scope live side by side; the refresh token stays.
    for answer in (by_query, by_body):
        assert answer.json()["refresh_token"] == token
        assert answer.json()["token_type"] == "Bearer"
        assert works(sandbox, answer.json()["access_token"]) == 0


def test_tokens_end_after_60_days_and_the_consent_after_365(sandbox: Sandbox) -> None:
    told = sign_in(sandbox)
    assert told["expires_in"] == 60 * DAY
    assert 364 * DAY < told["refresh_token_expires_in"] <= 365 * DAY
    advance(sandbox, 59 * DAY)
    second = refresh(sandbox, told["refresh_token"]).json()
    assert second["refresh_token_expires_in"] <= 306 * DAY
    advance(sandbox, 2 * DAY)
    assert works(sandbox, told["access_token"]) == 65602
    assert introspect(sandbox, told["access_token"])["status"] == "expired"
    assert works(sandbox, second["access_token"]) == 0
    advance(sandbox, 299 * DAY)
    last = refresh(sandbox, told["refresh_token"]).json()
    assert last["expires_in"] <= 5 * DAY
    advance(sandbox, 6 * DAY)
    refused = refresh(sandbox, told["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


def test_there_may_be_no_refresh_tokens(sandbox: Sandbox) -> None:
    sandbox.switch(refresh_tokens="off")
    assert "refresh_token" not in sign_in(sandbox)


def test_other_scopes_end_earlier_tokens(sandbox: Sandbox) -> None:
    first = sign_in(sandbox, scope="r_ads openid")["access_token"]
    sign_in(sandbox, scope="r_ads openid profile")
    assert works(sandbox, first) == 65601


def test_a_new_token_may_be_refused_for_some_seconds(sandbox: Sandbox) -> None:
    assert works(sandbox, sign_in(sandbox)["access_token"]) == 0
    sandbox.switch(fresh_token_refused_s=30)
    token = sign_in(sandbox)["access_token"]
    assert works(sandbox, token) == 65601
    advance(sandbox, 31)
    assert works(sandbox, token) == 0


def test_a_member_takes_the_access_back(sandbox: Sandbox) -> None:
    told = sign_in(sandbox)
    cookie = {"sandbox_member": "ada"}
    with httpx.Client(cookies=cookie, trust_env=False) as browser:
        page = browser.get(f"{sandbox.url}/permitted-services")
        assert CLIENT_ID in page.text
        browser.post(f"{sandbox.url}/permitted-services", data={"client_id": CLIENT_ID})
    assert works(sandbox, told["access_token"]) == 65601
    assert refresh(sandbox, told["refresh_token"]).status_code == 400
    assert introspect(sandbox, told["access_token"])["status"] == "revoked"


def test_revoking_a_token(sandbox: Sandbox) -> None:
    token = sign_in(sandbox)["access_token"]
    body = {**APPLICATION, "token": token}
    assert sandbox.http.post("/oauth/v2/revoke", data=body).status_code == 200
    assert works(sandbox, token) == 65601


def test_introspection(sandbox: Sandbox) -> None:
    token = sign_in(sandbox)["access_token"]
    told = introspect(sandbox, token)
    assert told["active"] is True
    assert told["auth_type"] == "3L"
    assert told["expires_at"] - told["created_at"] == 60 * DAY
    unknown = {**APPLICATION, "token": "x"}
    answer = sandbox.http.post("/oauth/v2/introspectToken", data=unknown)
    assert answer.status_code == 400
    wrong = {**unknown, "client_secret": "x"}
    answer = sandbox.http.post("/oauth/v2/introspectToken", data=wrong)
    assert answer.status_code == 401


def test_discovery_leads_to_a_signed_id_token(sandbox: Sandbox) -> None:
    found = sandbox.http.get("/oauth/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{sandbox.url}/oauth"
    told = sign_in(sandbox, nonce="n-1")
    keys = KeySet.import_key_set(sandbox.http.get(found["jwks_uri"]).json())
    claims = jwt.decode(told["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["aud"] == CLIENT_ID
    assert claims["nonce"] == "n-1"
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    info = sandbox.http.get(found["userinfo_endpoint"], headers=headers).json()
    assert info["sub"] == claims["sub"]
    assert info["email"] == "ada@example.com"
    assert "id_token" not in sign_in(sandbox, scope="r_ads")


def test_userinfo_needs_openid(sandbox: Sandbox) -> None:
    token = sandbox.token("ada", ["r_ads"])
    headers = {"Authorization": f"Bearer {token}"}
    answer = sandbox.http.get("/v2/userinfo", headers=headers)
    assert answer.status_code == 403
    assert "userinfo.GET.NO_VERSION" in answer.json()["message"]


@pytest.mark.parametrize(
    ("header", "service"),
    [("", 401), ("Basic x", 401), ("Bearer x", 65600)],
)
def test_calls_without_a_good_token(
    sandbox: Sandbox, header: str, service: int
) -> None:
    headers = {"LinkedIn-Version": "202609", "Authorization": header}
    answer = sandbox.http.get("/rest/adAccounts?q=search", headers=headers)
    told = json.loads(answer.content)
    assert (answer.status_code, told["serviceErrorCode"]) == (401, service)
