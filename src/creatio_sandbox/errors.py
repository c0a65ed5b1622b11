"""The shapes in which Creatio says no."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.responses import Response

JSON = "application/json; charset=utf-8"
ODATA = "application/json; odata.metadata=minimal"
HTML = "text/html; charset=utf-8"
_GENERAL = "An error has occurred."


@dataclass
class Answer:
    """What goes back: an object in JSON, text, or nothing."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = ODATA


class Refused(Exception):
    """A call or a part of a batch that is answered with an error."""

    def __init__(
        self, status: int, body: object, media_type: str = JSON, **headers: str
    ) -> None:
        super().__init__(str(status))
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.answer = Answer(status, body, named, media_type)


class TextDecimals:
    """Encoders: decimals as numbers, or as strings where the caller asked for them."""

    NUMBERS = msgspec.json.Encoder(decimal_format="number")
    STRINGS = msgspec.json.Encoder(decimal_format="string")


def respond(answer: Answer, *, text_decimals: bool = False) -> Response:
    """The HTTP answer."""
    headers = answer.headers
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    body = answer.body
    if not isinstance(body, str | bytes):
        one = TextDecimals.STRINGS if text_decimals else TextDecimals.NUMBERS
        body = one.encode(body)
    return Response(body, answer.status, headers, answer.media_type)


def json_answer(content: object, status: int = 200) -> Response:
    """An answer of a control call."""
    return respond(Answer(status, content, media_type=JSON))


def deep(*messages: str, outer: str = _GENERAL) -> dict[str, object]:
    """Shape 1: the error of OData, what matters lying deepest."""
    inner: dict[str, object] = {}
    for message in reversed(messages):
        inner = {
            "message": message,
            "type": "",
            "stacktrace": "",
            **({"internalexception": inner} if inner else {}),
        }
    return {"error": {"code": "", "message": outer, "innererror": inner}}


def plain(message: str) -> dict[str, object]:
    """Shape 1 as the OData library itself writes it."""
    return {"error": {"code": "", "message": message}}


def no_controller(address: str, name: str) -> dict[str, object]:
    """Shape 2: the web framework knows no such address."""
    told = "No HTTP resource was found that matches the request URI"
    detail = "No type was found that matches the controller named"
    return {"Message": f"{told} '{address}'.", "MessageDetail": f"{detail} '{name}'."}


def exception(message: str, kind: str = "System.InvalidOperationException") -> object:
    """Shape 3: the web framework shows an exception."""
    return {
        "Message": _GENERAL,
        "ExceptionMessage": message,
        "ExceptionType": kind,
        "StackTrace": "",
    }


def unsuccessful(code: str, message: str) -> dict[str, object]:
    """Shape 4: DataService and the configuration services."""
    told: Mapping[str, str] = {"errorCode": code, "message": message, "stackTrace": ""}
    return {"success": False, "errorInfo": told}


LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Login</title></head><body><h1>Log in</h1>"
    '<form method="post"><input name="UserName"><input name="UserPassword" '
    'type="password"><button>Log in</button></form></body></html>'
)
GATEWAY_PAGE = (
    "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center>"
    "<hr><center>gateway</center></body></html>"
)


def bad(message: str, *inner: str) -> Refused:
    """400: what was sent cannot be read."""
    body = deep(*inner, outer=message) if inner else plain(message)
    return Refused(400, body)


def broken(*messages: str) -> Refused:
    """500 with the deepest message last."""
    return Refused(500, deep(*messages))


def forbidden(message: str) -> Refused:
    """403: the user has no right."""
    return Refused(403, deep(message))


def absent(message: str) -> Refused:
    """404 with shape 1."""
    return Refused(404, plain(message))
