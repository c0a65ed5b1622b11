"""Whatever is asked, the local LinkedIn answers as LinkedIn, never with a 500."""

from collections import Counter

import httpx

from tests.support.random_requests import Requests
from tests.support.sandbox import Sandbox

SCOPES = ["r_marketing_leadgen_automation", "rw_ads", "r_organization_admin"]


def ask_at_random(sandbox: Sandbox, *, number: int, seed: int) -> float:
    """So many requests; the share of them that reached a handler."""
    leads = sandbox.submit(count=30)
    token = sandbox.token("ada", SCOPES)
    made = Requests(seed, leads)
    statuses: Counter[int] = Counter()
    for _number in range(number):
        one = made.make()
        headers = {**one.headers, "Authorization": f"Bearer {token}"}
        answer = sandbox.http.request(
            one.verb, one.path, headers=headers, content=one.body
        )
        _look_at(answer, one.path)
        statuses[answer.status_code] += 1
    log = sandbox.control("GET", "log")[-number:]
    assert len(log) == number
    return sum("handler" in row for row in log) / number


def _look_at(answer: httpx.Response, path: str) -> None:
    assert answer.status_code < 500, f"seed and path: {path}"
    if answer.status_code >= 400:
        told = answer.json()
        assert told["status"] == answer.status_code, path
        assert told["message"], path
        assert "Traceback" not in answer.text


def test_random_requests(sandbox: Sandbox) -> None:
    assert ask_at_random(sandbox, number=1_000, seed=4) >= 0.6
