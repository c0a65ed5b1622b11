"""Speaking to one Creatio: one request path, everything else in its words."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import UUID

import httpx
import msgspec

from leadferry.destinations.base import Rejected, SetupProblem
from leadferry.destinations.creatio import answers, wire
from leadferry.destinations.creatio.answers import Answer
from leadferry.destinations.creatio.errors import Missing, Unclear, error_for
from leadferry.destinations.creatio.metadata import Reader, Schema
from leadferry.destinations.creatio.oauth import Tokens
from leadferry.kit import clock
from leadferry.kit.http import TIMEOUT, make_client

# .NET Framework serves everything below /0, .NET does not.
FRAMEWORK, CORE = "/0", ""
_PAGE = 5_000
# A page of leads may start as many processes at Creatio.
_BATCH_TIMEOUT = httpx.Timeout(connect=5.0, read=120.0, write=30.0, pool=5.0)
_MOST_METADATA_BYTES = 64_000_000
_BATCH_JSON = "application/json; odata=verbose; IEEE754Compatible=true"


class RootStore(Protocol):
    """Where it is remembered on which runtime this Creatio runs."""

    def root(self) -> str | None:
        """ "/0", nothing, or None while it is not known."""
        ...

    def keep_root(self, root: str | None) -> None:
        """Remember it; None: look again."""
        ...


def tidy_address(typed: str) -> str:
    """The address of an instance from whatever page of it somebody copied."""
    url = httpx.URL(typed.strip())
    before = f"{url.path}/".partition("/0/")[0].rstrip("/")
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}{before}"


class Client:
    """The OData service of one Creatio."""

    def __init__(self, *, address: str, tokens: Tokens, store: RootStore) -> None:
        self._tokens = tokens
        self._store = store
        self._root: str | None = None
        self._http = make_client(
            base_url=address, headers={"Accept": "application/json"}
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    # Where it is

    def reach(self) -> None:
        """Whether anything answers at the address; raises Temporary."""
        self._plain("GET", "/")

    def root(self) -> str:
        """Below which path the services are; raises SetupProblem where nowhere."""
        if self._root is None:
            self._root = self._store.root()
        if self._root is None:
            self._root = self._find_root()
            self._store.keep_root(self._root)
        return self._root

    def forget_root(self) -> None:
        """Look again: the instance may have moved to the other runtime."""
        self._root = None
        self._store.keep_root(None)

    def _find_root(self) -> str:
        pinged = [root for root in (CORE, FRAMEWORK) if self._pings(root)]
        if len(pinged) == 1:
            return pinged[0]
        for root in pinged or (FRAMEWORK, CORE):
            if self._has_metadata(root):
                return root
        raise SetupProblem(
            "There is no Creatio at this address: neither its health check nor its "
            "OData service answers.",
            step="runtime",
        )

    def _pings(self, root: str) -> bool:
        answer = self._plain("GET", f"{root}/api/HealthCheck/Ping")
        return answer.status == 200 and not answer.is_page

    def _has_metadata(self, root: str) -> bool:
        token = self._tokens.current()
        with self._stream(f"{root}/odata/$metadata", token) as answer:
            start = next(answer.iter_bytes(2048), b"")
            return answer.status_code == 200 and b"Edmx" in start

    def _plain(self, method: str, path: str) -> Answer:
        return self._send(self._http.build_request(method, path))

    # Its data

    def schema(self) -> Schema:
        """What `$metadata` says of leads and what belongs to them."""
        path = f"{self.root()}/odata/$metadata"
        token = self._tokens.current()
        status = 0
        for _attempt in range(2):
            with self._stream(path, token) as answer:
                status = answer.status_code
                if status == 200:
                    return _read_schema(answer)
            if status != 401:
                break
            token = self._tokens.renewed(token)
        if status == 404:
            self.forget_root()
        error = error_for(Answer(status, None), what="$metadata")
        raise Unclear(str(error)) if isinstance(error, Rejected) else error

    @contextmanager
    def _stream(self, path: str, token: str) -> Iterator[httpx.Response]:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/xml"}
        try:
            with self._http.stream("GET", path, headers=headers) as answer:
                yield answer
        except httpx.HTTPError as exc:
            raise _unreachable() from exc

    def read(
        self, entity_set: str, *, select: Sequence[str], where: str = "", top: int = 0
    ) -> list[dict[str, Any]]:
        """The records of a filter; without `top` all of them, page by page."""
        rows: list[dict[str, Any]] = []
        query = {"$select": ",".join(select), "$orderby": "Id"}
        if where:
            query["$filter"] = where
        while True:
            paging = {"$top": str(top or _PAGE), "$skip": str(len(rows))}
            page = self._page(entity_set, {**query, **paging})
            if page and rows and page[0] == rows[0]:
                raise Unclear(f"Creatio repeats a page of {entity_set}.")
            rows += page
            # A page that is not full may still not be the last: an empty one is.
            if top or not page:
                return rows

    def _page(self, entity_set: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        answer = self._call("GET", entity_set, params=query)
        value = answer.body.get("value") if isinstance(answer.body, dict) else None
        if not isinstance(value, list):
            raise Unclear(f"Creatio's list of {entity_set} is no list.")
        return value

    def count(self, entity_set: str) -> int:
        """How many records a collection has."""
        query = {"$count": "true", "$top": "0", "$select": "Id"}
        answer = self._call("GET", entity_set, params=query)
        return int(answer.body.get("@odata.count", 0))

    def create(self, entity_set: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The whole record as Creatio made it."""
        answer = self._call("POST", entity_set, content=body)
        made: dict[str, Any] = answer.body
        if str(made.get("Id", "")).lower() != str(body["Id"]).lower():
            raise Unclear(f"Creatio does not confirm the record of {entity_set}.")
        return made

    def delete(self, entity_set: str, key: UUID | str) -> bool:
        """Whether it was there; afterwards it is not."""
        try:
            self._call("DELETE", wire.record(entity_set, key))
        except Missing:
            return False
        return True

    def batch(self, parts: Sequence[wire.Part]) -> dict[str, Answer]:
        """The answer of each part, by id; a part without an answer is left out."""
        headers = {"Content-Type": _BATCH_JSON, "Prefer": "continue-on-error"}
        try:
            answer = self._call(
                "POST", "$batch", content=wire.batch_of(parts), headers=headers
            )
        except Missing as exc:
            self.forget_root()
            raise SetupProblem(
                "Creatio's OData service is not where it was.", step="address"
            ) from exc
        if not isinstance(answer.body.get("responses"), list):
            raise Unclear("Creatio's answer to a batch is none.")
        return wire.part_answers(answer.body)

    # The one path

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        token = self._tokens.current()
        body = None if content is None else msgspec.json.encode(content)
        kind = {} if body is None else {"Content-Type": wire.JSON}
        for attempt in range(2):
            request = self._http.build_request(
                method,
                f"{self.root()}/odata/{path}",
                params=params,
                content=body,
                headers={
                    **kind,
                    **(headers or {}),
                    "Authorization": f"Bearer {token}",
                },
                timeout=_BATCH_TIMEOUT if path == "$batch" else TIMEOUT,
            )
            answer = self._send(request)
            if answer.status != 401 or attempt:
                break
            # Expired, or withdrawn before its time: once more with a new one.
            token = self._tokens.renewed(token)
        if not answer.is_success:
            error = error_for(answer, what=path.partition("(")[0])
            if isinstance(error, SetupProblem) and error.step == "address":
                self.forget_root()
            raise error
        return answer

    def _send(self, request: httpx.Request) -> Answer:
        try:
            answer = self._http.send(request)
        except httpx.HTTPError as exc:
            raise _unreachable() from exc
        content = answer.content
        wait = answers.retry_after(answer.headers.get("retry-after"), now=clock.now())
        kind = answer.headers.get("content-type", "")
        is_page = answers.is_page(content, kind)
        return Answer(
            answer.status_code,
            answers.decode(content) if content else None,
            is_page=is_page,
            is_sign_in=is_page and answers.is_sign_in(content),
            retry_after_s=wait,
        )


def _unreachable() -> Unclear:
    return Unclear("Creatio cannot be reached or did not answer in time.")


def _read_schema(answer: httpx.Response) -> Schema:
    reader = Reader()
    read = 0
    for chunk in answer.iter_bytes():
        read += len(chunk)
        if read > _MOST_METADATA_BYTES:
            raise SetupProblem(
                "What came as Creatio's $metadata is larger than 64 MB.", step="address"
            )
        reader.feed(chunk)
    return reader.schema()
