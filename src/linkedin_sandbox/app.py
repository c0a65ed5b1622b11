"""The sandbox as one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from linkedin_sandbox import control, notices, oauth, openid, pages, truth
from linkedin_sandbox.errors import Refusal
from linkedin_sandbox.faults import Answering, Faults
from linkedin_sandbox.gate import rest
from linkedin_sandbox.state import State

_HERE = Path(str(resources.files("linkedin_sandbox")))


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for it only
    return error.answer()


async def _unknown(_request: Request, _error: Exception) -> Response:
    return JSONResponse(
        {"status": 404, "code": "NOT_FOUND", "message": "Not Found."}, status_code=404
    )


def watched(answer: Answering, endpoint: str = "") -> Answering:
    """A call of the API: noted, kept waiting, and struck by the faults in force."""

    async def watch(request: Request) -> Response:
        state: State = request.app.state.sandbox
        entry = _note(state, request)
        request.state.entry = entry
        if state.switches.latency_ms:
            await asyncio.sleep(state.switches.latency_ms / 1000)
        faults: Faults = request.app.state.faults
        name = endpoint or endpoint_of(request.url.path)
        try:
            made = await faults.answer(request, name, answer)
        except Refusal as refusal:
            made = refusal.answer()
        entry["status"] = made.status_code
        return made

    return watch


def endpoint_of(path: str) -> str:
    """`/rest/adAccounts/1/adCampaigns/2` -> `adCampaigns`."""
    parts = path.strip("/").split("/")[1:]
    below = len(parts) > 2 and parts[0] == "adAccounts"
    return parts[2] if below else parts[0]


def _note(state: State, request: Request) -> dict[str, object]:
    state.logged += 1
    entry: dict[str, object] = {
        "number": state.logged,
        "at": state.clock.now_ms(),
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "headers": dict(request.headers),
    }
    state.log.append(entry)
    return entry


_VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_CONTROL = [
    Route("/world", control.world),
    Route("/apps/{client_id}", control.application, methods=["PUT"]),
    Route("/reset", control.reset, methods=["POST"]),
    Route("/switches", control.switches, methods=["GET", "PUT"]),
    Route("/quotas", control.quotas, methods=["PUT"]),
    Route("/subscriptions", control.subscriptions),
    Route("/subscriptions/{id:int}/check", control.check, methods=["POST"]),
    Route("/tokens", control.tokens, methods=["POST"]),
    Route("/tokens/{member}", control.end_tokens, methods=["PUT"]),
    Route("/leads", control.leads, methods=["POST"]),
    Route("/leads/{id}", control.delete_lead, methods=["DELETE"]),
    Route("/forms/{id}", control.change_form, methods=["PUT"]),
    Route("/faults", control.faults, methods=["PUT"]),
    Route("/clock", control.clock, methods=["PUT"]),
    Route("/log", control.log),
    Route("/pushes", control.pushes),
    Route("/truth", truth.truth),
]


_SIGN_IN = [
    Route("/oauth/v2/authorization", oauth.authorization, methods=["GET", "POST"]),
    Route(
        "/oauth/v2/accessToken",
        watched(oauth.access_token, "accessToken"),
        methods=["POST"],
    ),
    Route(
        "/oauth/v2/introspectToken",
        watched(oauth.introspect, "introspectToken"),
        methods=["POST"],
    ),
    Route("/oauth/v2/revoke", watched(oauth.revoke, "revoke"), methods=["POST"]),
    Route("/v2/userinfo", watched(oauth.userinfo, "userinfo")),
    Route("/oauth/.well-known/openid-configuration", openid.configuration),
    Route("/oauth/openid/jwks", openid.keys),
]


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    looking = asyncio.create_task(app.state.pusher.keep_looking())
    yield
    looking.cancel()


def make_app(state: State, faults: Faults) -> Starlette:
    """The application around a state."""
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/sign-out", pages.sign_out, methods=["POST"]),
            Route("/forms/{id:int}", pages.fill),
            Route("/forms/{id:int}", pages.send, methods=["POST"]),
            Route("/forms/{id:int}/thanks", pages.thanks),
            Route("/permitted-services", pages.permitted_services),
            Route("/permitted-services", pages.remove_service, methods=["POST"]),
            *_SIGN_IN,
            Route("/rest/{path:path}", watched(rest), methods=_VERBS),
            Mount("/_sandbox", routes=_CONTROL),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        exception_handlers={Refusal: _refused, 404: _unknown},
        lifespan=_lifespan,
    )
    app.state.sandbox = state
    app.state.faults = faults
    app.state.pusher = notices.Pusher(state)
    app.state.templates = Jinja2Templates(directory=_HERE / "templates")
    return app
