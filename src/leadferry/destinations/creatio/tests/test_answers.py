import json
from datetime import UTC, datetime

import pytest

from leadferry.destinations.base import Rejected, SetupProblem, Temporary
from leadferry.destinations.creatio import answers
from leadferry.destinations.creatio.answers import Answer
from leadferry.destinations.creatio.errors import (
    Failed,
    Missing,
    Refused,
    Throttled,
    Unclear,
    error_for,
    is_passing,
)

DEEP = {
    "error": {
        "code": "",
        "message": "An error has occurred.",
        "innererror": {
            "message": "Middle",
            "internalexception": {"message": "Column by path CountryId not found"},
        },
    }
}
NO_COLLECTION = {
    "Message": "No HTTP resource was found that matches the request URI 'x/UsrNew'.",
    "MessageDetail": "No type was found that matches the controller named 'UsrNew'.",
}
FRAMEWORK = {
    "Message": "An error has occurred.",
    "ExceptionMessage": "Value cannot be null.",
    "ExceptionType": "System.ArgumentNullException",
}
SERVICE = {"success": False, "errorInfo": {"errorCode": "X", "message": "No rights"}}
PAGE = b"\n<!DOCTYPE html><html><body>Sign in</body></html>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (DEEP, "Column by path CountryId not found"),
        (NO_COLLECTION, NO_COLLECTION["Message"]),
        (FRAMEWORK, "Value cannot be null."),
        (SERVICE, "No rights"),
        ({"Id": "1"}, ""),
        (None, ""),
        ("text", ""),
    ],
)
def test_the_innermost_message_of_each_shape(body: object, text: str) -> None:
    assert answers.deepest_message(body) == text


def test_a_body_nested_without_end_is_read_to_a_depth() -> None:
    body: dict[str, object] = {}
    for _level in range(10_000):
        body = {"message": "x", "innererror": body}
    assert answers.deepest_message(body) == "x"


@pytest.mark.parametrize("body", [DEEP, NO_COLLECTION, FRAMEWORK, SERVICE])
def test_a_status_of_success_with_an_error_is_none(body: object) -> None:
    assert not Answer(200, body).is_success


@pytest.mark.parametrize(
    ("body", "is_success"),
    [
        ({"@odata.context": "x#Lead/$entity", "Id": "1", "message": "a column"}, True),
        ({"@odata.context": "x#Lead", "value": []}, True),
        ({"responses": []}, True),
        (None, False),
        ([], False),
    ],
)
def test_what_is_a_success(body: object, *, is_success: bool) -> None:
    assert Answer(200, body).is_success is is_success


@pytest.mark.parametrize(
    ("content", "content_type", "found"),
    [
        (PAGE, "text/html", True),
        (PAGE, "application/json", True),
        (b"<html>", "", True),
        (b'{"value":"<html>"}', "application/json", False),
        (b'{"a":1}', "text/html", False),
    ],
)
def test_a_page_is_known_whatever_its_header_says(
    content: bytes, content_type: str, *, found: bool
) -> None:
    assert answers.is_page(content, content_type) is found


def test_a_decimal_keeps_every_digit() -> None:
    content = b'{"Budget": 12345678901234567.89}'
    assert str(answers.decode(content)["Budget"]) == "12345678901234567.89"


def test_a_page_that_asks_who_is_there() -> None:
    assert answers.is_sign_in(b'<html><input type="Password"></html>')
    assert not answers.is_sign_in(b"<html>502 Bad Gateway</html>")


def test_bytes_that_are_no_json() -> None:
    assert answers.decode(b"\xff\xfe{") is None
    assert answers.decode(PAGE) is None
    assert answers.decode(json.dumps(DEEP).encode()) == DEEP


@pytest.mark.parametrize(
    ("answer", "kind", "step"),
    [
        (Answer(400, DEEP), Refused, ""),
        (Answer(401, None), SetupProblem, "client"),
        (Answer(403, DEEP), SetupProblem, "rights"),
        (Answer(404, DEEP), Missing, ""),
        (Answer(404, NO_COLLECTION), SetupProblem, "address"),
        (Answer(200, NO_COLLECTION), SetupProblem, "address"),
        (Answer(404, None, is_page=True), SetupProblem, "address"),
        (Answer(200, FRAMEWORK), Failed, ""),
        (Answer(200, None, is_page=True, is_sign_in=True), SetupProblem, "address"),
        (Answer(200, None, is_page=True), Unclear, ""),
        (Answer(302, None), SetupProblem, "address"),
        (Answer(200, None), Unclear, ""),
        (Answer(405, None), SetupProblem, "address"),
        (Answer(410, None), SetupProblem, "address"),
        (Answer(501, None), SetupProblem, "address"),
        (Answer(429, None), Throttled, ""),
        (Answer(503, None), Throttled, ""),
        (Answer(500, DEEP), Failed, ""),
        (Answer(500, None, is_page=True), Unclear, ""),
        (Answer(502, None), Unclear, ""),
        (Answer(504, None), Unclear, ""),
    ],
)
def test_what_a_status_means(answer: Answer, kind: type[Exception], step: str) -> None:
    error = error_for(answer, what="Lead")
    assert type(error) is kind
    assert isinstance(error, Temporary | SetupProblem | Rejected)
    assert getattr(error, "step", "") == step


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("40P01: deadlock detected", True),
        ("Execution Timeout Expired.", True),
        ("System.OutOfMemoryException: out of memory", True),
        ("53300: too many clients already", True),
        ("Could not extend file: No space left on disk", True),
        ("Creatio failed at Lead (500).", True),
        ("Leads without a company are not accepted", False),
        ('23503: violates foreign key constraint "FKLeadCountry"', False),
    ],
)
def test_what_passes_by_itself(text: str, *, passes: bool) -> None:
    assert is_passing(Failed(text)) is passes


def test_how_long_to_wait() -> None:
    now = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    assert answers.retry_after("120", now=now) == 120
    assert answers.retry_after("Wed, 04 Mar 2026 09:01:00 GMT", now=now) == 60
    assert answers.retry_after("Wed, 04 Mar 2026 08:00:00 GMT", now=now) == 0
    assert answers.retry_after("soon", now=now) is None
    error = error_for(Answer(429, None, retry_after_s=7), what="Lead")
    assert isinstance(error, Throttled)
    assert error.retry_after_s == 7


def test_messages_carry_no_person() -> None:
    told = (
        "Duplicate key (ines@northlake.example) for Ines Maro, +49 30 1234567, "
        "record 5d0b7c1e-3f2a-5c44-9a10-0f6f2f0b7a31"
    )
    kept = answers.without_people(told, ["Ines Maro", "DE"])
    assert kept == (
        "Duplicate key (…) for …, …, record 5d0b7c1e-3f2a-5c44-9a10-0f6f2f0b7a31"
    )
    assert len(answers.without_people("x" * 5000)) == 300
