"""Each fault that the local LinkedIn can have."""

import json

import httpx
import pytest

from tests.support.api import Api


@pytest.mark.parametrize(
    ("kind", "status", "service"),
    [
        ("token-invalid", 401, 65600),
        ("token-revoked", 401, 65601),
        ("token-expired", 401, 65602),
        ("401", 401, None),
        ("403", 403, None),
        ("403-entity", 403, None),
        ("404", 404, None),
        ("408", 408, None),
        ("409", 409, None),
        ("426", 426, None),
        ("429", 429, 101),
        ("500", 500, None),
        ("501", 501, None),
        ("502", 502, None),
        ("503", 503, None),
        ("504", 504, None),
        ("batch-refused", 200, None),
    ],
)
def test_refusals(api: Api, kind: str, status: int, service: int | None) -> None:
    api.sandbox.fault("leadFormResponses", kind)
    answer = api.leads()
    assert answer.status_code == status
    assert answer.json().get("serviceErrorCode") == service


def test_it_is_there_at_the_second_look(api: Api) -> None:
    (lead,) = api.sandbox.submit()
    api.sandbox.fault("leadFormResponses", "404-then-200")
    path = f"leadFormResponses/{lead}"
    assert [api.get(path).status_code for _time in range(3)] == [404, 200, 200]


def test_answers_that_are_none(api: Api) -> None:
    api.sandbox.submit(count=5)
    api.sandbox.fault("leadFormResponses", "garbage")
    assert "<html>" in api.leads().text
    api.sandbox.fault("leadFormResponses", "truncated")
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        api.leads().json()
    api.sandbox.fault("leadFormResponses", "reset")
    with pytest.raises(httpx.RemoteProtocolError):
        api.leads()
    api.sandbox.fault("leadFormResponses", "timeout")
    with pytest.raises(httpx.ReadTimeout):
        api.leads(timeout=0.3)
    api.sandbox.no_faults()
    assert len(api.lead_ids()) == 5


def test_leads_come_and_vanish_between_two_pages(api: Api) -> None:
    ids = api.sandbox.submit(count=6)
    before = api.lead_ids("&count=3")
    api.sandbox.fault("leadFormResponses", "lead-comes", count=1)
    # What was third is fourth now.
    assert api.lead_ids("&count=3&start=3")[0] == before[2]
    api.sandbox.fault("leadFormResponses", "lead-vanishes", count=2)
    api.lead_ids()
    rest = api.lead_ids("&count=20")
    assert len(rest) == 5
    assert set(rest) < set(ids)


def test_probability_and_seed_repeat_themselves(api: Api) -> None:
    def run() -> list[int]:
        api.sandbox.fault("adAccounts", "503", probability=0.5, seed=7)
        path = "adAccounts?q=search"
        return [api.get(path).status_code for _time in range(20)]

    first = run()
    assert set(first) == {200, 503}
    assert run() == first


def test_a_fault_that_nobody_knows_is_refused(api: Api) -> None:
    for row in ({"endpoint": "*", "kind": "nonsense"}, {"endpoint": "*"}, {"x": 1}):
        answer = api.sandbox.http.put("/_sandbox/faults", json=[row])
        assert answer.status_code == 400
    answer = api.sandbox.http.put("/_sandbox/switches", json={"total": "perhaps"})
    assert "must be one of: default, present" in answer.json()["message"]
