"""Questions that a worker answers while nobody waits for it in a page."""

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from leadferry.jobs import engine, inquiries
from leadferry.jobs.models import Inquiry
from leadferry.jobs.registry import Argument, Task
from leadferry.jobs.tasks import forget_finished_runs
from leadferry.kit import clock
from leadferry.kit.errors import TemporaryError

pytestmark = pytest.mark.django_db

TASK = forget_finished_runs


@pytest.fixture
def kicked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Argument, ...]]:
    """The arguments of each kick; nothing is done."""
    seen: list[tuple[Argument, ...]] = []

    def note(task: Task, *arguments: Argument, key: str | None = None) -> bool:
        assert (task, key) == (TASK, "t")
        seen.append(arguments)
        return True

    monkeypatch.setattr("leadferry.jobs.inquiries.kick", note)
    return seen


def held() -> Inquiry:
    return Inquiry.objects.get(topic="t")


def test_a_question_waits_until_it_is_answered(
    kicked: list[tuple[Argument, ...]],
) -> None:
    inquiries.ask("t", TASK, 7)
    assert inquiries.is_waiting(held())
    inquiries.answer("t", lambda: {"found": 1})
    assert not inquiries.is_waiting(held())
    assert held().answer == {"found": 1}
    assert kicked == [(7,)]


def test_what_failed_is_told_beside_the_last_answer(
    kicked: list[tuple[Argument, ...]],
) -> None:
    inquiries.ask("t", TASK)
    inquiries.answer("t", lambda: {"found": 1})
    inquiries.ask("t", TASK)

    def fail() -> None:
        raise TemporaryError("It is away.")

    inquiries.answer("t", fail)
    assert (held().problem, held().answer) == ("It is away.", {"found": 1})
    inquiries.ask("t", TASK)
    inquiries.answer("t", lambda: {"found": 2})
    assert (held().problem, held().answer) == ("", {"found": 2})


def test_asked_anew_while_it_is_answered_it_is_answered_anew(
    kicked: list[tuple[Argument, ...]],
) -> None:
    runs: list[int] = []

    def work() -> dict[str, int]:
        runs.append(len(runs))
        if len(runs) == 1:
            inquiries.ask("t", TASK)
        return {"run": len(runs)}

    inquiries.ask("t", TASK)
    inquiries.answer("t", work)
    assert held().answer == {"run": 2}


def test_nobody_answers(kicked: list[tuple[Argument, ...]]) -> None:
    inquiries.ask("t", TASK)
    Inquiry.objects.update(asked_at=clock.now() - inquiries.PATIENCE)
    assert inquiries.is_overdue(held())
    assert not inquiries.is_waiting(held())
    assert not inquiries.is_overdue(None)


def test_a_fresh_answer_is_not_asked_for_again(
    kicked: list[tuple[Argument, ...]],
) -> None:
    fresh = timedelta(minutes=1)
    for _time in range(2):
        inquiries.ask_unless_fresh("t", TASK, fresh=fresh)
    inquiries.answer("t", dict)
    inquiries.ask_unless_fresh("t", TASK, fresh=fresh)
    assert len(kicked) == 1
    Inquiry.objects.update(answered_at=clock.now() - timedelta(minutes=2))
    inquiries.ask_unless_fresh("t", TASK, fresh=fresh)
    assert len(kicked) == 2
    Inquiry.objects.update(asked_at=clock.now() - timedelta(minutes=6))
    inquiries.ask_unless_fresh("t", TASK, fresh=fresh)
    assert len(kicked) == 3


def test_a_lost_kick_is_kicked_again(kicked: list[tuple[Argument, ...]]) -> None:
    inquiries.ask("t", TASK, 7)
    assert inquiries.kick_waiting() == 1
    assert kicked == [(7,), (7,)]
    inquiries.answer("t", dict)
    assert inquiries.kick_waiting() == 0


def test_a_kick_without_a_job_store_is_lost_without_an_error(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOBS_DATABASE_URL = f"sqlite:///{tmp_path / 'none.sqlite3'}"
    monkeypatch.setattr(engine, "_clients", [])
    assert engine.enqueue(task=TASK.name, arguments=[], key="k") is False
    for client in engine._clients:
        client.destroy()
