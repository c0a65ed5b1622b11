import logging

import httpx
import pytest

from leadferry.kit.http import make_client


def test_no_query_and_no_header_reaches_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200))
    headers = {"Authorization": "Bearer AQX-secret"}
    with (
        caplog.at_level(logging.DEBUG, logger="leadferry"),
        make_client(
            base_url="http://127.0.0.1", transport=transport, headers=headers
        ) as client,
    ):
        client.get("/rest/leadForms?token=AQX-other&email=ada%40example.com")
    assert "/rest/leadForms -> 200" in caplog.text
    assert "AQX" not in caplog.text
    assert "example.com" not in caplog.text


def test_a_redirect_is_not_followed_with_our_token() -> None:
    away = httpx.MockTransport(
        lambda _request: httpx.Response(302, headers={"location": "http://127.0.0.9/"})
    )
    with make_client(base_url="http://127.0.0.1", transport=away) as client:
        assert client.get("/").status_code == 302
