"""What the local LinkedIn says a reader should have."""

import hashlib
from collections.abc import Iterator

import pytest

from tests.support.sandbox import EMEA, WEBINAR, Sandbox, running_sandbox


@pytest.fixture(scope="module")
def past() -> Iterator[Sandbox]:
    with running_sandbox("--leads", "4000") as running:
        yield running


def digest(ids: list[str]) -> str:
    return hashlib.sha256(
        "".join(f"{one}\n" for one in sorted(ids)).encode()
    ).hexdigest()


def test_days_and_forms_add_up(past: Sandbox) -> None:
    whole = past.truth(ids="1")
    assert (whole["count"], whole["sha256"]) == (4_000, digest(whole["ids"]))
    days = past.truth(by="day")["days"]
    assert sum(row["count"] for row in days) == 4_000
    assert len({row["day"] for row in days}) in {89, 90}
    one = next(row for row in days if row["form"] == WEBINAR)
    told = past.truth(form=one["form"], day=one["day"], full="1")
    assert (told["count"], told["sha256"]) == (one["count"], one["sha256"])
    assert digest([lead["id"] for lead in told["leads"]]) == one["sha256"]
    assert {lead["account"] for lead in told["leads"]} == {EMEA}


def test_what_is_deleted_or_too_old_is_no_truth(past: Sandbox) -> None:
    ids = past.truth(ids="1")["ids"]
    past.control("DELETE", f"leads/{ids[0]}")
    assert past.truth()["count"] == len(ids) - 1
    past.control("PUT", "clock", {"advance_s": 45 * 24 * 3600})
    assert 1_900 < past.truth()["count"] < 2_100
    past.reset()
    assert past.truth()["count"] == 4_000


def test_a_question_that_is_none(sandbox: Sandbox) -> None:
    for query in ("form=x", "day=yesterday"):
        assert sandbox.http.get(f"/_sandbox/truth?{query}").status_code == 400
