"""The truth under `/_sandbox/truth`: what a reader of the API should have."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from linkedin_sandbox.errors import json_answer, refuse
from linkedin_sandbox.history import Key, Row
from linkedin_sandbox.records import DAY_MS, Lead
from linkedin_sandbox.state import State
from linkedin_sandbox.world import Json, Question


async def truth(request: Request) -> Response:
    """Number, digest, ids and answers; of one form and one UTC day where named.

    `by=day` tells number and digest of each form and day instead.
    """
    state: State = request.app.state.sandbox
    wanted = request.query_params
    form, day = wanted.get("form"), wanted.get("day")
    if form is not None and not form.isdecimal():
        raise refuse(400, None, "form must be a number.")
    number, bounds = int(form) if form else None, _bounds(day)
    if wanted.get("full") == "1":
        rows = list(_rows(state, number, bounds))
        told = [_told(state, lead) for lead in rows]
        ids = sorted(lead.id for lead in rows)
        return json_answer({**_sum(ids), "ids": ids, "leads": told})
    keys = _keys(state, number, bounds)
    if wanted.get("by") == "day":
        return json_answer(_by_day(keys))
    ids = sorted(key.id for key in keys)
    shown = {"ids": ids} if wanted.get("ids") == "1" else {}
    return json_answer({**_sum(ids), **shown})


def _bounds(day: str | None) -> tuple[int, int]:
    if day is None:
        return 0, 2**53
    try:
        start = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000
    except ValueError as exc:
        raise refuse(400, None, "day must be a date such as 2026-11-24.") from exc
    return int(start), int(start) + DAY_MS - 1


def _own(state: State, form: int | None, bounds: tuple[int, int]) -> Iterator[Lead]:
    start, end = bounds
    for lead in state.leads.values():
        is_inside = start <= lead.submitted_at <= end and form in {None, lead.form}
        if is_inside and state.visible(lead):
            yield lead


def _past(state: State, form: int | None, bounds: tuple[int, int]) -> Iterator[Row]:
    history = state.history
    if history is not None:
        start = max(bounds[0], state.oldest_visible())
        for owner in {one.owner for one in history.forms}:
            yield history.of_owner(owner, form, start, bounds[1])


def _rows(state: State, form: int | None, bounds: tuple[int, int]) -> Iterator[Lead]:
    yield from _own(state, form, bounds)
    for row in _past(state, form, bounds):
        yield from row


def _keys(state: State, form: int | None, bounds: tuple[int, int]) -> Iterator[Key]:
    for lead in _own(state, form, bounds):
        yield Key(lead.id, lead.form, lead.submitted_at)
    for row in _past(state, form, bounds):
        yield from row.keys()


def _sum(ids: list[str]) -> Json:
    digest = hashlib.sha256("".join(f"{one}\n" for one in ids).encode())
    return {"count": len(ids), "sha256": digest.hexdigest()}


def _by_day(keys: Iterator[Key]) -> Json:
    found: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        found.setdefault((str(key.form), _day(key.submitted_at)), []).append(key.id)
    days = [
        {"form": form, "day": day, **_sum(sorted(ids))}
        for (form, day), ids in sorted(found.items())
    ]
    return {"days": days}


def _day(moment: int) -> str:
    days = moment // DAY_MS
    return datetime.fromtimestamp(days * DAY_MS / 1000, tz=UTC).date().isoformat()


def _told(state: State, lead: Lead) -> Json:
    content = state.world.forms[lead.form].content(lead.version)
    return {
        "id": lead.id,
        "form": str(lead.form),
        "version": lead.version,
        "account": lead.account,
        "page": lead.page,
        "lead_type": lead.lead_type,
        "campaign": lead.campaign,
        "creative": lead.creative,
        "submitted_at": lead.submitted_at,
        "test": lead.test,
        "answers": [
            {
                "question": str(row.id),
                "predefined": row.predefined,
                "label": row.text,
                "text": _in_words(row, lead.answers[str(row.id)]),
            }
            for row in content.questions
            if str(row.id) in lead.answers
        ],
        "consents": [
            {"text": row.text, "accepted": lead.consents[str(row.id)]}
            for row in content.consents
            if str(row.id) in lead.consents
        ],
        "hidden": content.hidden_fields,
    }


def _in_words(question: Question, answer: str | list[int]) -> str:
    if isinstance(answer, str):
        return answer
    texts = {option.id: option.text for option in question.options}
    return "; ".join(texts.get(option, str(option)) for option in answer)
