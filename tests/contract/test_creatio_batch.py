"""Batches of the local Creatio, and what can go wrong with it."""

import uuid
from typing import Any

import httpx
import pytest

from tests.support.creatio import Creatio

LINKEDIN = "6c7e2194-0b60-4b1c-a084-20a73d8cb06f"


def new_id() -> str:
    return str(uuid.uuid4())


def lead(contact: str, key: str = "", **more: Any) -> dict[str, Any]:
    """A part that makes a lead."""
    body = {"Id": key or new_id(), "Contact": contact, **more}
    return {"id": contact, "method": "POST", "url": "Lead", "body": body}


def pair(contact: str, **more: Any) -> list[dict[str, Any]]:
    """A lead and what is behind it, both or none."""
    info = new_id()
    group = {"atomicityGroup": f"lead-{contact}"}
    return [
        {
            "id": f"{contact}-info",
            "method": "POST",
            "url": "LeadGenExtendedLeadInformation",
            "body": {"Id": info, "SocialLeadId": contact},
            **group,
        },
        {**lead(contact, LeadGenExtendedLeadInfoId=info, **more), **group},
    ]


def send(
    creatio: Creatio, parts: list[dict[str, Any]], **headers: str
) -> httpx.Response:
    """One batch."""
    return creatio.http.post(
        f"{creatio.odata}/$batch",
        json={"requests": parts},
        headers={**creatio.headers(), **headers},
    )


def statuses(answer: httpx.Response) -> list[tuple[str, int]]:
    return [(one["id"], one["status"]) for one in answer.json()["responses"]]


def contacts(creatio: Creatio) -> set[str]:
    return {row["Contact"] for row in creatio.records().values()}


def test_a_hundred_parts_and_no_more(creatio: Creatio) -> None:
    answer = send(creatio, [lead(str(number)) for number in range(100)])
    assert answer.status_code == 200
    assert {status for _id, status in statuses(answer)} == {201}
    first = answer.json()["responses"][0]
    assert first["headers"]["location"].startswith(f"{creatio.odata}/Lead(")
    assert first["headers"]["odata-version"] == "4.0"
    assert first["body"]["Contact"] == "0"
    more = send(creatio, [lead(str(number)) for number in range(101)])
    assert more.status_code == 400
    assert creatio.truth()["count"] == 100


def test_every_kind_of_part(creatio: Creatio) -> None:
    key = new_id()
    parts = [
        lead("Ines", key),
        {"id": "p", "method": "PATCH", "url": f"Lead/{key}", "body": {"Zip": "1010"}},
        {"id": "g", "method": "GET", "url": f"Lead({key})?$select=Zip,Contact"},
        {"id": "f", "method": "GET", "url": f"/Lead?$filter=Id%20eq%20{key}"},
        {"id": "d", "method": "DELETE", "url": f"{creatio.odata}/Lead({key})"},
    ]
    answer = send(creatio, parts)
    assert [status for _id, status in statuses(answer)] == [201, 204, 200, 200, 204]
    got, found = answer.json()["responses"][2:4]
    assert got["body"]["Zip"] == "1010"
    assert [row["Id"] for row in found["body"]["value"]] == [key]
    assert "body" not in answer.json()["responses"][4]
    assert creatio.truth()["count"] == 0


def test_a_failure_stops_the_rest(creatio: Creatio) -> None:
    parts = [lead("one"), lead("two", Nope=1), lead("three")]
    answer = send(creatio, parts)
    assert statuses(answer) == [("one", 201), ("two", 400)]
    assert contacts(creatio) == {"one"}


def test_or_not_where_the_caller_says_so(creatio: Creatio) -> None:
    parts = [lead("one"), lead("two", Nope=1), lead("three")]
    answer = send(creatio, parts, Prefer="continue-on-error")
    assert statuses(answer) == [("one", 201), ("two", 400), ("three", 201)]
    assert contacts(creatio) == {"one", "three"}


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("failed-part", [("bad", 400)]),
        ("every-part", [("bad-info", 424), ("bad", 400)]),
    ],
)
def test_a_group_is_all_or_nothing(
    creatio: Creatio, shown: str, told: list[tuple[str, int]]
) -> None:
    creatio.switch(failed_group=shown)
    parts = [*pair("good"), *pair("bad", Nope=1), *pair("also")]
    answer = send(creatio, parts, Prefer="continue-on-error")
    assert statuses(answer) == [
        ("good-info", 201), ("good", 201), *told, ("also-info", 201), ("also", 201),
    ]  # fmt: skip
    groups = {one["atomicityGroup"] for one in answer.json()["responses"]}
    assert len(groups) == 3
    assert "lead-good" not in groups
    assert contacts(creatio) == {"good", "also"}
    assert creatio.truth("LeadGenExtendedLeadInformation")["count"] == 2


def test_decimals_are_strings_in_a_batch(creatio: Creatio) -> None:
    headers = {"Content-Type": "application/json"}
    parts = [lead("text", Budget="1.5"), lead("number", Budget=1.5)]
    answer = send(creatio, parts, Prefer="continue-on-error", **headers)
    assert statuses(answer) == [("text", 201), ("number", 400)]


@pytest.mark.parametrize(
    "parts",
    [
        [{"id": "x", "method": "POST"}],
        [{"id": "x", "method": "STEAL", "url": "Lead"}],
        ["x"],
        [
            {"id": "1", "method": "GET", "url": "Lead", "atomicityGroup": "a"},
            {"id": "2", "method": "GET", "url": "Lead", "atomicityGroup": "b"},
            {"id": "3", "method": "GET", "url": "Lead", "atomicityGroup": "a"},
        ],
    ],
)
def test_what_is_no_batch(creatio: Creatio, parts: list[Any]) -> None:
    assert send(creatio, parts).status_code == 400


def test_the_log_names_the_parts(creatio: Creatio) -> None:
    send(creatio, pair("Ines"))
    (call,) = creatio.calls("$batch")
    assert (call["method"], call["status"]) == ("POST", 200)
    assert [part["url"] for part in call["parts"]] == [
        "LeadGenExtendedLeadInformation", "Lead",
    ]  # fmt: skip
    assert creatio.control("GET", f"log?since={call['number']}") == []
