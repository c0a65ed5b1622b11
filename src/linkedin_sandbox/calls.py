"""What every call of the REST API passes: version, token, scope; and paging."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from linkedin_sandbox.errors import TOKEN_ERRORS, invalid, refuse
from linkedin_sandbox.restli import (
    Projection,
    project,
    read_fields,
    read_number,
    read_record,
    split_query,
)
from linkedin_sandbox.state import State, Token
from linkedin_sandbox.world import Json

COMMON = ("fields",)


@dataclass
class Call:
    """One call that passed the gate: who asks, and the query as it was written."""

    state: State
    token: Token
    request: Request
    query: str

    @property
    def member(self) -> str:
        """Who asks."""
        return self.token.member

    def parameters(self, *allowed: str) -> dict[str, str]:
        """The raw parameters; any other is refused."""
        return split_query(self.query, allowed=(*allowed, *COMMON))

    def number(self, name: str) -> int:
        """A number of the path."""
        return int(self.request.path_params[name])


async def open_call(request: Request, *, scopes: Sequence[str], what: str) -> Call:
    """Check version, token and scope as LinkedIn's gateway does."""
    state: State = request.app.state.sandbox
    _check_version(request, state)
    token = _check_token(request, state)
    if not set(scopes) & set(token.scopes):
        version = request.headers["linkedin-version"]
        raise refuse(
            403,
            "ACCESS_DENIED",
            f"Not enough permissions to access: {what}.{version}01",
            100,
        )
    query = request.scope["query_string"].decode("ascii", "replace")
    if request.headers.get("x-http-method-override") == "GET":
        query = (await request.body()).decode("ascii", "replace")
    return Call(state, token, request, query)


def _check_version(request: Request, state: State) -> None:
    version = request.headers.get("linkedin-version")
    if not version:
        raise refuse(
            400,
            "VERSION_MISSING",
            "A version must be present. Please specify a version by adding the "
            "LinkedIn-Version header.",
        )
    if version not in state.settings.versions:
        message = f"Requested version {version}01 is not active"
        raise refuse(426, "NONEXISTENT_VERSION", message)


def _check_token(request: Request, state: State) -> Token:
    header = request.headers.get("authorization", "")
    if not header.startswith("Bearer "):
        raise refuse(401, None, "Empty oauth2_access_token", 401)
    token = state.tokens.get(header.removeprefix("Bearer "))
    if token is None:
        raise TOKEN_ERRORS["invalid"]
    if token.state != "active":
        raise TOKEN_ERRORS[token.state]
    if token.expires_at <= state.clock.now_s():
        raise TOKEN_ERRORS["expired"]
    return token


def require_restli(request: Request) -> None:
    """The lead finders understand the second protocol version only."""
    if request.headers.get("x-restli-protocol-version") != "2.0.0":
        raise invalid("Invalid query parameters passed to request")


def require_finder(parameters: dict[str, str], name: str) -> None:
    """`q` must name the finder."""
    if parameters.get("q") != name:
        raise invalid(f"q must be {name}")


def account_of(parameters: dict[str, str], name: str, *, wrapped: bool = False) -> int:
    """The ad account of an owner parameter; leads of pages are not sold here."""
    if name not in parameters:
        raise refuse(400, "MISSING_FIELD", f"{name} is required")
    owner: object = read_record(name, parameters[name])
    if wrapped and isinstance(owner, dict):
        owner = owner.get("value")
    urn = owner.get("sponsoredAccount") if isinstance(owner, dict) else None
    return account_number(urn)


def account_number(urn: object) -> int:
    """The number of an ad account's URN."""
    prefix = "urn:li:sponsoredAccount:"
    if not isinstance(urn, str) or not urn.removeprefix(prefix).isdecimal():
        raise refuse(
            400, "INVALID_VALUE_FOR_FIELD", "owner must be a sponsoredAccount URN"
        )
    return int(urn.removeprefix(prefix))


def projection(parameters: dict[str, str]) -> Projection | None:
    """The fields asked for, or none for the default."""
    return read_fields(parameters["fields"]) if "fields" in parameters else None


def by_offset(
    call: Call, parameters: dict[str, str], elements: Sequence[Any]
) -> tuple[list[Any], Json]:
    """The page of a list and its paging; `count` is capped and echoed."""
    start = read_number("start", parameters.get("start"), 0)
    count = read_number("count", parameters.get("count"), 10)
    count = min(count, call.state.settings.max_count)
    page = list(elements[start : start + count])
    if getattr(call.request.state, "short_page", False) and len(page) > 4:
        # Reported of the real service: a short page with more behind it.
        page = page[:-4]
    return page, {"start": start, "count": count, "links": []}


def by_cursor(parameters: dict[str, str], elements: Sequence[Json]) -> Json:
    """The page of a list with a token for the next."""
    size = read_number("pageSize", parameters.get("pageSize"), 100)
    if not 1 <= size <= 1000:
        raise invalid("pageSize must be between 1 and 1000")
    start = read_number("pageToken", parameters.get("pageToken"), 0)
    tree = projection(parameters)
    page = [project(row, tree) for row in elements[start : start + size]]
    metadata: Json = {}
    if start + size < len(elements):
        metadata["nextPageToken"] = str(start + size)
    return {"metadata": metadata, "elements": page}
