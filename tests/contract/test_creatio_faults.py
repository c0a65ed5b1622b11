"""Each fault that the local Creatio can have."""

from typing import Any

import httpx
import pytest

from tests.contract.test_creatio_batch import contacts, lead, send, statuses
from tests.support.creatio import CREATIO_SECRET, Creatio

LINKEDIN = "6c7e2194-0b60-4b1c-a084-20a73d8cb06f"


def add(creatio: Creatio, **values: Any) -> httpx.Response:
    return creatio.http.post(
        f"{creatio.odata}/Lead",
        json={"Contact": "Ines", **values},
        headers=creatio.headers(),
    )


@pytest.mark.parametrize(
    "kind", ["400", "401", "403", "404", "429", "500", "502", "503", "504"]
)
def test_statuses(creatio: Creatio, kind: str) -> None:
    creatio.fault("Lead", kind)
    answer = add(creatio)
    assert answer.status_code == int(kind)
    assert "retry-after" not in answer.headers
    assert creatio.truth()["count"] == 0


def test_how_long_to_wait(creatio: Creatio) -> None:
    creatio.fault("Lead", "429", retry_after_s=7, count=1)
    assert add(creatio).headers["retry-after"] == "7"
    assert add(creatio).status_code == 201


def test_a_deep_message(creatio: Creatio) -> None:
    creatio.fault("Lead", "deep-500", message="Out of licences")
    told = add(creatio).json()["error"]
    assert told["code"] == ""
    assert told["innererror"]["internalexception"]["message"] == "Out of licences"


@pytest.mark.parametrize(
    ("shape", "key"),
    [(1, "error"), (2, "MessageDetail"), (3, "ExceptionMessage"), (4, "errorInfo")],
)
def test_an_error_that_says_200(creatio: Creatio, shape: int, key: str) -> None:
    creatio.fault("Lead", "error-in-200", shape=shape)
    answer = add(creatio)
    assert answer.status_code == 200
    assert key in answer.json()
    assert creatio.truth()["count"] == 0


def test_pages_instead_of_answers(creatio: Creatio) -> None:
    creatio.fault("Lead", "login-page")
    assert add(creatio).headers["content-type"].startswith("text/html")
    creatio.fault("Lead", "login-redirect")
    assert add(creatio).status_code == 302
    creatio.fault("Lead", "garbage")
    assert "<html>" in add(creatio).text
    assert creatio.truth()["count"] == 0


def test_a_reply_is_lost_after_the_commit(creatio: Creatio) -> None:
    creatio.fault("$batch", "lose-reply", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        send(creatio, [lead("Ines")])
    assert contacts(creatio) == {"Ines"}
    creatio.fault("$batch", "reset")
    with pytest.raises(httpx.RemoteProtocolError):
        send(creatio, [lead("Ada")])
    assert contacts(creatio) == {"Ines"}


def test_an_answer_comes_late_or_never(creatio: Creatio) -> None:
    headers = creatio.headers()
    address = f"{creatio.odata}/Lead"

    def add_quickly(contact: str) -> None:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                address, json={"Contact": contact}, headers=headers,
                timeout=0.3, trust_env=False,
            )  # fmt: skip

    creatio.fault("Lead", "hold", latency_ms=600_000)
    add_quickly("held")
    creatio.fault("Lead", "timeout")
    add_quickly("lost")
    creatio.fault("Lead", "truncated")
    add(creatio)
    assert contacts(creatio) == {"held", "Ines"}
    creatio.switch(latency_ms=400)
    creatio.no_faults()
    add_quickly("late")


def test_the_token_service_is_down(creatio: Creatio) -> None:
    headers = creatio.headers()
    creatio.fault("token", "reset")
    grant = {"client_id": creatio.client_id, "client_secret": creatio.client_secret}
    with pytest.raises(httpx.RemoteProtocolError):
        creatio.http.post(f"{creatio.identity_url}/connect/token", data=grant)
    assert creatio.http.get(f"{creatio.odata}/Lead", headers=headers).is_success


@pytest.mark.parametrize("kind", ["secret-changed", "client-off"])
def test_the_client_is_refused(creatio: Creatio, kind: str) -> None:
    creatio.fault("token", kind)
    grant = {
        "grant_type": "client_credentials",
        "client_id": creatio.client_id,
        "client_secret": CREATIO_SECRET,
    }
    answer = creatio.http.post("/connect/token", data=grant)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})
    creatio.no_faults()
    assert creatio.http.post("/connect/token", data=grant).status_code == 200


def test_rights_are_taken_away(creatio: Creatio) -> None:
    creatio.fault("Lead", "read-only")
    assert add(creatio).status_code == 403
    creatio.fault("Lead", "no-column-right", column="Budget")
    refused = add(creatio, Budget="1.0")
    assert refused.status_code == 403
    assert "Budget" in refused.text
    assert "Budget" not in add(creatio).json()


def test_the_object_is_another_one(creatio: Creatio) -> None:
    whole = add(creatio, Fax="1", Zip="1010").json()
    row = f"{creatio.odata}/Lead({whole['Id']})"

    def look() -> dict[str, Any]:
        told: dict[str, Any] = creatio.http.get(row, headers=creatio.headers()).json()
        return told

    creatio.fault("Lead", "column-absent", column="Fax")
    assert "Fax" not in look()
    assert add(creatio, Fax="1").status_code == 400
    creatio.fault("Lead", "column-renamed", column="Zip", to="PostCode")
    assert (look().get("Zip"), look()["PostCode"]) == (None, "1010")
    assert add(creatio, PostCode="1020").json()["PostCode"] == "1020"
    creatio.fault("Lead", "column-renamed", column="Country", to="Land")
    assert "LandId" in look()
    description = creatio.http.get(
        f"{creatio.odata}/$metadata", headers=creatio.headers()
    )
    assert 'Name="LandId"' in description.text
    creatio.no_faults()
    assert look() == whole


def test_the_package_is_absent(creatio: Creatio) -> None:
    creatio.fault("*", "package-absent")
    address = f"{creatio.odata}/LeadGenExtendedLeadInformation"
    headers = creatio.headers()
    assert creatio.http.get(address, headers=headers).status_code == 404
    assert add(creatio, LeadGenExtendedLeadInfoId=LINKEDIN).status_code == 400


def test_a_lookup_value_is_removed(creatio: Creatio) -> None:
    creatio.fault("LeadSource", "value-removed", value="LinkedIn")
    assert add(creatio, LeadSourceId=LINKEDIN).status_code == 500
    address = f"{creatio.odata}/LeadSource"
    rows = creatio.http.get(address, headers=creatio.headers()).json()["value"]
    assert "LinkedIn" not in {row["Name"] for row in rows}
    creatio.no_faults()
    assert add(creatio, LeadSourceId=LINKEDIN).status_code == 201


def test_some_leads_are_refused(creatio: Creatio) -> None:
    creatio.fault(
        "Lead",
        "refuse",
        column="Email",
        matches="@blocked",
        message="No such customers",
    )
    parts = [
        lead("one", Email="a@x.example"),
        lead("two", Email="b@blocked.example"),
        lead("three"),
    ]
    answer = send(creatio, parts, Prefer="continue-on-error")
    assert statuses(answer) == [("one", 201), ("two", 500), ("three", 201)]
    assert "No such customers" in answer.text
    assert contacts(creatio) == {"one", "three"}


def test_luck_is_repeatable(creatio: Creatio) -> None:
    def struck() -> list[bool]:
        creatio.fault("Lead", "502", probability=0.5, seed=7)
        return [add(creatio).status_code == 502 for _time in range(20)]

    first = struck()
    assert first == struck()
    assert set(first) == {True, False}


def test_a_fault_that_is_none(creatio: Creatio) -> None:
    wanted = [{"endpoint": "Lead", "kind": "boredom"}]
    answer = creatio.http.put("/_sandbox/faults", json=wanted)
    assert answer.status_code == 400
    assert "boredom" in answer.json()["message"]
