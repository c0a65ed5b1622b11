"""Reading what Creatio answers: its five shapes of errors, and what is a success.

A status of 200 proves nothing: Creatio and what stands before it also answer errors and
sign-in pages with it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

# Decimals with every digit.
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_LONGEST_TEXT = 300
_MOST_OF_A_PAGE = 100_000
_NESTED = ("innererror", "internalexception", "InnerException", "innerException")
_MESSAGES = ("message", "Message", "ExceptionMessage", "exceptionMessage")
_WRAPPERS = ("error", "errorInfo", "ErrorInfo", "responseStatus", "ResponseStatus")
_ADDRESS_OF_PERSON = re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"')]+")
_MANY_DIGITS = re.compile(r"\+?\d[\d ()/.-]{6,}\d")
_GUID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and decoded body of one answer; `body` is None without JSON."""

    status: int
    body: Any
    is_page: bool = False
    is_sign_in: bool = False
    retry_after_s: float | None = None

    @property
    def is_success(self) -> bool:
        """Whether it is one by its body as well."""
        if not 200 <= self.status < 300 or self.is_page:
            return False
        if self.status == 204:
            return True
        return isinstance(self.body, dict) and not is_error(self.body)

    @property
    def text(self) -> str:
        """The innermost message; empty where there is none."""
        return deepest_message(self.body)


def decode(content: bytes) -> Any:
    """The JSON of a body, or None."""
    try:
        return _DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def is_page(content: bytes, content_type: str) -> bool:
    """Whether this is a web page, whatever its header says."""
    start = content[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return start.startswith((b"<!doctype html", b"<html")) or (
        "html" in content_type.lower() and start.startswith(b"<")
    )


def is_sign_in(content: bytes) -> bool:
    """Whether a page asks who is there; a gateway's page tells of a failure."""
    text = content[:_MOST_OF_A_PAGE].lower()
    return b"password" in text or b"login" in text


def is_error(body: dict[str, Any]) -> bool:
    """Whether a body tells of an error; a record may well have such columns."""
    if "@odata.context" in body:
        return False
    if body.get("success") is False or isinstance(body.get("error"), dict):
        return True
    has_message = any(isinstance(body.get(key), str) for key in _MESSAGES)
    return has_message and "Id" not in body and "value" not in body


def deepest_message(body: Any) -> str:
    """What the innermost of the nested errors says."""
    found = ""
    for level in _levels(body):
        for key in _MESSAGES:
            text = level.get(key)
            # Of a web framework's error the second one is the telling one.
            if isinstance(text, str) and text.strip():
                found = text.strip()
    return found


def _levels(body: Any) -> Iterator[dict[str, Any]]:
    level = body
    for _depth in range(20):
        if not isinstance(level, dict):
            return
        yield level
        keys = (*_WRAPPERS, *_NESTED)
        level = next((level[k] for k in keys if isinstance(level.get(k), dict)), None)


def without_people(text: str, values: Iterable[str] = ()) -> str:
    """A message without what a person typed, short enough for a page."""
    for value in sorted({one for one in values if len(one) > 2}, key=len, reverse=True):
        text = re.sub(re.escape(value), "…", text, flags=re.IGNORECASE)
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\0{len(kept) - 1}\0"

    # Ids of records are no one's number.
    text = _GUID.sub(keep, text)
    text = _MANY_DIGITS.sub("…", _ADDRESS_OF_PERSON.sub("…", text))
    for place, guid in enumerate(kept):
        text = text.replace(f"\0{place}\0", guid)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def retry_after(header: str | None, *, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or until a moment."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - now).total_seconds())
