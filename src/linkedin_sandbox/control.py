"""Control calls under /_sandbox/: what a test or a demonstration asks for."""

import asyncio
import hashlib
import random
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from linkedin_sandbox.errors import not_found, refuse
from linkedin_sandbox.faults import Faults
from linkedin_sandbox.notices import Pusher
from linkedin_sandbox.oauth import issue, token_answer
from linkedin_sandbox.people import fill_in
from linkedin_sandbox.state import DAY_MS, Fault, Lead, State
from linkedin_sandbox.submit import submit
from linkedin_sandbox.world import Form, Json


def _state(request: Request) -> State:
    state: State = request.app.state.sandbox
    return state


def _pusher(request: Request) -> Pusher:
    pusher: Pusher = request.app.state.pusher
    return pusher


def _form_named(state: State, number: object) -> Form:
    form = state.world.forms.get(int(str(number)))
    if form is None:
        raise not_found()
    return form


async def world(request: Request) -> Response:
    """Everything that is there."""
    state = _state(request)
    return JSONResponse(
        {
            "members": [
                {
                    "key": member.key,
                    "name": member.name,
                    "account_roles": member.account_roles,
                    "page_roles": member.page_roles,
                }
                for member in state.world.members.values()
            ],
            "applications": [
                vars(application) for application in state.world.applications.values()
            ],
            "accounts": [vars(account) for account in state.world.accounts.values()],
            "forms": [vars(form) for form in state.world.forms.values()],
            "leads": len(state.leads),
        }
    )


async def application(request: Request) -> Response:
    """The redirect addresses of an application are these from now on."""
    state = _state(request)
    client_id = request.path_params["client_id"]
    if client_id not in state.world.applications:
        raise not_found()
    body = await request.json()
    state.set_redirects(client_id=client_id, redirect_uris=body["redirect_uris"])
    return JSONResponse({"redirect_uris": body["redirect_uris"]})


async def reset(request: Request) -> Response:
    """Everything as at the start: no leads, no tokens, no subscriptions, no faults."""
    request.app.state.faults.replace([])
    _state(request).begin_anew()
    return Response(status_code=204)


async def tokens(request: Request) -> Response:
    """A token without the pages."""
    state = _state(request)
    body = await request.json()
    ours = next(iter(state.world.applications.values()))
    scopes = body.get("scopes", ours.scopes)
    token = issue(state, ours, member=body["member"], scopes=scopes)
    return JSONResponse(token_answer(state, token))


async def end_tokens(request: Request) -> Response:
    """All tokens of a member are revoked or expired from now on."""
    body = await request.json()
    _state(request).end_tokens(
        member=request.path_params["member"], state=body["state"]
    )
    return Response(status_code=204)


async def leads(request: Request) -> Response:
    """People submit a form; notices go out as asked."""
    state = _state(request)
    body: Json = await request.json()
    form = _form_named(state, body["form"])
    made: list[Lead] = []
    for index in range(body.get("count", 1)):
        made.append(_submit_one(state, form, body, index))
        if index % 200 == 199:
            await asyncio.sleep(0)
    notify = body.get("notify", {})
    _pusher(request).announce(
        made,
        "CREATED",
        times=notify.get("times", 1),
        shuffle=int(notify.get("shuffle", 0)),
        delay_ms=notify.get("delay_ms", 0),
    )
    return JSONResponse({"ids": [lead.id for lead in made]})


def _submit_one(state: State, form: Form, body: Json, index: int) -> Lead:
    filled = fill_in(form, number=len(state.leads), seed=body.get("seed", 0))
    for question, answer in body.get("answers", {}).items():
        if answer is None:
            filled.answers.pop(question, None)
        else:
            filled.answers[question] = answer
    if "consents" in body:
        filled.consents = body["consents"]
    return submit(
        state,
        form,
        filled=filled,
        test=body.get("test", False),
        submitted_at=_moment(body.get("submitted_at"), index),
        again=body.get("again"),
    )


def _moment(asked: Any, index: int) -> int | None:
    if isinstance(asked, dict):
        chance = random.Random(f"{asked['start']}/{index}")  # noqa: S311 - test data
        return chance.randint(asked["start"], asked["end"])
    return int(asked) if asked is not None else None


async def delete_lead(request: Request) -> Response:
    """A person withdraws; a DELETED notice goes out."""
    state = _state(request)
    lead_id = request.path_params["id"]
    if lead_id not in state.leads:
        raise not_found()
    lead = state.delete_lead(lead_id)
    _pusher(request).announce([lead], "DELETED")
    return JSONResponse({"id": lead_id, "deleted_at": lead.deleted_at})


async def change_form(request: Request) -> Response:
    """A new version of a form, another name, or another state."""
    state = _state(request)
    form = _form_named(state, request.path_params["id"])
    changed = state.change_form(form.id, await request.json())
    return JSONResponse(
        {"id": changed.id, "version": changed.version, "name": changed.name}
    )


async def faults(request: Request) -> Response:
    """These faults replace all others."""
    held: Faults = request.app.state.faults
    try:
        wanted = [Fault(**row) for row in await request.json()]
    except TypeError as exc:
        raise refuse(400, None, str(exc)) from exc
    held.replace(wanted)
    return JSONResponse({"faults": len(wanted)})


async def clock(request: Request) -> Response:
    """Move the sandbox's time."""
    state = _state(request)
    body = await request.json()
    offset = state.clock.offset_ms
    if "now" in body:
        offset += int(body["now"]) - state.clock.now_ms()
    state.move_clock(offset + int(body.get("advance_s", 0) * 1000))
    return JSONResponse({"now": state.clock.now_ms()})


async def log(request: Request) -> Response:
    """Requests received, from a number on."""
    since = int(request.query_params.get("since", 0))
    rows = [row for row in _state(request).log if row["number"] > since]
    return JSONResponse(rows)


async def pushes(request: Request) -> Response:
    """Notices sent and how they were answered."""
    return JSONResponse(list(_state(request).pushes))


async def truth(request: Request) -> Response:
    """What a reader of the API should have: number, digest, ids, answers."""
    state = _state(request)
    form, day = request.query_params.get("form"), request.query_params.get("day")
    rows = [
        lead
        for lead in state.leads.values()
        if state.visible(lead)
        and form in {None, str(lead.form)}
        and day in {None, _day(lead)}
    ]
    ids = sorted(lead.id for lead in rows)
    digest = hashlib.sha256("".join(f"{one}\n" for one in ids).encode())
    answer: Json = {"count": len(ids), "sha256": digest.hexdigest()}
    if request.query_params.get("full") == "1":
        answer["ids"] = ids
        answer["leads"] = [_told(state, lead) for lead in rows]
    return JSONResponse(answer)


def _day(lead: Lead) -> str:
    days = lead.submitted_at // DAY_MS
    return datetime.fromtimestamp(days * DAY_MS / 1000, tz=UTC).date().isoformat()


def _told(state: State, lead: Lead) -> Json:
    content = state.world.forms[lead.form].content(lead.version)
    return {
        "id": lead.id,
        "form": str(lead.form),
        "version": lead.version,
        "account": lead.account,
        "campaign": lead.campaign,
        "creative": lead.creative,
        "submitted_at": lead.submitted_at,
        "test": lead.test,
        "answers": [
            {
                "question": str(row["id"]),
                "predefined": row.get("predefined"),
                "label": row["text"],
                "text": _in_words(row, lead.answers[str(row["id"])]),
            }
            for row in content["questions"]
            if str(row["id"]) in lead.answers
        ],
        "consents": [
            {"text": row["text"], "accepted": lead.consents[str(row["id"])]}
            for row in content["consents"]
            if str(row["id"]) in lead.consents
        ],
        "hidden": content["hidden_fields"],
    }


def _in_words(question: Json, answer: str | list[int]) -> str:
    if isinstance(answer, str):
        return answer
    texts = {option["id"]: option["text"] for option in question["options"]}
    return "; ".join(texts[option] for option in answer)
