"""Signing a member in at LinkedIn: authorization code, refresh, introspection."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec

from leadferry.kit.http import make_client
from leadferry.linkedin import wire
from leadferry.linkedin.errors import Unavailable, oauth_error_for

Answer = TypeVar("Answer")


class OAuth:
    """LinkedIn's sign-in for one application."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        base_url: str,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._base_url = base_url.rstrip("/")
        self._transport = transport

    def authorization_url(
        self, *, redirect_uri: str, state: str, scopes: Sequence[str]
    ) -> str:
        """Where the member signs in and consents."""
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": " ".join(scopes),
        }
        query = urlencode(parameters, quote_via=quote)
        return f"{self._base_url}/oauth/v2/authorization?{query}"

    def exchange_code(self, *, code: str, redirect_uri: str) -> wire.TokenAnswer:
        """Tokens for a code; raises GrantDead or ClientRefused."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
        }
        return self._post("/oauth/v2/accessToken", form, wire.TokenAnswer)

    def refresh(self, *, refresh_token: str) -> wire.TokenAnswer:
        """A new access token; the end of the consent does not move."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._post("/oauth/v2/accessToken", form, wire.TokenAnswer)

    def introspect(self, *, token: str) -> wire.Introspection:
        """What LinkedIn says of a token; times in epoch seconds."""
        form = {"token": token}
        return self._post("/oauth/v2/introspectToken", form, wire.Introspection)

    def revoke(self, *, token: str) -> None:
        """Ask that a token ends; LinkedIn does not promise to have this address."""
        self._send("/oauth/v2/revoke", {"token": token})

    def _post(self, path: str, form: Mapping[str, str], kind: type[Answer]) -> Answer:
        answer = self._send(path, form)
        try:
            return msgspec.json.decode(answer.content, type=kind, strict=False)
        except msgspec.DecodeError as exc:
            raise Unavailable("LinkedIn's sign-in answered with garbage.") from exc

    def _send(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        # LinkedIn wants the application's id and secret in the body.
        whole = {
            **form,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        try:
            with make_client(
                base_url=self._base_url, transport=self._transport
            ) as client:
                answer = client.post(path, data=whole)
        except httpx.HTTPError as exc:
            raise Unavailable("LinkedIn's sign-in cannot be reached.") from exc
        if answer.status_code != 200:
            raise oauth_error_for(answer.status_code, answer.content)
        return answer
