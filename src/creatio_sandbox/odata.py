"""One OData request, whether it came alone or in a batch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from creatio_sandbox.errors import (
    JSON,
    Answer,
    Refused,
    absent,
    bad,
    no_controller,
    plain,
)
from creatio_sandbox.filters import refuse
from creatio_sandbox.metadata import metadata
from creatio_sandbox.query import pick, read_shape, show, whole
from creatio_sandbox.records import Desk
from creatio_sandbox.schema import Entity
from creatio_sandbox.values import GUID

_PATH = re.compile(
    r"(?P<set>[A-Za-z_]\w*)"
    rf"(?:\((?:Id=)?(?P<key>[^()]*)\)|/(?P<slash>{GUID.pattern}))?"
    r"(?:/(?P<property>[A-Za-z_]\w*))?"
    r"(?P<end>/\$value|/\$count)?/?"
)
NO_SUCH_RECORD = "No record has the id {}."


@dataclass(frozen=True, slots=True)
class Call:
    """A request below the service's root."""

    method: str
    path: str
    query: str
    body: Any
    root: str

    @property
    def options(self) -> dict[str, str]:
        """The query options; raises Refused where one is named twice."""
        found: dict[str, str] = {}
        for name, text in parse_qsl(self.query, keep_blank_values=True):
            if name in found:
                refuse(f"Query option '{name}' was specified more than once.")
            found[name] = text
        return found


def handle(desk: Desk, call: Call) -> Answer:
    """What the service answers; what it changed is not committed. Raises Refused."""
    path = call.path.strip("/")
    if path == "":
        return _service_document(desk, call)
    if path == "$metadata":
        return Answer(200, metadata(desk.view.schema), media_type="application/xml")
    match = _PATH.fullmatch(path)
    entity = desk.view.schema.get(match["set"]) if match else None
    if match is None or entity is None or _is_closed(desk, entity):
        raise _unknown_set(desk, call, path)
    key = match["key"] if match["key"] is not None else match["slash"]
    if key is None:
        if match["property"]:
            raise absent("Resource not found for the segment.")
        return _of_set(desk, call, entity, match["end"])
    if not GUID.fullmatch(key):
        raise bad("The request is invalid.", f"The key '{key}' is no Edm.Guid.")
    if match["property"]:
        where = (key.lower(), match["property"], match["end"])
        return _of_property(desk, call, entity, where)
    return _of_record(desk, call, entity, key.lower())


def _is_closed(desk: Desk, entity: Entity) -> bool:
    return (
        entity.name == "SysSettings" and desk.state.switches.system_tables == "closed"
    )


def _unknown_set(desk: Desk, call: Call, path: str) -> Refused:
    name = re.split(r"[(/]", path)[0]
    told = no_controller(f"{call.root}/odata/{path}", name)
    status = int(desk.state.switches.unknown_set)
    return Refused(status, None if status == 401 else told)


def _service_document(desk: Desk, call: Call) -> Answer:
    sets = [
        {"name": name, "kind": "EntitySet", "url": name} for name in desk.view.schema
    ]
    told = {"@odata.context": f"{call.root}/odata/$metadata", "value": sets}
    return Answer(200, told)


def _of_set(desk: Desk, call: Call, entity: Entity, end: str | None) -> Answer:
    if end == "/$count" and call.method == "GET":
        desk.need("r", entity)
        options = {**call.options, "$top": "0"}
        return Answer(
            200, str(pick(desk.view, entity, options)[1]), media_type="text/plain"
        )
    if call.method == "GET":
        return _read(desk, call, entity)
    if call.method == "POST":
        return _create(desk, call, entity)
    raise _not_allowed(call)


def _not_allowed(call: Call) -> Refused:
    told = f"The requested resource does not support http method '{call.method}'."
    return Refused(405, {"Message": told})


def _context(call: Call, entity: Entity, options: Mapping[str, str]) -> str:
    chosen = options.get("$select", "")
    told = f"({chosen})" if chosen else ""
    return f"{call.root}/odata/$metadata#{entity.name}{told}"


def _read(desk: Desk, call: Call, entity: Entity) -> Answer:
    desk.need("r", entity)
    options = call.options
    shape = read_shape(desk.view, desk.user, entity, options)
    rows, count = pick(desk.view, entity, options)
    body: dict[str, Any] = {"@odata.context": _context(call, entity, options)}
    wanted = options.get("$count", "false")
    if wanted not in {"true", "false"}:
        refuse(f"'{wanted}' is not a valid count option.")
    if wanted == "true":
        body["@odata.count"] = count
    body["value"] = [show(desk.view, shape, row) for row in rows]
    return Answer(200, body)


def _object(call: Call) -> Mapping[str, Any]:
    if not isinstance(call.body, dict):
        raise bad("The request is invalid.", "The body is no JSON object.")
    return call.body


def _create(desk: Desk, call: Call, entity: Entity) -> Answer:
    row = desk.create(entity, _object(call))
    shape = read_shape(desk.view, desk.user, entity, {})
    context = f"{call.root}/odata/$metadata#{entity.name}/$entity"
    made = show(desk.view, shape, row)
    where = f"{call.root}/odata/{entity.name}({row['Id']})"
    return Answer(201, {"@odata.context": context, **made}, {"Location": where})


def _of_record(desk: Desk, call: Call, entity: Entity, key: str) -> Answer:
    match call.method:
        case "GET":
            return _read_one(desk, call, entity, key)
        case "PATCH":
            desk.change(entity, key, _object(call))
        case "DELETE":
            desk.delete(entity, key)
        case _:
            raise _not_allowed(call)
    return Answer(204)


def _read_one(desk: Desk, call: Call, entity: Entity, key: str) -> Answer:
    desk.need("r", entity)
    row = desk.view.find(entity.name, key)
    if row is None:
        raise absent(NO_SUCH_RECORD.format(key))
    options = call.options
    shape = read_shape(desk.view, desk.user, entity, options)
    context = f"{_context(call, entity, options)}/$entity"
    return Answer(200, {"@odata.context": context, **show(desk.view, shape, row)})


def _of_property(
    desk: Desk, call: Call, entity: Entity, where: tuple[str, str, str | None]
) -> Answer:
    key, name, end = where
    if call.method != "GET":
        raise _not_allowed(call)
    desk.need("r", entity)
    row = desk.view.find(entity.name, key)
    if row is None:
        raise absent(NO_SUCH_RECORD.format(key))
    lookup = entity.by_navigation.get(name)
    if lookup is not None and name not in entity.by_property:
        target = desk.view.find(lookup.target, row.get(lookup.key, ""))
        if target is None:
            return Answer(204)
        behind = desk.view.schema[lookup.target]
        desk.need("r", behind)
        context = f"{call.root}/odata/$metadata#{behind.name}/$entity"
        return Answer(200, {"@odata.context": context, **whole(behind, target)})
    if name not in entity.by_property:
        raise Refused(404, plain(f"Resource not found for the segment '{name}'."), JSON)
    value = whole(entity, row)[name]
    if end == "/$value":
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return Answer(200, text, media_type="text/plain")
    context = f"{call.root}/odata/$metadata#{entity.name}({key})/{name}"
    return Answer(200, {"@odata.context": context, "value": value})
