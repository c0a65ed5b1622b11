"""`$batch` in JSON: a hundred parts at most, groups all or nothing."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any, TypeGuard
from urllib.parse import unquote, urlsplit

import msgspec

from creatio_sandbox.errors import Answer, Refused, bad, deep
from creatio_sandbox.odata import Call, handle
from creatio_sandbox.records import Desk

MOST_PARTS = 100
_METHODS = {"GET", "POST", "PATCH", "PUT", "DELETE"}
Part = dict[str, Any]


def answer_batch(
    desk: Desk, body: Any, root: str, *, goes_on: bool, log: list[dict[str, str | None]]
) -> Answer:
    """What each part is answered; raises Refused for a body that is no batch."""
    parts = _read(body)
    # Inside a batch the library takes decimals as strings, whatever a part says.
    inner = replace(desk, text_decimals=True)
    told: list[Part] = []
    for group, members in list(_grouped(parts)):
        answers = _one_group(inner, members, root, group)
        told += answers
        log += [
            {"method": one["method"], "url": one["url"], "group": group}
            for one in members
        ]
        if not goes_on and any(one["status"] >= 400 for one in answers):
            break
    return Answer(200, {"responses": told})


def _read(body: Any) -> list[Part]:
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list):
        raise bad("The request is invalid.", "The body has no list of requests.")
    if len(parts) > MOST_PARTS:
        told = f"The batch has {len(parts)} requests; {MOST_PARTS} are allowed."
        raise bad("The request is invalid.", told)
    for part in parts:
        if not _is_part(part):
            told = "A request of the batch needs id, method and url."
            raise bad("The request is invalid.", told)
    return parts


def _is_part(part: Any) -> TypeGuard[Part]:
    return (
        isinstance(part, dict)
        and isinstance(part.get("id"), str)
        and isinstance(part.get("url"), str)
        and str(part.get("method")).upper() in _METHODS
        and isinstance(part.get("atomicityGroup"), str | None)
    )


def _grouped(parts: list[Part]) -> Iterator[tuple[str | None, list[Part]]]:
    seen: set[str] = set()
    for group, members in groupby(parts, key=lambda part: part.get("atomicityGroup")):
        if group is None:
            for member in members:
                yield None, [member]
            continue
        if group in seen:
            told = f"The requests of the group {group} must follow each other."
            raise bad("The request is invalid.", told)
        seen.add(group)
        yield group, list(members)


def _one_group(
    desk: Desk, members: list[Part], root: str, group: str | None
) -> list[Part]:
    named = None if group is None else str(uuid.uuid4())
    told: list[Part] = []
    mark = desk.state.mark()
    for member in members:
        try:
            answer = handle(desk, _call(member, root))
        except Refused as refused:
            desk.state.roll_back(mark)
            failed = _part(member, refused.answer, named)
            return _failed(desk, members, failed, named)
        told.append(_part(member, answer, named))
    desk.state.commit()
    return told


def _failed(
    desk: Desk, members: list[Part], failed: Part, named: str | None
) -> list[Part]:
    if named is None or desk.state.switches.failed_group == "failed-part":
        return [failed]
    told = deep("The group was rolled back: another part of it failed.")
    return [
        failed if one["id"] == failed["id"] else _part(one, Answer(424, told), named)
        for one in members
    ]


def _call(member: Part, root: str) -> Call:
    where = urlsplit(member["url"])
    path = unquote(where.path)
    # Relative to the service; some clients write the whole path.
    marker = "/odata/"
    if path.startswith("/") and marker in path:
        path = path.partition(marker)[2]
    body = member.get("body")
    if isinstance(body, str):
        body = _decoded(body)
    return Call(member["method"].upper(), path, where.query, body, root)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as exc:
        raise bad("The request is invalid.", f"The body is not JSON: {exc}") from exc


def _part(member: Part, answer: Answer, group: str | None) -> Part:
    told: Part = {"id": member["id"]}
    if group is not None:
        told["atomicityGroup"] = group
    told["status"] = answer.status
    headers = {name.lower(): text for name, text in answer.headers.items()}
    if answer.body is not None:
        headers["content-type"] = answer.media_type
    headers["odata-version"] = "4.0"
    told["headers"] = headers
    if answer.body is not None:
        told["body"] = answer.body
    return told
