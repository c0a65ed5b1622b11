"""The gate of the REST API: route, method, version, token, scope, quota, parameters."""

import secrets
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from linkedin_sandbox.calls import Call, Created, read_projection
from linkedin_sandbox.errors import (
    TOKEN_ERRORS,
    invalid,
    json_answer,
    not_found,
    refuse,
    throttled,
)
from linkedin_sandbox.records import DAY_MS, Token
from linkedin_sandbox.restli import Value, read, read_version_1, split_query
from linkedin_sandbox.routes import BY_NAME, RESOURCES, Method
from linkedin_sandbox.state import State

_PROTOCOL = "2.0.0"
_LONGEST_BODY = 4_000_000
_COMMON = ("fields",)


@dataclass(frozen=True)
class _Target:
    """Where a path leads."""

    resource: str
    key: str
    account_key: str
    below_account: bool


async def rest(request: Request) -> Response:
    """One call of `/rest/…`; raises Refusal."""
    state: State = request.app.state.sandbox
    target = _target(request)
    verb, query, body = await _untunnelled(request)
    method = _method(request, target, verb, query)
    token = _admit(request, state, method)
    parameters = _parameters(request, state, method, query)
    call = Call(
        state=state,
        pusher=request.app.state.pusher,
        token=token,
        parameters=parameters,
        fields=read_projection(parameters.pop("fields", None)),
        key=target.key,
        account_key=target.account_key,
        body=body,
        short_page=getattr(request.state, "short_page", False),
    )
    request.state.entry["handler"] = method.name
    answer = await method.handler(call)
    headers = _headers(request)
    if isinstance(answer, Created):
        headers["x-restli-id"] = answer.id
        return Response(status_code=201, headers=headers)
    if answer is None:
        return Response(status_code=204, headers=headers)
    return json_answer(answer, headers=headers)


def _headers(request: Request) -> dict[str, str]:
    version = request.headers.get("x-restli-protocol-version", "1.0.0")
    return {
        "x-li-fabric": "sandbox",
        "x-li-pop": "sandbox",
        "x-li-proto": "http/1.1",
        "x-li-request-id": secrets.token_hex(8),
        "x-li-uuid": secrets.token_hex(16),
        "x-restli-protocol-version": version if version == _PROTOCOL else "1.0.0",
    }


def _target(request: Request) -> _Target:
    raw = request.scope.get("raw_path") or request.url.path.encode()
    parts = [unquote(part) for part in raw.decode("ascii", "replace").split("/")[2:]]
    if len(parts) in {3, 4} and parts[0] == "adAccounts":
        resource, account_key, below = parts[2], parts[1], True
        key = parts[3] if len(parts) == 4 else ""
    elif len(parts) in {1, 2}:
        resource, account_key, below = parts[0], "", False
        key = parts[1] if len(parts) == 2 else ""
    else:
        raise not_found()
    if (below, resource) not in RESOURCES:
        raise not_found()
    return _Target(resource, key, account_key, below)


async def _untunnelled(request: Request) -> tuple[str, str, bytes]:
    """Verb, query and body; a long query may come as the body of a POST."""
    query = request.scope["query_string"].decode("ascii", "replace")
    body = await request.body()
    if len(body) > _LONGEST_BODY:
        raise refuse(413, "BAD_REQUEST", "The body is too long.")
    override = request.headers.get("x-http-method-override", "")
    if request.method == "POST" and override:
        if query:
            raise invalid("A tunnelled query stands in the body alone")
        return override.upper(), body.decode("ascii", "replace"), b""
    return request.method, query, body


def _method(request: Request, target: _Target, verb: str, query: str) -> Method:
    names = {pair.partition("=")[0] for pair in query.split("&")}
    finder = ""
    if verb == "GET" and target.key:
        kind = "GET"
    elif verb == "GET" and any(name.partition("[")[0] == "ids" for name in names):
        kind = "BATCH_GET"
    elif verb == "GET" and "q" in names:
        kind = "FINDER"
        asked = next(pair for pair in query.split("&") if pair.startswith("q="))
        finder = unquote(asked[2:])
    elif verb == "GET":
        kind = "GET_ALL"
    elif verb == "POST":
        kind = "PARTIAL_UPDATE" if target.key else "CREATE"
    elif verb == "DELETE" and target.key:
        kind = "DELETE"
    else:
        raise refuse(405, "METHOD_NOT_ALLOWED", "This method is not supported.")
    told = request.headers.get("x-restli-method", kind).upper()
    if told != kind:
        raise refuse(400, "BAD_REQUEST", f"X-RestLi-Method {told[:40]} is not {kind}")
    place = (target.below_account, target.resource, kind, finder)
    if place not in BY_NAME:
        if kind == "FINDER":
            raise invalid(f"There is no finder {finder[:80]}")
        raise refuse(405, "METHOD_NOT_ALLOWED", f"{kind} is not supported here.")
    return BY_NAME[place]


def _admit(request: Request, state: State, method: Method) -> Token:
    """Version, token, scope and quota, as LinkedIn's gateway checks them."""
    version = request.headers.get("linkedin-version")
    if not version:
        raise refuse(
            400,
            "VERSION_MISSING",
            "A version must be present. Please specify a version by adding the "
            "LinkedIn-Version header.",
        )
    if version not in state.switches.versions.split(","):
        message = f"Requested version {version[:40]}01 is not active"
        raise refuse(426, "NONEXISTENT_VERSION", message)
    token = valid_token(request, state)
    if not set(method.scopes) & set(token.scopes):
        what = f"Not enough permissions to access: {method.name}.{version}01"
        raise refuse(403, "ACCESS_DENIED", what, 100)
    _count(state, token, method.resource)
    return token


def valid_token(request: Request, state: State) -> Token:
    """The bearer token, if it may still be used."""
    header = request.headers.get("authorization", "")
    if not header.startswith("Bearer "):
        raise refuse(401, None, "Empty oauth2_access_token", 401)
    token = state.tokens.get(header.removeprefix("Bearer "))
    now = state.clock.now_s()
    if token is None:
        raise TOKEN_ERRORS["invalid"]
    if token.state != "active":
        raise TOKEN_ERRORS[token.state]
    if token.expires_at <= now:
        raise TOKEN_ERRORS["expired"]
    if now < token.issued_at + state.switches.fresh_token_refused_s:
        # A new token is not known everywhere at once.
        raise TOKEN_ERRORS["revoked"]
    return token


def _count(state: State, token: Token, resource: str) -> None:
    """Two counters per endpoint and UTC day: of the application and of the member."""
    day = state.clock.now_ms() // DAY_MS
    keys = (
        (resource, token.client_id, day),
        (resource, token.client_id, token.member, day),
    )
    for key, most in zip(keys, state.quotas.get(resource, ()), strict=False):
        if most and state.calls[key] >= most:
            raise throttled()
    for key in keys:
        state.calls[key] += 1


def _parameters(
    request: Request, state: State, method: Method, query: str
) -> dict[str, Value]:
    allowed = (*method.parameters, *_COMMON)
    switches = state.switches
    is_strict = method.is_strict
    if request.headers.get("x-restli-protocol-version") != _PROTOCOL:
        if is_strict and switches.lead_finders_without_protocol == "refuse":
            raise invalid("Invalid query parameters passed to request")
        if not is_strict and switches.elsewhere_without_protocol == "refuse":
            raise invalid("X-Restli-Protocol-Version 2.0.0 is required")
        if not is_strict:
            return read_version_1(query, allowed=allowed)
    raw = split_query(query, allowed=allowed)
    # A projection has a grammar of its own.
    return {
        name: value if name == "fields" else read(name, value)
        for name, value in raw.items()
    }
