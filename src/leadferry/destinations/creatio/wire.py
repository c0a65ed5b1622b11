"""OData 4 as Creatio speaks it: literals, addresses of records, parts of a batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from leadferry.destinations.creatio.answers import Answer

MOST_PARTS = 100
ZERO_GUID = "00000000-0000-0000-0000-000000000000"
NO_MOMENT = "0001-01-01T00:00:00Z"
# The documented header, with which Creatio takes decimals as text.
JSON = "application/json; charset=utf-8; IEEE754Compatible=true"
_PART_HEADERS = {
    "Content-Type": "application/json;odata=verbose;IEEE754Compatible=true",
    "Accept": "application/json;odata=verbose",
}
_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch; those of one `group` are done together or not at all."""

    id: str
    method: str
    url: str
    body: Mapping[str, Any] | None = None
    group: str = ""


def text(value: str) -> str:
    """A text literal of a filter."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def record(entity_set: str, key: UUID | str) -> str:
    """The address of one record: ids are written bare."""
    return f"{entity_set}({UUID(str(key))})"


def any_of(path: str, literals: Iterable[str]) -> str:
    """A filter for one of some values."""
    return " or ".join(f"{path} eq {literal}" for literal in literals)


def in_chunks(items: Sequence[_One], size: int) -> Iterator[list[_One]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def batch_of(parts: Sequence[Part]) -> dict[str, Any]:
    """The body of a batch."""
    return {"requests": [_request(part) for part in parts]}


def _request(part: Part) -> dict[str, Any]:
    request: dict[str, Any] = {
        "id": part.id,
        "method": part.method,
        "url": part.url,
        "headers": _PART_HEADERS,
    }
    if part.group:
        request["atomicityGroup"] = part.group
    if part.body is not None:
        request["body"] = part.body
    return request


def part_answers(body: Any) -> dict[str, Answer]:
    """The answers by the ids of the parts; what is unreadable is left out."""
    rows = body.get("responses") if isinstance(body, dict) else None
    found: dict[str, Answer] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or not isinstance(row.get("status"), int):
            continue
        found[str(row.get("id"))] = Answer(row["status"], row.get("body"))
    return found
