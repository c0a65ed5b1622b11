"""Questions to remote systems that a worker asks, so that no page waits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from leadferry.jobs.models import Inquiry
from leadferry.jobs.registry import TASKS, Argument, Task
from leadferry.jobs.services import kick
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError

# After this long, whoever waits is told that no worker took the question up.
PATIENCE = timedelta(seconds=45)
_FORGOTTEN_AFTER = timedelta(minutes=5)


def ask(topic: str, task: Task, *arguments: Argument) -> Inquiry:
    """Ask anew; what was answered before stays to be shown meanwhile."""
    inquiry, _made = Inquiry.objects.update_or_create(
        topic=topic,
        defaults={
            "task": task.name,
            "arguments": list(arguments),
            "asked_at": clock.now(),
            "answered_at": None,
        },
    )
    kick(task, *arguments, key=topic)
    return inquiry


def ask_unless_fresh(
    topic: str, task: Task, *arguments: Argument, fresh: timedelta
) -> Inquiry:
    """What was answered lately, or is being asked; else ask."""
    held = find(topic)
    if held is None:
        return ask(topic, task, *arguments)
    if held.answered_at is None:
        forgotten = clock.now() - held.asked_at > _FORGOTTEN_AFTER
        return ask(topic, task, *arguments) if forgotten else held
    age = clock.now() - held.answered_at
    return held if age < fresh else ask(topic, task, *arguments)


def find(topic: str) -> Inquiry | None:
    """The question with its last answer."""
    return Inquiry.objects.filter(topic=topic).first()


def is_waiting(inquiry: Inquiry | None) -> bool:
    """Whether a worker is still expected to answer."""
    if inquiry is None or inquiry.answered_at is not None:
        return False
    return clock.now() - inquiry.asked_at < PATIENCE


def is_overdue(inquiry: Inquiry | None) -> bool:
    """Whether nobody took the question up."""
    open_still = inquiry is not None and inquiry.answered_at is None
    return open_still and not is_waiting(inquiry)


def answer(topic: str, work: Callable[[], Any]) -> None:
    """Do the work for whoever asked; again where it was asked anew meanwhile."""
    while (held := find(topic)) is not None and held.answered_at is None:
        found: dict[str, Any] = {"problem": ""}
        try:
            found["answer"] = work()
        except LeadferryError as exc:
            found["problem"] = str(exc)[:500]
        same = Inquiry.objects.filter(topic=topic, asked_at=held.asked_at)
        same.update(answered_at=clock.now(), **found)


def note_so_far(topic: str, found: Any) -> None:
    """What is known of an answer that takes a while, for whoever waits."""
    Inquiry.objects.filter(topic=topic, answered_at=None).update(answer=found)


def note(topic: str, task: Task, found: dict[str, Any]) -> None:
    """An answer that came to be known without a question."""
    now = clock.now()
    values = {"asked_at": now, "answered_at": now, "answer": found, "problem": ""}
    Inquiry.objects.update_or_create(
        topic=topic, defaults={"task": task.name, "arguments": [], **values}
    )


def kick_waiting() -> int:
    """Kick again what still waits: a kick may be lost; returns how many."""
    since = clock.now() - PATIENCE
    waiting = Inquiry.objects.filter(answered_at=None, asked_at__gte=since)
    known = [row for row in waiting if row.task in TASKS]
    for row in known:
        kick(TASKS[row.task], *row.arguments, key=row.topic)
    return len(known)
