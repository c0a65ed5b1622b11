""" "Test connection": a worker goes through the steps, the page shows each."""

from dataclasses import asdict
from typing import Any

from leadferry.destinations import registry
from leadferry.destinations.base import SetupProblem, Step, Temporary
from leadferry.destinations.models import Destination
from leadferry.jobs import inquiries


def topic(destination_id: int) -> str:
    """Under which the steps are found."""
    return f"destination-{destination_id}"


def examine(destination_id: int) -> None:
    """Go through the steps for whoever asked."""
    destination = Destination.objects.filter(pk=destination_id).first()
    if destination is not None:
        asked = topic(destination_id)
        inquiries.answer(asked, lambda: _steps(destination, asked))


def _steps(destination: Destination, asked: str) -> dict[str, Any]:
    found: dict[str, Any] = {"steps": []}
    inquiries.note_so_far(asked, found)
    try:
        connector = registry.connect(destination)
    except SetupProblem as exc:
        return {"steps": [_failed(exc.step, exc)]}
    try:
        for step in connector.examine(writing=True):
            found["steps"].append(asdict(step))
            inquiries.note_so_far(asked, found)
    except (SetupProblem, Temporary) as exc:
        found["steps"].append(_failed(getattr(exc, "step", ""), exc))
    finally:
        connector.close()
    return found


def _failed(code: str, error: Exception) -> dict[str, Any]:
    return asdict(Step(code=code, caption=str(error), ok=False))
