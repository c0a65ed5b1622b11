"""Signing in as an integrated application: client credentials, fetched once for many.

One token serves all threads and, through the store, all processes. Only one of them
asks for a new one; the others wait for it.
"""

import contextlib
import ipaddress
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import httpx
import msgspec

from leadferry.destinations.base import SetupProblem, Temporary
from leadferry.destinations.creatio import answers
from leadferry.destinations.creatio.errors import Throttled, Unclear
from leadferry.kit import clock
from leadferry.kit.http import make_client

_PATH = "/connect/token"
_MOST_MARGIN = timedelta(seconds=60)
_CLAIM = timedelta(seconds=45)
_LOOK_AGAIN_SECONDS = 0.1
_SHORTEST, _LONGEST = 1, 31 * 86_400


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, when a new one is due, and where it came from."""

    text: str
    renew_at: datetime
    identity_url: str


class TokenStore(Protocol):
    """Where the processes of an instance share a token."""

    def token(self) -> Token | None:
        """The token that was kept last."""
        ...

    def claim(self, *, until: datetime) -> bool:
        """Whether the caller is the one who asks for a new token now."""
        ...

    def keep(self, token: Token | None) -> None:
        """Keep a new token; the claim ends. None: there is none, ask anew."""
        ...

    def identity_url(self) -> str:
        """The address of the identity server that answered last; may be empty."""
        ...


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: int = 3600


class _Refused(msgspec.Struct):
    error: str


class _Elsewhere(Exception):
    """There is no identity server at this address."""


def identity_candidates(address: str) -> list[str]:
    """Where the identity server of a Creatio may be, the likeliest first."""
    url = httpx.URL(address)
    base = address.rstrip("/")
    return [*_sibling(url), f"{base}/0", base]


def _sibling(url: httpx.URL) -> list[str]:
    # Creatio's cloud: northlake.creatio.com has northlake-is.creatio.com.
    try:
        ipaddress.ip_address(url.host)
    except ValueError:
        label, dot, rest = url.host.partition(".")
        if dot:
            port = f":{url.port}" if url.port else ""
            return [f"{url.scheme}://{label}-is.{rest}{port}"]
    return []


class Tokens:
    """The access token of one integrated application."""

    def __init__(
        self,
        *,
        address: str,
        identity_url: str,
        client_id: str,
        client_secret: str,
        store: TokenStore,
    ) -> None:
        self._address = address
        self._entered = identity_url.rstrip("/").removesuffix(_PATH)
        self._client_id = client_id
        self._client_secret = client_secret
        self._store = store
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self) -> str:
        """A token that is good for a while; raises Temporary or SetupProblem."""
        token = self._token
        if token is not None and clock.now() < token.renew_at:
            return token.text
        return self._renewed(refused="")

    def renewed(self, refused: str) -> str:
        """Another token than the one that Creatio refused."""
        return self._renewed(refused=refused)

    def _renewed(self, *, refused: str) -> str:
        with self._lock:
            while True:
                if self._has_good(refused):
                    break
                if self._store.claim(until=clock.now() + _CLAIM):
                    self._settle_claim(refused)
                    break
                clock.sleep(_LOOK_AGAIN_SECONDS)
            return self._token.text if self._token else ""

    def _has_good(self, refused: str) -> bool:
        for held in (self._token, self._store.token()):
            if _is_good(held, refused):
                self._token = held
                return True
        return False

    def _settle_claim(self, refused: str) -> None:
        # Between our look and our claim another process may have kept a new one.
        if self._has_good(refused):
            self._store.keep(None)
        else:
            self.fetch_and_keep()

    def fetch_and_keep(self) -> Token:
        """Ask for a new token, whatever there is, and share it."""
        token = None
        try:
            token = self._fetch()
        finally:
            # Without a token too: the next one asks, instead of waiting for us.
            self._store.keep(token)
        self._token = token
        return token

    def _fetch(self) -> Token:
        if self._entered:
            return self._from_the_entered()
        known = self._store.identity_url()
        if known:
            with contextlib.suppress(_Elsewhere):
                return self._ask(known)
        return self._from_a_usual()

    def _from_the_entered(self) -> Token:
        try:
            return self._ask(self._entered)
        except _Elsewhere as exc:
            raise SetupProblem(
                "There is no identity server at the address that was entered: "
                "compare it with Creatio's system setting “Authorization server Url "
                "for OAuth 2.0 integrations”.",
                step="identity",
            ) from exc

    def _from_a_usual(self) -> Token:
        unreachable: Temporary | None = None
        for identity_url in identity_candidates(self._address):
            try:
                return self._ask(identity_url)
            except _Elsewhere:
                continue
            except Unclear as exc:
                # A sibling host that does not exist is no outage of Creatio.
                if httpx.URL(identity_url).host == httpx.URL(self._address).host:
                    unreachable = exc
        if unreachable is not None:
            raise unreachable
        raise SetupProblem(
            "The identity server was not found at any of the usual addresses: enter "
            "its address.",
            step="identity",
        )

    def _ask(self, identity_url: str) -> Token:
        started = clock.now()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        try:
            with make_client(base_url=identity_url) as client:
                answer = client.post(_PATH, data=form)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise Unclear("The identity server cannot be reached.") from exc
        if answer.status_code == 200:
            return _granted(answer, identity_url, started)
        raise _refusal(answer)


def _is_good(token: Token | None, refused: str) -> bool:
    if token is None or token.text == refused:
        return False
    return clock.now() < token.renew_at


def _granted(answer: httpx.Response, identity_url: str, started: datetime) -> Token:
    try:
        granted = msgspec.json.decode(answer.content, type=_Granted, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise _Elsewhere from exc
    lifetime = timedelta(seconds=min(max(granted.expires_in, _SHORTEST), _LONGEST))
    margin = min(_MOST_MARGIN, lifetime / 10)
    return Token(
        text=granted.access_token,
        renew_at=started + lifetime - margin,
        identity_url=identity_url,
    )


def _refusal(answer: httpx.Response) -> Exception:
    status = answer.status_code
    wait = answers.retry_after(answer.headers.get("retry-after"), now=clock.now())
    if status in {429, 503}:
        return Throttled(
            f"The identity server asks to wait ({status}).", retry_after_s=wait
        )
    if status >= 500 or status == 408:
        return Unclear(f"The identity server failed ({status}).", retry_after_s=wait)
    try:
        kind = msgspec.json.decode(answer.content, type=_Refused).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Elsewhere()
    return SetupProblem(_words(kind), step="client")


def _words(kind: str) -> str:
    if kind == "invalid_client":
        return (
            "Creatio's identity server refuses the client: compare client id and "
            "client secret with “OAuth 2.0 integrated applications” in Creatio, and "
            "see that the application is active there."
        )
    if kind in {"unauthorized_client", "unsupported_grant_type"}:
        return (
            "The integrated application in Creatio does not allow the grant “client "
            "credentials”: choose it there."
        )
    if kind == "invalid_scope":
        return "Creatio's identity server refuses the scope of this application."
    # What the server says is not shown: it is an identifier at best.
    return "Creatio's identity server does not understand the request for a token."
