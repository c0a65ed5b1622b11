import json

import pytest

from leadferry.kit.errors import LeadferryError
from leadferry.linkedin.errors import (
    BadRequest,
    ClientRefused,
    GrantDead,
    MissingRight,
    NotFound,
    RedirectRefused,
    Throttled,
    TokenDead,
    Unavailable,
    VersionSunset,
    error_for,
    oauth_error_for,
)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"code": "PARAM_INVALID"}, BadRequest),
        (401, {"serviceErrorCode": 65600}, TokenDead),
        (401, {"serviceErrorCode": 65601}, TokenDead),
        (401, {"serviceErrorCode": 65602}, TokenDead),
        # A missing role is told with 401 too: no reason to bury the token.
        (401, {"serviceErrorCode": 401}, MissingRight),
        (401, {}, MissingRight),
        (403, {"code": "ACCESS_DENIED", "serviceErrorCode": 100}, MissingRight),
        (404, {"code": "NOT_FOUND"}, NotFound),
        (405, {}, BadRequest),
        (408, {}, Unavailable),
        (409, {"code": "CONFLICT"}, BadRequest),
        (426, {"code": "NONEXISTENT_VERSION"}, VersionSunset),
        (429, {"serviceErrorCode": 101}, Throttled),
        (500, {}, Unavailable),
        (503, {}, Unavailable),
    ],
)
def test_statuses(status: int, body: object, kind: type[LeadferryError]) -> None:
    error = error_for(status, json.dumps(body).encode(), resource="leadForms")
    assert type(error) is kind
    assert "leadForms" in str(error)


def test_a_body_that_is_no_json_is_read_by_its_status() -> None:
    assert type(error_for(502, b"<html>", resource="x")) is Unavailable


def test_a_wait_that_linkedin_names_is_kept() -> None:
    error = error_for(429, b"", resource="x", retry_after="17")
    assert isinstance(error, Throttled)
    assert error.retry_after == 17


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, "invalid_request", GrantDead),
        (400, "invalid_redirect_uri", RedirectRefused),
        (401, "invalid_client", ClientRefused),
        (500, "", Unavailable),
        (429, "", Unavailable),
    ],
)
def test_refusals_of_the_sign_in(
    status: int, error: str, kind: type[LeadferryError]
) -> None:
    body = json.dumps({"error": error, "error_description": "secret words"}).encode()
    made = oauth_error_for(status, body)
    assert type(made) is kind
    assert "secret words" not in str(made)
