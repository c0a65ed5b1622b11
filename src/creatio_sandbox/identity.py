"""The identity service: tokens for clients, and where to find them."""

import base64
import binascii
import secrets
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from creatio_sandbox.errors import HTML, JSON, LOGIN_PAGE, Refused, json_answer
from creatio_sandbox.state import State, Token
from creatio_sandbox.view import View
from creatio_sandbox.world import Client

_GRANTS_OF_PEOPLE = {"authorization_code", "refresh_token", "implicit", "password"}
_ENDPOINTS = {
    "jwks_uri": ".well-known/openid-configuration/jwks",
    "authorization_endpoint": "connect/authorize",
    "token_endpoint": "connect/token",
    "userinfo_endpoint": "connect/userinfo",
    "end_session_endpoint": "connect/endsession",
    "check_session_iframe": "connect/checksession",
    "revocation_endpoint": "connect/revocation",
    "introspection_endpoint": "connect/introspect",
    "device_authorization_endpoint": "connect/deviceauthorization",
}


def _place(request: Request) -> str:
    if request.app.state.is_identity_alone:
        return "own"
    return "0" if request.url.path.startswith("/0/") else "root"


def _check_place(request: Request, state: State) -> None:
    if _place(request) in state.switches.identity.split(","):
        return
    if state.switches.wrong_identity == "html":
        raise Refused(200, LOGIN_PAGE, HTML)
    raise Refused(404, "<html><body>404 Not Found</body></html>", HTML)


async def configuration(request: Request) -> Response:
    """Where everything is, for clients that ask."""
    _check_place(request, request.app.state.sandbox)
    base = str(request.base_url)
    issuer = f"{base}0" if _place(request) == "0" else base.rstrip("/")
    return json_answer(
        {
            "issuer": issuer,
            **{name: f"{issuer}/{path}" for name, path in _ENDPOINTS.items()},
            "scopes_supported": ["offline_access"],
            "grant_types_supported": [
                "authorization_code",
                "client_credentials",
                "refresh_token",
                "implicit",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
        }
    )


async def token(request: Request) -> Response:
    """An access token for a client that proves its secret."""
    state: State = request.app.state.sandbox
    _check_place(request, state)
    form = await request.form()
    given = {name: text for name, text in form.items() if isinstance(text, str)}
    client_id, secret = given.get("client_id"), given.get("client_secret")
    if client_id is None:
        client_id, secret = _basic(request)
    grant = given.get("grant_type")
    if not grant or not client_id or not secret:
        raise _error("invalid_request")
    client = state.clients.get(client_id)
    if client is None or not _proves(request.app.state.view, client, secret):
        raise _error("invalid_client")
    if grant != "client_credentials":
        is_known = grant in _GRANTS_OF_PEOPLE
        raise _error("unauthorized_client" if is_known else "unsupported_grant_type")
    if given.get("scope") not in {None, "", client.scope}:
        raise _error("invalid_scope")
    made = issue(state, client)
    return json_answer(token_answer(state, made))


def _basic(request: Request) -> tuple[str | None, str | None]:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None, None
    try:
        name, _, secret = base64.b64decode(text).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return unquote(name), unquote(secret)


def _proves(view: View, client: Client, secret: str) -> bool:
    if not client.active:
        return False
    for fault in view.faults.lasting("secret-changed", "client-off"):
        if fault.value in {"", client.client_id}:
            return False
    return secrets.compare_digest(secret.encode(), client.secret.encode())


def issue(state: State, client: Client, lifetime_s: int | None = None) -> Token:
    """A new token of a client."""
    lasts = lifetime_s or client.lifetime_s or state.switches.token_lifetime_s
    access = f"eyJ{secrets.token_urlsafe(48)}"
    made = Token(access, client.client_id, state.clock.now_s() + lasts)
    state.add_token(made)
    return made


def token_answer(state: State, made: Token) -> dict[str, object]:
    """How a token is handed over."""
    return {
        "access_token": made.access,
        "expires_in": made.expires_at - state.clock.now_s(),
        "token_type": "Bearer",
        "scope": state.clients[made.client_id].scope,
    }


def _error(code: str) -> Refused:
    return Refused(400, {"error": code}, JSON)
