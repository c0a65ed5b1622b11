"""Who calls: a token, or the cookies of a sign-in with a password."""

import secrets
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from creatio_sandbox.errors import HTML, LOGIN_PAGE, Refused, json_answer
from creatio_sandbox.state import State
from creatio_sandbox.world import User

_SESSION, _CSRF = ".ASPXAUTH", "BPMCSRF"
LOGIN = "/Login/NuiLogin.aspx"


class _Given(msgspec.Struct):
    UserName: str
    UserPassword: str


async def login(request: Request) -> Response:
    """Sign-in with name and password; a refusal is a 200, too."""
    state: State = request.app.state.sandbox
    try:
        given = msgspec.json.decode(await request.body(), type=_Given)
    except msgspec.DecodeError:
        return _outcome(1, "User name and password are needed.")
    user = state.world.users.get(given.UserName)
    if user is None or user.password != given.UserPassword:
        return _outcome(1, "You have entered an invalid user name or password.")
    session = secrets.token_hex(32)
    state.sign_in(session, user.name)
    answer = _outcome(0, "")
    answer.set_cookie("BPMLOADER", secrets.token_hex(12), httponly=True)
    answer.set_cookie(_SESSION, session, httponly=True)
    answer.set_cookie(_CSRF, csrf_of(session))
    answer.set_cookie("UserName", "".join(f"%{ord(one):02x}" for one in user.name))
    return answer


def _outcome(code: int, message: str) -> Response:
    refusal = {"Message": message, "Type": "System.Security.SecurityException"}
    return json_answer(
        {
            "Code": code,
            "Message": message,
            "Exception": refusal if code else None,
            "PasswordChangeUrl": None,
            "RedirectUrl": None,
        }
    )


def csrf_of(session: str) -> str:
    """The value that header and cookie must agree on."""
    return session[:22]


async def login_page(_request: Request) -> Response:
    """Where those land who are not signed in."""
    return Response(LOGIN_PAGE, media_type=HTML)


def identify(request: Request) -> User:
    """Whose rights the call has; raises Refused."""
    state: State = request.app.state.sandbox
    kind, _, access = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return _bearer(state, access.strip())
    user = state.sessions.get(request.cookies.get(_SESSION, ""))
    if user is None:
        raise _signed_out(request)
    if state.switches.csrf == "on":
        session = request.cookies[_SESSION]
        given = request.headers.get(_CSRF, "")
        if not secrets.compare_digest(given.encode(), csrf_of(session).encode()):
            raise Refused(403, "Forbidden", "text/plain")
    return state.world.users[user]


def _bearer(state: State, access: str) -> User:
    token = state.tokens.get(access)
    if token is None or token.expires_at <= state.clock.now_s():
        raise Refused(401, None, WWW_Authenticate='Bearer error="invalid_token"')
    if not state.clients[token.client_id].active:
        raise Refused(401, None, WWW_Authenticate='Bearer error="invalid_token"')
    return state.user_of(token.client_id)


def _signed_out(request: Request) -> Refused:
    if request.headers.get("ForceUseSession", "").lower() == "true":
        return Refused(401, None)
    back = quote(request.url.path, safe="")
    return Refused(302, None, Location=f"{LOGIN}?ReturnUrl={back}")
