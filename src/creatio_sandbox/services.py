"""Services beside OData: health, and system settings."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from creatio_sandbox.errors import Refused, json_answer, unsuccessful
from creatio_sandbox.signin import identify
from creatio_sandbox.state import State
from creatio_sandbox.view import View
from creatio_sandbox.world import User

_TYPES = {
    "Boolean": 12, "DateTime": 7, "Date": 8, "Float": 5, "Integer": 4, "Lookup": 10,
    "Money": 6, "SecureText": 24, "Time": 9,
}  # fmt: skip


async def ping(_request: Request) -> Response:
    """Tells which runtime it is: it answers under its root only."""
    return Response("Pong", media_type="text/plain")


async def keep_alive(request: Request) -> Response:
    """Keeps a sign-in with cookies alive; here it lives until it is ended."""
    identify(request)
    return Response(status_code=200)


async def oauth_health(request: Request) -> Response:
    """Whether the instance reaches its identity service."""
    view: View = request.app.state.view
    identify(request)
    down = view.faults.strikes_now("token")
    told = {
        "HasProblem": down,
        "IsSystemSettingsFilledIn": True,
        "IsIdentityServiceAvailable": not down,
        "IsAccessTokenRetrievableForSystemActions": not down,
    }
    if down:
        return json_answer(
            {**told, "Message": "Identity service is not available."}, 500
        )
    return json_answer(told)


async def _body(request: Request) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(await request.body(), type=dict[str, Any])
    except msgspec.DecodeError as exc:
        raise Refused(500, unsuccessful("SerializationException", str(exc))) from exc


def _user(request: Request) -> User:
    user = identify(request)
    if not user.may("r", "SysSettings"):
        told = "Current user does not have permissions for system settings."
        raise Refused(403, unsuccessful("SecurityException", told))
    return user


async def query_settings(request: Request) -> Response:
    """The values of system settings."""
    state: State = request.app.state.sandbox
    _user(request)
    names = (await _body(request)).get("sysSettingsNameCollection") or []
    found = {
        code: state.world.settings[code]
        for code in names
        if isinstance(code, str) and code in state.world.settings
    }
    values = {
        code: {
            "code": code,
            "name": one.name,
            "dataValueType": _TYPES.get(one.type, 1),
            "value": one.value,
            "isCacheable": True,
        }
        for code, one in found.items()
    }
    missing = [code for code in names if code not in found]
    return json_answer({"success": True, "values": values, "notFoundSettings": missing})


async def post_settings(request: Request) -> Response:
    """Other values for system settings."""
    state: State = request.app.state.sandbox
    user = _user(request)
    if not user.may("u", "SysSettings"):
        told = "Current user may not change system settings."
        raise Refused(403, unsuccessful("SecurityException", told))
    values = (await _body(request)).get("sysSettingsValues") or {}
    results = {code: code in state.world.settings for code in values}
    for code, is_known in results.items():
        if is_known:
            state.change_setting(code, values[code])
    return json_answer({"success": all(results.values()), "saveResult": results})
