"""The sandbox as one ASGI application."""

import asyncio
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from creatio_sandbox import control, identity, pages, services, signin, truth
from creatio_sandbox.batch import answer_batch
from creatio_sandbox.errors import HTML, Refused, bad, respond
from creatio_sandbox.faults import Answering, Faults
from creatio_sandbox.odata import Call, handle
from creatio_sandbox.records import Desk
from creatio_sandbox.state import State
from creatio_sandbox.view import View

_HERE = Path(str(resources.files("creatio_sandbox")))
_VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# Decimals keep every digit that was sent.
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_COMPATIBLE = "ieee754compatible=true"
_NO_PAGE = "<html><body>404 Not Found</body></html>"


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for it only
    return respond(error.answer)


async def _unknown(_request: Request, _error: Exception) -> Response:
    return Response(_NO_PAGE, 404, media_type=HTML)


def watched(answer: Answering, endpoint: str = "") -> Answering:
    """A call of the API: noted, kept waiting, and struck by the faults in force."""

    async def watch(request: Request) -> Response:
        state: State = request.app.state.sandbox
        entry = _note(state, request)
        request.state.entry = entry
        if state.switches.latency_ms:
            await asyncio.sleep(state.switches.latency_ms / 1000)
        faults: Faults = request.app.state.faults
        name = endpoint or endpoint_of(request.path_params["path"])
        try:
            made = await faults.answer(request, name, answer)
        except Refused as refused:
            made = respond(refused.answer)
        entry["status"] = made.status_code
        return made

    return watch


def rooted(answer: Answering) -> Answering:
    """A service that stands under the runtime's root, and is no page elsewhere."""

    async def check(request: Request) -> Response:
        state: State = request.app.state.sandbox
        is_below = request.url.path.startswith("/0/")
        if is_below != (state.switches.runtime == "framework"):
            return Response(_NO_PAGE, 404, media_type=HTML)
        return await answer(request)

    return check


def endpoint_of(path: str) -> str:
    """`Lead(5d0b…)/Email` -> `Lead`."""
    first = path.strip("/").partition("/")[0]
    return first.partition("(")[0] or "odata"


def _note(state: State, request: Request) -> dict[str, Any]:
    state.logged += 1
    entry: dict[str, Any] = {
        "number": state.logged,
        "at": state.clock.now_ms(),
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "headers": dict(request.headers),
    }
    state.log.append(entry)
    return entry


def _root(request: Request) -> str:
    below = "0/" if request.url.path.startswith("/0/") else ""
    return f"{request.base_url}{below}".rstrip("/")


async def odata(request: Request) -> Response:
    """One call of the OData service; what it changed is committed, or nothing is."""
    state: State = request.app.state.sandbox
    user = signin.identify(request)
    body = await _body(request, state)
    sent = request.headers.get("content-type", "").replace(" ", "").lower()
    desk = Desk(state, request.app.state.view, user, _COMPATIBLE in sent)
    path, root = request.path_params["path"], _root(request)
    try:
        if path.strip("/") == "$batch" and request.method == "POST":
            parts = state.log_parts(request.state.entry)
            goes_on = "continue-on-error" in request.headers.get("prefer", "")
            answer = answer_batch(desk, body, root, goes_on=goes_on, log=parts)
        else:
            call = Call(request.method, path, request.url.query, body, root)
            answer = handle(desk, call)
            state.commit()
    except Refused:
        state.roll_back()
        raise
    finally:
        state.flush()
    answer.headers.setdefault("OData-Version", "4.0")
    accepted = request.headers.get("accept", "").replace(" ", "").lower()
    return respond(answer, text_decimals=_COMPATIBLE in accepted)


async def _body(request: Request, state: State) -> Any:
    if request.method in {"GET", "HEAD", "DELETE"}:
        return None
    raw = await request.body()
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        if state.switches.form_bodies == "refuse":
            raise Refused(415, {"Message": "The media type is not supported."})
        return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))
    try:
        return _DECODER.decode(raw)
    except msgspec.DecodeError as exc:
        raise bad("The request is invalid.", f"The body is not JSON: {exc}") from exc


_CONTROL = [
    Route("/world", control.world),
    Route("/reset", control.reset, methods=["POST"]),
    Route("/switches", control.switches, methods=["GET", "PUT"]),
    Route("/faults", control.faults, methods=["PUT"]),
    Route("/clock", control.clock, methods=["PUT"]),
    Route("/log", control.log),
    Route("/truth", truth.truth),
    Route("/clients/{client_id}", control.client, methods=["PUT"]),
    Route("/users/{name}", control.user, methods=["PUT"]),
    Route("/tokens", control.tokens, methods=["POST", "DELETE"]),
    Route("/settings", control.settings, methods=["PUT"]),
    Route("/records/{set}/{id}", control.record, methods=["PUT", "DELETE"]),
]


def _identity(prefix: str) -> list[BaseRoute]:
    return [
        Route(
            f"{prefix}/connect/token",
            watched(identity.token, "token"),
            methods=["POST"],
        ),
        Route(
            f"{prefix}/.well-known/openid-configuration",
            watched(identity.configuration, "openid-configuration"),
        ),
    ]


def _services(prefix: str) -> list[BaseRoute]:
    settings = f"{prefix}/DataService/json/SyncReply"
    return [
        Route(f"{prefix}/odata", watched(rooted(_at_root), "odata"), methods=["GET"]),
        Route(f"{prefix}/odata/{{path:path}}", watched(rooted(odata)), methods=_VERBS),
        Route(f"{prefix}/ping", watched(rooted(services.keep_alive), "ping")),
        Route(f"{prefix}/api/HealthCheck/Ping", watched(rooted(services.ping), "ping")),
        Route(
            f"{prefix}/api/OAuthHealthCheck",
            watched(rooted(services.oauth_health), "health"),
        ),
        Route(
            f"{settings}/QuerySysSettings",
            watched(rooted(services.query_settings), "settings"),
            methods=["POST"],
        ),
        Route(
            f"{settings}/PostSysSettingsValues",
            watched(rooted(services.post_settings), "settings"),
            methods=["POST"],
        ),
    ]


async def _no_such_method(_request: Request) -> Response:
    return Response("Forbidden", 403, media_type="text/plain")


async def _at_root(request: Request) -> Response:
    request.path_params["path"] = ""
    return await odata(request)


def make_app(state: State, faults: Faults, view: View) -> Starlette:
    """The instance around a state."""
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/leads/{id}", pages.lead),
            Route(signin.LOGIN, signin.login_page),
            Route(
                "/ServiceModel/AuthService.svc/Login",
                watched(signin.login, "login"),
                methods=["POST"],
            ),
            Route(
                "/ServiceModel/AuthService.svc/{name}", _no_such_method, methods=_VERBS
            ),
            *_identity("/0"),
            *_identity(""),
            *_services("/0"),
            *_services(""),
            Mount("/_sandbox", routes=_CONTROL),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        exception_handlers={Refused: _refused, 404: _unknown},
    )
    return _held(app, state, faults, view)


def make_identity_app(state: State, faults: Faults, view: View) -> Starlette:
    """The identity service on a host of its own."""
    app = Starlette(
        routes=_identity(""), exception_handlers={Refused: _refused, 404: _unknown}
    )
    _held(app, state, faults, view)
    app.state.is_identity_alone = True
    return app


def _held(app: Starlette, state: State, faults: Faults, view: View) -> Starlette:
    app.state.sandbox = state
    app.state.faults = faults
    app.state.view = view
    app.state.is_identity_alone = False
    app.state.templates = Jinja2Templates(directory=_HERE / "templates")
    return app
