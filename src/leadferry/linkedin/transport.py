"""One request path to the REST API: headers, retries, errors, unchanged queries."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec

from leadferry.kit import clock
from leadferry.kit.http import make_client
from leadferry.linkedin.errors import Unavailable, VersionSunset, error_for
from leadferry.linkedin.restli import TUNNEL_FROM

Answered = TypeVar("Answered")
# Tells which version to speak instead of a refused one; raises VersionSunset
# where there is none.
Successor = Callable[[str], str]

_VERSION = "LinkedIn-Version"
_RETRIES = 2
_RETRIED_STATUSES = frozenset({502, 503, 504})
_FIRST_PAUSE_SECONDS = 0.2
_random = random.Random()  # noqa: S311 - spreads load, guards nothing


class Transport:
    """Speaks for one token and one API version."""

    def __init__(
        self,
        token: str,
        *,
        version: str,
        base_url: str,
        successor: Successor | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._successor = successor
        self._base = httpx.URL(base_url)
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.ahead: timedelta | None = None
        self._client = make_client(
            base_url=base_url,
            transport=transport,
            headers={
                "Authorization": f"Bearer {token}",
                _VERSION: version,
                "X-Restli-Protocol-Version": "2.0.0",
            },
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def take_calls(self) -> Counter[str]:
        """The calls made since this was asked last, by endpoint."""
        with self._lock:
            taken, self._calls = self._calls, Counter()
        return taken

    def _count(self, path: str) -> None:
        with self._lock:
            self._calls[_resource(path)] += 1

    def get(self, path: str, query: str = "", *, method: str) -> bytes:
        """The body of a read; raises what LinkedIn's refusal means.

        A read is tried again when the connection or a gateway failed, never on 429.
        """
        return self._in_a_version(lambda: self._get(path, query, method))

    def _in_a_version(self, call: Callable[[], Answered]) -> Answered:
        """The call, and once more where another version takes over meanwhile."""
        spoken = self._client.headers[_VERSION]
        try:
            return call()
        except VersionSunset as exc:
            if self._successor is None:
                exc.version = spoken
                raise
            # The gateway refuses a version before anything is done.
            self._client.headers[_VERSION] = self._successor(spoken)
            return call()

    def _get(self, path: str, query: str, method: str) -> bytes:
        request = self._read_request(path, query, method)
        for attempt in range(_RETRIES + 1):
            last = attempt == _RETRIES
            self._count(path)
            try:
                answer = self._client.send(request)
            except httpx.HTTPError as exc:
                if last:
                    raise Unavailable(_unreachable(path)) from exc
            else:
                self._compare_clocks(answer)
                if last or answer.status_code not in _RETRIED_STATUSES:
                    return _body_of(answer, path)
            clock.sleep(_FIRST_PAUSE_SECONDS * 2**attempt * _random.uniform(0.8, 1.2))
        raise Unavailable(_unreachable(path))

    def _compare_clocks(self, answer: httpx.Response) -> None:
        theirs = _moment(answer.headers.get("date", ""))
        if theirs is not None:
            self.ahead = clock.now() - theirs

    def _read_request(self, path: str, query: str, method: str) -> httpx.Request:
        headers = {"X-RestLi-Method": method}
        if len(query) > TUNNEL_FROM:
            headers["X-HTTP-Method-Override"] = "GET"
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return self._client.build_request(
                "POST", self._url(path, ""), headers=headers, content=query.encode()
            )
        return self._client.build_request(
            "GET", self._url(path, query), headers=headers
        )

    def _url(self, path: str, query: str) -> httpx.URL:
        # Rest.li is lost on a client that encodes brackets or colons again.
        raw = f"{self._base.raw_path.decode().rstrip('/')}{path}"
        target = f"{raw}?{query}" if query else raw
        return self._base.copy_with(raw_path=target.encode("ascii"))

    def create(self, path: str, body: Mapping[str, object]) -> str:
        """Create an entity; returns the id that LinkedIn names in a header."""
        answer = self._write(
            "POST", path, method="CREATE", content=msgspec.json.encode(body)
        )
        return str(answer.headers.get("x-restli-id", ""))

    def delete(self, path: str) -> None:
        """Delete an entity."""
        self._write("DELETE", path, method="DELETE", content=b"")

    def _write(
        self, verb: str, path: str, *, method: str, content: bytes
    ) -> httpx.Response:
        headers = {"X-RestLi-Method": method, "Content-Type": "application/json"}

        def call() -> httpx.Response:
            self._count(path)
            try:
                answer = self._client.request(
                    verb, self._url(path, ""), headers=headers, content=content
                )
            except httpx.HTTPError as exc:
                raise Unavailable(_unreachable(path)) from exc
            _body_of(answer, path)
            return answer

        return self._in_a_version(call)


def _unreachable(path: str) -> str:
    return f"LinkedIn cannot be reached ({_resource(path)})."


def _resource(path: str) -> str:
    # /rest/leadForms/123 -> leadForms; ids of leads stay out of messages.
    return path.strip("/").split("/")[1] if path.count("/") > 1 else path


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _body_of(answer: httpx.Response, path: str) -> bytes:
    if answer.status_code < 300:
        return answer.content
    raise error_for(
        answer.status_code,
        answer.content,
        resource=_resource(path),
        retry_after=answer.headers.get("retry-after"),
    )
