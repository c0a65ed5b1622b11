"""LinkedIn's refusals, in its envelopes."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response


class Refusal(Exception):
    """An answer other than success; `body` goes out as it is."""

    def __init__(self, status: int, body: dict[str, object]) -> None:
        super().__init__(str(body.get("code") or body.get("message") or status))
        self.status = status
        self.body = body

    def answer(self) -> Response:
        """The HTTP answer."""
        return json_answer(self.body, status=self.status)


def json_answer(
    content: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer in JSON; parts of the content may be JSON already."""
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        headers=headers,
        media_type="application/json",
    )


def refuse(
    status: int, code: str | None, message: str, service: int | None = None
) -> Refusal:
    """A refusal of the REST API."""
    body: dict[str, object] = {"status": status}
    if service is not None:
        body["serviceErrorCode"] = service
    if code is not None:
        body["code"] = code
    body["message"] = message
    return Refusal(status, body)


def invalid(message: str) -> Refusal:
    """A parameter that LinkedIn cannot read."""
    return refuse(400, "PARAM_INVALID", message)


def not_found() -> Refusal:
    """An entity that is not there, or not any more."""
    return refuse(404, "NOT_FOUND", "Not Found.")


def no_permission(resource: str) -> Refusal:
    """A role that the member lacks on the entity."""
    return refuse(
        403,
        "NO_PERMISSION_ON_ENTITY",
        f"The member has no permission on this entity of {resource}.",
    )


def throttled() -> Refusal:
    """A quota that is spent."""
    return refuse(
        429,
        "TOO_MANY_REQUESTS",
        "Resource level throttle limit for calls to this resource is reached.",
        101,
    )


TOKEN_ERRORS = {
    "invalid": refuse(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600),
    "revoked": refuse(
        401,
        "REVOKED_ACCESS_TOKEN",
        "The token used in the request has been revoked by the user",
        65601,
    ),
    "expired": refuse(
        401,
        "EXPIRED_ACCESS_TOKEN",
        "The token used in the request has expired",
        65602,
    ),
}


def oauth_error(error: str, description: str, status: int = 400) -> Refusal:
    """A refusal of the sign-in endpoints."""
    return Refusal(status, {"error": error, "error_description": description})
