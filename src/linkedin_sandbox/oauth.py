"""Sign-in, consent, tokens, introspection and who signed in."""

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.templating import Jinja2Templates

from linkedin_sandbox import openid
from linkedin_sandbox.errors import oauth_error, refuse
from linkedin_sandbox.gate import valid_token
from linkedin_sandbox.records import Code, Token
from linkedin_sandbox.state import State
from linkedin_sandbox.world import Application

CODE_SECONDS = 30 * 60
ACCESS_SECONDS = 60 * 24 * 3600
REFRESH_SECONDS = 365 * 24 * 3600
COOKIE = "sandbox_member"
_CANCELLED = {
    "cancel-login": "user_cancelled_login",
    "cancel": "user_cancelled_authorize",
}


def _templates(request: Request) -> Jinja2Templates:
    templates: Jinja2Templates = request.app.state.templates
    return templates


def _state(request: Request) -> State:
    state: State = request.app.state.sandbox
    return state


def _error_page(request: Request, text: str) -> Response:
    return _templates(request).TemplateResponse(
        request, "problem.html", {"text": text}, status_code=400
    )


def _application_for(
    request: Request, parameters: Mapping[str, str]
) -> Application | str:
    """The application that asks, or why LinkedIn shows its own error page."""
    application = _state(request).world.applications.get(
        parameters.get("client_id", "")
    )
    if application is None:
        return "The passed in client_id is invalid."
    redirect = parameters.get("redirect_uri", "")
    # What stands behind a question mark is not compared; a fragment never fits.
    registered = {uri.partition("?")[0] for uri in application.redirect_uris}
    if "#" in redirect or redirect.partition("?")[0] not in registered:
        return "The redirect_uri does not match the registered value."
    if parameters.get("response_type") != "code" or not parameters.get("state"):
        return "The request lacks response_type=code or state."
    return application


def _back(parameters: Mapping[str, str], **answer: str) -> Response:
    query = urlencode({**answer, "state": parameters["state"]})
    redirect = parameters["redirect_uri"]
    separator = "&" if "?" in redirect else "?"
    return RedirectResponse(f"{redirect}{separator}{query}", status_code=302)


def scopes_of(text: str) -> list[str]:
    """Scopes by blank or comma."""
    return text.replace(",", " ").split()


async def authorization(request: Request) -> Response:
    """The page on which a member signs in and consents."""
    if request.method == "POST":
        form = await request.form()
        values = {key: str(value) for key, value in form.items()}
        parameters = dict(parse_qsl(request.url.query, keep_blank_values=True))
        return _decide(request, parameters, values)
    parameters = dict(request.query_params)
    application = _application_for(request, parameters)
    if isinstance(application, str):
        return _error_page(request, application)
    foreign = _foreign_scope(application, parameters)
    if foreign is not None:
        description = f"Scope &quot;{foreign}&quot; is not authorized"
        return _back(
            parameters,
            error="unauthorized_scope_error",
            error_description=f"{description} for your application",
        )
    member = request.cookies.get(COOKIE, "")
    if _has_grant(_state(request), member, parameters):
        return _back(parameters, code=_new_code(_state(request), member, parameters))
    return _page(request, application, parameters, member)


def _page(
    request: Request, application: Application, parameters: Mapping[str, str], who: str
) -> Response:
    members = _state(request).world.members
    return _templates(request).TemplateResponse(
        request,
        "consent.html" if who in members else "sign_in.html",
        {
            "application": application,
            "members": members.values(),
            "member": members.get(who),
            "scopes": scopes_of(parameters.get("scope", "")),
        },
    )


def _foreign_scope(
    application: Application, parameters: Mapping[str, str]
) -> str | None:
    for scope in scopes_of(parameters.get("scope", "")):
        if scope not in application.scopes:
            return scope
    return None


def _has_grant(state: State, member: str, parameters: Mapping[str, str]) -> bool:
    wanted = set(scopes_of(parameters.get("scope", "")))
    return any(
        token.member == member
        and token.client_id == parameters["client_id"]
        and set(token.scopes) == wanted
        and token.state == "active"
        and token.expires_at > state.clock.now_s()
        for token in state.tokens.values()
    )


def _decide(
    request: Request, parameters: dict[str, str], values: Mapping[str, str]
) -> Response:
    application = _application_for(request, parameters)
    if isinstance(application, str):
        return _error_page(request, application)
    step = values.get("step", "")
    if step in _CANCELLED:
        return _back(parameters, error=_CANCELLED[step])
    if step == "sign-in":
        answer = RedirectResponse(str(request.url), status_code=303)
        answer.set_cookie(COOKIE, values.get("member", ""), samesite="lax")
        return answer
    if step == "other":
        answer = RedirectResponse(str(request.url), status_code=303)
        answer.delete_cookie(COOKIE)
        return answer
    member = request.cookies.get(COOKIE, "")
    if member not in _state(request).world.members:
        return RedirectResponse(str(request.url), status_code=303)
    return _back(parameters, code=_new_code(_state(request), member, parameters))


def _new_code(state: State, member: str, parameters: Mapping[str, str]) -> str:
    code = f"AQT{secrets.token_urlsafe(90)}"
    state.codes[code] = Code(
        member=member,
        client_id=parameters["client_id"],
        redirect_uri=parameters["redirect_uri"],
        scopes=scopes_of(parameters.get("scope", "")),
        until=state.clock.now_s() + CODE_SECONDS,
        nonce=parameters.get("nonce"),
    )
    return code


async def _form(request: Request) -> dict[str, str]:
    form = await request.form()
    return {
        **dict(request.query_params),
        **{key: str(value) for key, value in form.items()},
    }


def _require(form: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not form.get(name):
            description = f'A required parameter "{name}" is missing'
            raise oauth_error("invalid_request", description)


def _client(state: State, form: Mapping[str, str]) -> Application:
    application = state.world.applications.get(form["client_id"])
    if application is None or application.client_secret != form["client_secret"]:
        raise oauth_error("invalid_client", "Client authentication failed", 401)
    return application


async def access_token(request: Request) -> Response:
    """A code or a refresh token becomes an access token."""
    state = _state(request)
    form = await _form(request)
    _require(form, "grant_type", "client_id", "client_secret")
    application = _client(state, form)
    if form["grant_type"] == "refresh_token":
        return _refresh(state, application, form)
    _require(form, "code", "redirect_uri")
    code = state.codes.pop(form["code"], None)
    if code is None:
        raise oauth_error(
            "invalid_request",
            "Unable to retrieve access token: authorization code not found",
        )
    given = (form["client_id"], form["redirect_uri"])
    is_late = code.until < state.clock.now_s()
    if given != (code.client_id, code.redirect_uri) or is_late:
        raise oauth_error(
            "invalid_redirect_uri",
            "Unable to retrieve access token: appid/redirect uri/code verifier does "
            "not match authorization code. Or authorization code expired.",
        )
    scopes = code.scopes
    if getattr(request.state, "fewer_scopes", False):
        scopes = [scope for scope in scopes if scope != "r_organization_admin"]
    token = issue(state, application, member=code.member, scopes=scopes)
    answer = token_answer(state, token)
    if "openid" in scopes:
        issuer = openid.issuer_of(request)
        answer["id_token"] = openid.id_token(state, token, issuer, code.nonce)
    return JSONResponse(answer)


def issue(
    state: State,
    application: Application,
    *,
    member: str,
    scopes: list[str],
    consented_at: int | None = None,
    refresh: str | None = None,
) -> Token:
    """A new access token, with a refresh token where the application has them."""
    now = state.clock.now_s()
    since = consented_at if consented_at is not None else now
    has_refresh = application.refresh_tokens and state.switches.refresh_tokens == "on"
    if refresh is None and has_refresh:
        refresh = f"AQW{secrets.token_urlsafe(350)}"
    token = Token(
        access=f"AQX{secrets.token_urlsafe(350)}",
        refresh=refresh,
        client_id=application.client_id,
        member=member,
        scopes=scopes,
        issued_at=now,
        expires_at=min(now + ACCESS_SECONDS, since + REFRESH_SECONDS),
        consented_at=since,
    )
    state.add_token(token)
    return token


def token_answer(state: State, token: Token) -> dict[str, object]:
    """What the token endpoint answers."""
    now = state.clock.now_s()
    separator = " " if state.switches.scope_separator == "space" else ","
    answer: dict[str, object] = {
        "access_token": token.access,
        "expires_in": token.expires_at - now,
        "scope": separator.join(token.scopes),
        "token_type": "Bearer",
    }
    if token.refresh is not None:
        answer["refresh_token"] = token.refresh
        # The year began with the consent and is never extended.
        answer["refresh_token_expires_in"] = token.consented_at + REFRESH_SECONDS - now
    return answer


def _refresh(
    state: State, application: Application, form: Mapping[str, str]
) -> Response:
    _require(form, "refresh_token")
    holders = [
        token
        for token in state.tokens.values()
        if token.refresh == form["refresh_token"]
        and token.client_id == application.client_id
    ]
    now = state.clock.now_s()
    if (
        not holders
        or holders[-1].state == "revoked"
        or holders[-1].consented_at + REFRESH_SECONDS <= now
    ):
        raise oauth_error(
            "invalid_request",
            "The provided authorization grant or refresh token is invalid, expired "
            "or revoked",
        )
    held = holders[-1]
    token = issue(
        state,
        application,
        member=held.member,
        scopes=held.scopes,
        consented_at=held.consented_at,
        refresh=held.refresh,
    )
    return JSONResponse(token_answer(state, token))


async def introspect(request: Request) -> Response:
    """What a token is worth; times in seconds."""
    state = _state(request)
    form = await _form(request)
    _require(form, "client_id", "client_secret", "token")
    _client(state, form)
    token = state.tokens.get(form["token"])
    if token is None:
        raise oauth_error("invalid_request", "Invalid token")
    if token.client_id != form["client_id"]:
        return JSONResponse({"active": False})
    expired = token.expires_at <= state.clock.now_s()
    status = "expired" if token.state == "active" and expired else token.state
    return JSONResponse(
        {
            "active": status == "active",
            "client_id": token.client_id,
            "authorized_at": token.consented_at,
            "created_at": token.issued_at,
            "status": status,
            "expires_at": token.expires_at,
            "scope": ",".join(token.scopes),
            "auth_type": "3L",
        }
    )


async def revoke(request: Request) -> Response:
    """One token ends; whether LinkedIn has this address is not known."""
    state = _state(request)
    form = await _form(request)
    _require(form, "client_id", "client_secret", "token")
    _client(state, form)
    token = state.tokens.get(form["token"])
    if token is not None and token.client_id == form["client_id"]:
        state.end_token(token)
    return Response(status_code=200)


async def userinfo(request: Request) -> Response:
    """Who signed in; no version header is needed."""
    state = _state(request)
    token = valid_token(request, state)
    if "openid" not in token.scopes:
        message = "Not enough permissions to access: userinfo.GET.NO_VERSION"
        raise refuse(403, "ACCESS_DENIED", message, 100)
    return JSONResponse(openid.claims(state, token))
