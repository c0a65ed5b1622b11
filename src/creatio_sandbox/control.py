"""Control calls under /_sandbox/: what a test or a demonstration asks for."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from creatio_sandbox.errors import Refused, json_answer
from creatio_sandbox.faults import Fault, Faults
from creatio_sandbox.identity import issue, token_answer
from creatio_sandbox.records import Desk
from creatio_sandbox.state import State
from creatio_sandbox.view import View


def _state(request: Request) -> State:
    state: State = request.app.state.sandbox
    return state


def _view(request: Request) -> View:
    view: View = request.app.state.view
    return view


def _wrong(message: str, status: int = 400) -> Refused:
    return Refused(status, {"message": message})


async def _body(request: Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
    except msgspec.DecodeError as exc:
        raise _wrong(f"The body is no JSON object: {exc}") from exc


async def world(request: Request) -> Response:
    """Everything that is there."""
    state = _state(request)
    return json_answer(
        {
            "runtime": state.switches.runtime,
            "clients": list(state.clients.values()),
            "users": list(state.world.users.values()),
            "settings": list(state.world.settings.values()),
            "sets": {name: len(rows) for name, rows in state.rows.items()},
            "now": state.clock.now_ms(),
        }
    )


async def reset(request: Request) -> Response:
    """Everything as at the start: no leads, no tokens, no faults."""
    _state(request).begin_anew()
    faults: Faults = request.app.state.faults
    faults.replace([])
    _view(request).renew()
    return Response(status_code=204)


async def switches(request: Request) -> Response:
    """How the sandbox behaves where Creatio's behaviour is unknown or varies."""
    state = _state(request)
    if request.method == "PUT":
        try:
            state.switches.change(**await _body(request))
        except ValueError as exc:
            raise _wrong(str(exc)) from exc
        _view(request).renew()
    return json_answer(vars(state.switches))


async def faults(request: Request) -> Response:
    """These faults replace all others."""
    held: Faults = request.app.state.faults
    try:
        wanted = msgspec.json.decode(await request.body(), type=list[Fault])
        held.replace(wanted)
    except (msgspec.DecodeError, ValueError) as exc:
        raise _wrong(str(exc)) from exc
    _view(request).renew()
    return json_answer({"faults": len(wanted)})


async def clock(request: Request) -> Response:
    """Move the sandbox's time."""
    state = _state(request)
    body = await _body(request)
    offset = state.clock.offset_ms
    if "now" in body:
        offset += int(body["now"]) - state.clock.now_ms()
    state.move_clock(offset + int(body.get("advance_s", 0) * 1000))
    return json_answer({"now": state.clock.now_ms()})


async def log(request: Request) -> Response:
    """Requests received, from a number on."""
    since = int(request.query_params.get("since", 0))
    return json_answer([row for row in _state(request).log if row["number"] > since])


async def client(request: Request) -> Response:
    """Another secret, switched off or on, another lifetime of its tokens."""
    state = _state(request)
    client_id = request.path_params["client_id"]
    if client_id not in state.clients:
        raise _wrong("There is no such client.", 404)
    try:
        state.change_client(client_id, await _body(request))
    except msgspec.ValidationError as exc:
        raise _wrong(str(exc)) from exc
    return json_answer(state.clients[client_id])


async def user(request: Request) -> Response:
    """Other rights for a user."""
    state = _state(request)
    name = request.path_params["name"]
    if name not in state.world.users:
        raise _wrong("There is no such user.", 404)
    try:
        state.change_user(name, await _body(request))
    except msgspec.ValidationError as exc:
        raise _wrong(str(exc)) from exc
    return json_answer(state.world.users[name])


async def tokens(request: Request) -> Response:
    """A token of a client without its secret; `DELETE` ends those that are out."""
    state = _state(request)
    body = await _body(request)
    client_id = body.get("client_id")
    if client_id is not None and client_id not in state.clients:
        raise _wrong("There is no such client.", 404)
    if request.method == "DELETE":
        state.end_tokens(client_id)
        return Response(status_code=204)
    ours = state.clients[client_id] if client_id else next(iter(state.clients.values()))
    made = issue(state, ours, body.get("lifetime_s"))
    return json_answer(token_answer(state, made))


async def settings(request: Request) -> Response:
    """System settings by code are these."""
    state = _state(request)
    for code, value in (await _body(request)).items():
        if code not in state.world.settings:
            raise _wrong(f"There is no setting {code}.", 404)
        state.change_setting(code, value)
    return Response(status_code=204)


async def record(request: Request) -> Response:
    """Somebody at the instance makes, changes or deletes a record by hand."""
    state, view = _state(request), _view(request)
    entity = view.schema.get(request.path_params["set"])
    if entity is None:
        raise _wrong("There is no such object.", 404)
    administrator = next(iter(state.world.users.values()))
    desk = Desk(state, view, administrator)
    record_id = request.path_params["id"].lower()
    try:
        if request.method == "DELETE":
            desk.delete(entity, record_id)
        elif record_id in state.rows[entity.name]:
            desk.change(entity, record_id, await _body(request))
        else:
            desk.create(entity, {**await _body(request), "Id": record_id})
    except Refused:
        state.roll_back()
        raise
    state.commit()
    state.flush()
    return Response(status_code=204)
