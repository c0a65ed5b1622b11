"""The sandbox as one ASGI application."""

import asyncio
from importlib import resources
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from linkedin_sandbox import ads, control, leads, notices, oauth, pages
from linkedin_sandbox.errors import Refusal
from linkedin_sandbox.faults import Faults, answer_with
from linkedin_sandbox.state import State

_HERE = Path(str(resources.files("linkedin_sandbox")))


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for it only
    return error.answer()


async def _unknown(_request: Request, _error: Exception) -> Response:
    return JSONResponse(
        {"status": 404, "code": "NOT_FOUND", "message": "Not Found."}, status_code=404
    )


class Gate(BaseHTTPMiddleware):
    """Logs each call of the API, lets time pass, and strikes with faults."""

    async def dispatch(
        self, request: Request, call_next: RequestResponseEndpoint
    ) -> Response:
        """One request."""
        endpoint = endpoint_of(request.url.path)
        if endpoint is None:
            return await call_next(request)
        state: State = request.app.state.sandbox
        query = request.url.query
        entry = _note(state, request)
        if state.settings.latency_ms:
            await asyncio.sleep(state.settings.latency_ms / 1000)
        faults: Faults = request.app.state.faults
        fault = faults.strike(endpoint, is_batch="ids=List(" in query)
        answer = await answer_with(fault, request, call_next)
        entry["status"] = answer.status_code
        return answer


def endpoint_of(path: str) -> str | None:
    """`/rest/adAccounts/1/adCampaigns/2` -> `adCampaigns`; none for other pages."""
    parts = path.strip("/").split("/")
    if parts[0] == "rest" and len(parts) > 1:
        below = len(parts) > 3 and parts[1] == "adAccounts"
        return parts[3] if below else parts[1]
    if parts[0] in {"oauth", "v2"}:
        return parts[-1]
    return None


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


_REST = [
    Route("/adAccountUsers", ads.ad_account_users),
    Route("/adAccounts", ads.ad_accounts),
    Route("/adAccounts/{account:int}", ads.ad_account),
    Route("/adAccounts/{account:int}/adCampaigns", ads.campaigns),
    Route("/adAccounts/{account:int}/adCampaigns/{id}", ads.campaign),
    Route("/adAccounts/{account:int}/adCampaignGroups", ads.campaign_groups),
    Route("/adAccounts/{account:int}/adCampaignGroups/{id}", ads.campaign_group),
    Route("/adAccounts/{account:int}/creatives", ads.creatives),
    Route("/adAccounts/{account:int}/creatives/{urn}", ads.creative),
    Route("/organizationAcls", ads.organization_acls),
    Route("/leadForms", leads.lead_forms),
    Route("/leadForms/{id}", leads.lead_form),
    Route("/leadFormResponses", leads.responses),
    Route("/leadFormResponses/{id}", leads.response),
    Route("/leadNotifications", notices.subscriptions, methods=["GET", "POST"]),
    Route("/leadNotifications/{id}", notices.subscription, methods=["GET", "DELETE"]),
]
# A long query comes as the body of a POST.
for _route in _REST:
    if _route.methods is not None:
        _route.methods.add("POST")

_CONTROL = [
    Route("/world", control.world),
    Route("/apps/{client_id}", control.application, methods=["PUT"]),
    Route("/reset", control.reset, methods=["POST"]),
    Route("/tokens", control.tokens, methods=["POST"]),
    Route("/tokens/{member}", control.end_tokens, methods=["PUT"]),
    Route("/leads", control.leads, methods=["POST"]),
    Route("/leads/{id}", control.delete_lead, methods=["DELETE"]),
    Route("/forms/{id}", control.change_form, methods=["PUT"]),
    Route("/faults", control.faults, methods=["PUT"]),
    Route("/clock", control.clock, methods=["PUT"]),
    Route("/log", control.log),
    Route("/pushes", control.pushes),
    Route("/truth", control.truth),
]


def make_app(state: State, faults: Faults) -> Starlette:
    """The application around a state."""
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/sign-out", pages.sign_out, methods=["POST"]),
            Route("/forms/{id:int}", pages.fill),
            Route("/forms/{id:int}", pages.send, methods=["POST"]),
            Route("/forms/{id:int}/thanks", pages.thanks),
            Route(
                "/oauth/v2/authorization", oauth.authorization, methods=["GET", "POST"]
            ),
            Route("/oauth/v2/accessToken", oauth.access_token, methods=["POST"]),
            Route("/oauth/v2/introspectToken", oauth.introspect, methods=["POST"]),
            Route("/v2/userinfo", oauth.userinfo),
            Mount("/rest", routes=_REST),
            Mount("/_sandbox", routes=_CONTROL),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        middleware=[Middleware(Gate)],
        exception_handlers={Refusal: _refused, 404: _unknown},
    )
    app.state.sandbox = state
    app.state.faults = faults
    app.state.pusher = notices.Pusher(state)
    app.state.templates = Jinja2Templates(directory=_HERE / "templates")
    return app
