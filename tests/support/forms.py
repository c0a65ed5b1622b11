"""Edits of the local LinkedIn's forms."""

from typing import Any

from tests.support.sandbox import WEBINAR, Sandbox

# Questions of the webinar's form; the last one comes with the edit.
LEARN, BUDGET, LAND = "707987654", "607987654", "900987654"


def questions_of(sandbox: Sandbox, form: str) -> list[dict[str, Any]]:
    """The questions of a form's present version."""
    forms = sandbox.control("GET", "world")["forms"]
    found = next(row for row in forms if str(row["id"]) == form)
    questions: list[dict[str, Any]] = found["versions"][-1]["questions"]
    return questions


def edit_webinar(sandbox: Sandbox) -> None:
    """Drop a question, reword another, change an option, add a question."""
    kept = [row for row in questions_of(sandbox, WEBINAR) if str(row["id"]) != LEARN]
    budget = next(row for row in kept if str(row["id"]) == BUDGET)
    budget["text"] = "Wie hoch ist Ihr Budget?"
    budget["options"][0]["text"] = "bis 10.000 €"
    kept.append({"id": int(LAND), "text": "Land", "name": "Land"})
    sandbox.control("PUT", f"forms/{WEBINAR}", {"questions": kept})
