"""Control calls under /_sandbox/: what a test or a demonstration asks for."""

import asyncio
import random
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from linkedin_sandbox.errors import json_answer, not_found, refuse
from linkedin_sandbox.faults import Faults
from linkedin_sandbox.notices import Pusher
from linkedin_sandbox.oauth import issue, token_answer
from linkedin_sandbox.people import fill_in
from linkedin_sandbox.records import Fault, Lead
from linkedin_sandbox.state import State
from linkedin_sandbox.submit import submit
from linkedin_sandbox.world import Form, Json


def _state(request: Request) -> State:
    state: State = request.app.state.sandbox
    return state


def _pusher(request: Request) -> Pusher:
    pusher: Pusher = request.app.state.pusher
    return pusher


async def _body(request: Request) -> Json:
    try:
        body = msgspec.json.decode(await request.body() or b"{}")
    except msgspec.DecodeError as exc:
        raise refuse(400, None, f"The body is not JSON: {exc}") from exc
    if not isinstance(body, dict):
        raise refuse(400, None, "The body is not an object.")
    return body


def _form_named(state: State, number: object) -> Form:
    form = state.world.forms.get(int(str(number)))
    if form is None:
        raise not_found()
    return form


async def world(request: Request) -> Response:
    """Everything that is there."""
    state = _state(request)
    return json_answer(
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
            "applications": list(state.world.applications.values()),
            "pages": state.world.pages,
            "events": list(state.world.events.values()),
            "accounts": list(state.world.accounts.values()),
            "forms": list(state.world.forms.values()),
            "leads": state.next_number(),
        }
    )


async def switches(request: Request) -> Response:
    """How the sandbox behaves where LinkedIn's behaviour is unknown or varies."""
    state = _state(request)
    if request.method == "PUT":
        try:
            state.switch(**await _body(request))
        except ValueError as exc:
            raise refuse(400, None, str(exc)) from exc
    return json_answer({**vars(state.switches), "world": str(state.switches.world)})


async def quotas(request: Request) -> Response:
    """Calls per UTC day by endpoint: of the application, and of each member."""
    state = _state(request)
    wanted = {}
    for endpoint, row in (await _body(request)).items():
        if not isinstance(row, dict):
            raise refuse(400, None, f"{endpoint} needs application and member.")
        wanted[endpoint] = (int(row.get("application", 0)), int(row.get("member", 0)))
    state.quotas.clear()
    state.quotas |= wanted
    return json_answer({"quotas": wanted})


async def subscriptions(request: Request) -> Response:
    """All subscriptions, with how the checks of their addresses went."""
    return json_answer(list(_state(request).subscriptions.values()))


async def check(request: Request) -> Response:
    """Check the address of a subscription now; unblocks it where it passes."""
    number = int(request.path_params["id"])
    if number not in _state(request).subscriptions:
        raise not_found()
    return json_answer({"passed": await _pusher(request).check(number)})


async def application(request: Request) -> Response:
    """The redirect addresses of an application are these from now on."""
    state = _state(request)
    client_id = request.path_params["client_id"]
    if client_id not in state.world.applications:
        raise not_found()
    body = await _body(request)
    state.set_redirects(client_id=client_id, redirect_uris=body["redirect_uris"])
    return JSONResponse({"redirect_uris": body["redirect_uris"]})


async def reset(request: Request) -> Response:
    """Everything as at the start: no leads, no tokens, no subscriptions, no faults."""
    request.app.state.faults.replace([])
    _pusher(request).begin_anew()
    _state(request).begin_anew()
    return Response(status_code=204)


async def tokens(request: Request) -> Response:
    """A token without the pages."""
    state = _state(request)
    body = await _body(request)
    ours = next(iter(state.world.applications.values()))
    scopes = body.get("scopes", ours.scopes)
    token = issue(state, ours, member=body["member"], scopes=scopes)
    return JSONResponse(token_answer(state, token))


async def end_tokens(request: Request) -> Response:
    """All tokens of a member are revoked or expired from now on."""
    body = await _body(request)
    _state(request).end_tokens(
        member=request.path_params["member"], state=body["state"]
    )
    return Response(status_code=204)


async def leads(request: Request) -> Response:
    """People submit a form; notices go out as asked."""
    state = _state(request)
    body = await _body(request)
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
    filled = fill_in(form, number=state.next_number(), seed=body.get("seed", 0))
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
        submitted_at=_moment(body.get("submitted_at"), index),
        again=body.get("again"),
        tester=body.get("tester", "") if body.get("test") else None,
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
    lead = state.delete_lead(lead_id)
    if lead is None:
        raise not_found()
    _pusher(request).announce([lead], "DELETED")
    return JSONResponse({"id": lead_id, "deleted_at": lead.deleted_at})


async def change_form(request: Request) -> Response:
    """A new version of a form, another name, or another state."""
    state = _state(request)
    form = _form_named(state, request.path_params["id"])
    try:
        changed = state.change_form(form.id, await _body(request))
    except msgspec.ValidationError as exc:
        raise refuse(400, None, str(exc)) from exc
    return JSONResponse(
        {"id": changed.id, "version": changed.version, "name": changed.name}
    )


async def faults(request: Request) -> Response:
    """These faults replace all others."""
    held: Faults = request.app.state.faults
    try:
        wanted = msgspec.json.decode(await request.body(), type=list[Fault])
    except msgspec.DecodeError as exc:
        raise refuse(400, None, str(exc)) from exc
    held.replace(wanted)
    return JSONResponse({"faults": len(wanted)})


async def clock(request: Request) -> Response:
    """Move the sandbox's time."""
    state = _state(request)
    body = await _body(request)
    offset = state.clock.offset_ms
    if "now" in body:
        offset += int(body["now"]) - state.clock.now_ms()
    state.move_clock(offset + int(body.get("advance_s", 0) * 1000))
    # What is due by then has happened when the answer comes.
    await _pusher(request).look()
    return JSONResponse({"now": state.clock.now_ms()})


async def log(request: Request) -> Response:
    """Requests received, from a number on."""
    since = int(request.query_params.get("since", 0))
    rows = [row for row in _state(request).log if row["number"] > since]
    return JSONResponse(rows)


async def pushes(request: Request) -> Response:
    """Notices sent and how they were answered."""
    return JSONResponse(list(_state(request).pushes))
