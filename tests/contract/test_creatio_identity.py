"""Tokens, sign-in and rights of the local Creatio."""

import httpx
import pytest

from tests.support.creatio import (
    CREATIO_CLIENT,
    CREATIO_SECRET,
    PASSWORD,
    READER_CLIENT,
    RETIRED_CLIENT,
    RETIRED_SECRET,
    USER,
    Creatio,
)

GRANT = {
    "grant_type": "client_credentials",
    "client_id": CREATIO_CLIENT,
    "client_secret": CREATIO_SECRET,
}


def lead_count(creatio: Creatio, access: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {access}"}
    return creatio.http.get(f"{creatio.odata}/Lead/$count", headers=headers)


@pytest.mark.parametrize("place", ["own", "0", "root"])
def test_a_token_at_each_address(creatio: Creatio, place: str) -> None:
    base = {
        "own": creatio.identity_url,
        "0": f"{creatio.url}/0",
        "root": creatio.url,
    }[place]
    told = creatio.http.get(f"{base}/.well-known/openid-configuration").json()
    assert told["issuer"] == base
    made = creatio.http.post(told["token_endpoint"], data=GRANT).json()
    assert made["expires_in"] == 3600
    assert made["token_type"] == "Bearer"
    assert made["scope"].startswith("ApplicationAccess_")
    assert lead_count(creatio, made["access_token"]).text == "0"


def test_an_address_that_is_none(creatio: Creatio) -> None:
    creatio.switch(identity="own")
    address = f"{creatio.url}/connect/token"
    assert creatio.http.post(address, data=GRANT).status_code == 404
    creatio.switch(wrong_identity="html")
    answer = creatio.http.post(address, data=GRANT)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        (
            {"client_id": RETIRED_CLIENT, "client_secret": RETIRED_SECRET},
            "invalid_client",
        ),
        ({"grant_type": "password"}, "unauthorized_client"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"client_id": ""}, "invalid_request"),
        ({"client_secret": ""}, "invalid_request"),
        ({"scope": "social_leadgen_api"}, "invalid_scope"),
    ],
)
def test_refusals(creatio: Creatio, change: dict[str, str], error: str) -> None:
    answer = creatio.http.post("/connect/token", data={**GRANT, **change})
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_changed_secret(creatio: Creatio) -> None:
    creatio.change_client(secret="another")
    assert creatio.http.post("/connect/token", data=GRANT).status_code == 400
    grant = {**GRANT, "client_secret": "another"}
    assert creatio.http.post("/connect/token", data=grant).status_code == 200


def test_tokens_end(creatio: Creatio) -> None:
    access = creatio.token()
    creatio.advance(3599)
    assert lead_count(creatio, access).status_code == 200
    creatio.advance(2)
    assert lead_count(creatio, access).status_code == 401
    creatio.change_client(lifetime_s=60)
    made = creatio.http.post("/connect/token", data=GRANT).json()
    assert made["expires_in"] == 60
    creatio.expire_tokens()
    assert lead_count(creatio, made["access_token"]).status_code == 401


def test_a_client_switched_off_is_out_at_once(creatio: Creatio) -> None:
    access = creatio.token()
    creatio.change_client(active=False)
    assert lead_count(creatio, access).status_code == 401


def test_two_clients_have_different_rights(creatio: Creatio) -> None:
    address, body = f"{creatio.odata}/Lead", {"Contact": "Ines Maro"}
    reader, writer = creatio.headers(READER_CLIENT), creatio.headers()
    refused = creatio.http.post(address, json=body, headers=reader)
    assert refused.status_code == 403
    assert creatio.http.post(address, json=body, headers=writer).status_code == 201
    assert len(creatio.http.get(address, headers=reader).json()["value"]) == 1
    # The writer writes leads, not people.
    people = f"{creatio.odata}/Contact"
    refused = creatio.http.post(people, json={"Name": "Ines"}, headers=writer)
    assert refused.status_code == 403


def sign_in(creatio: Creatio, password: str = PASSWORD) -> httpx.Response:
    creatio.http.cookies.clear()
    return creatio.http.post(
        "/ServiceModel/AuthService.svc/Login",
        json={"UserName": USER, "UserPassword": password},
        headers={"ForceUseSession": "true"},
    )


def test_sign_in_with_a_password(creatio: Creatio) -> None:
    refused = sign_in(creatio, "wrong")
    assert (refused.status_code, refused.json()["Code"]) == (200, 1)
    assert refused.json()["Message"]
    assert sign_in(creatio).json()["Code"] == 0
    cookies = creatio.http.cookies
    assert {"BPMLOADER", ".ASPXAUTH", "BPMCSRF", "UserName"} <= set(cookies)
    address, token = f"{creatio.odata}/Lead", cookies["BPMCSRF"]
    assert creatio.http.get(address).status_code == 403
    answer = creatio.http.get(address, headers={"BPMCSRF": token})
    assert answer.status_code == 200
    assert creatio.http.get("/0/ping", headers={"BPMCSRF": token}).is_success
    creatio.switch(csrf="off")
    assert creatio.http.get(address).status_code == 200
    creatio.expire_tokens()
    session = {"ForceUseSession": "true", "BPMCSRF": token}
    assert creatio.http.get(address, headers=session).status_code == 401
    bounced = creatio.http.get(address, follow_redirects=True)
    assert bounced.history[0].status_code == 302
    assert "<h1>Log in</h1>" in bounced.text
    creatio.http.cookies.clear()


def test_what_is_no_sign_in(creatio: Creatio) -> None:
    service = "/ServiceModel/AuthService.svc"
    given: list[object] = [{}, [], {"UserName": ["x"], "UserPassword": "x"}]
    for body in given:
        answer = creatio.http.post(f"{service}/Login", json=body)
        assert (answer.status_code, answer.json()["Code"]) == (200, 1)
    assert creatio.http.post(f"{service}/Logon", json={}).status_code == 403
    bearer = {"Authorization": "Bearer nobody's"}
    assert creatio.http.get(f"{creatio.odata}/Lead", headers=bearer).status_code == 401


def test_services_stand_under_the_runtimes_root(creatio: Creatio) -> None:
    headers = creatio.headers()
    for runtime, there, elsewhere in (
        ("framework", "/0", ""),
        ("net", "", "/0"),
    ):
        creatio.switch(runtime=runtime)
        for path in ("api/HealthCheck/Ping", "api/OAuthHealthCheck", "odata/"):
            found = creatio.http.get(f"{there}/{path}", headers=headers)
            lost = creatio.http.get(f"{elsewhere}/{path}", headers=headers)
            assert (found.status_code, lost.status_code) == (200, 404), path


def test_health_tells_of_the_identity_service(creatio: Creatio) -> None:
    address, headers = f"{creatio.root}/api/OAuthHealthCheck", creatio.headers()
    assert creatio.http.get(address, headers=headers).json()["HasProblem"] is False
    creatio.fault("token", "503")
    answer = creatio.http.get(address, headers=headers)
    assert (answer.status_code, answer.json()["HasProblem"]) == (500, True)
    assert creatio.http.post("/connect/token", data=GRANT).status_code == 503


def test_system_settings(creatio: Creatio) -> None:
    creatio.control("PUT", "settings", {"IdentityServerUrl": "https://is.example"})
    address = f"{creatio.root}/DataService/json/SyncReply/QuerySysSettings"
    asked = {"sysSettingsNameCollection": ["IdentityServerUrl", "Nope"]}
    told = creatio.http.post(address, json=asked, headers=creatio.headers()).json()
    assert told["success"] is True
    assert told["values"]["IdentityServerUrl"]["value"] == "https://is.example"
    assert "Nope" not in told["values"]
