"""The truth under `/_sandbox/truth`: what is really there."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from creatio_sandbox.errors import Refused, json_answer
from creatio_sandbox.query import whole
from creatio_sandbox.state import State


async def truth(request: Request) -> Response:
    """Number, digest, ids and records of an object; of leads where none is named."""
    state: State = request.app.state.sandbox
    asked = request.query_params
    entity = state.world.schema.get(asked.get("set", "Lead"))
    if entity is None:
        raise Refused(400, {"message": "There is no such object."})
    rows = state.rows[entity.name]
    ids = sorted(rows)
    digest = hashlib.sha256("".join(f"{one}\n" for one in ids).encode())
    told: dict[str, object] = {"count": len(ids), "sha256": digest.hexdigest()}
    if asked.get("ids") == "1" or asked.get("full") == "1":
        told["ids"] = ids
    if asked.get("full") == "1":
        told["records"] = [whole(entity, rows[one]) for one in ids]
    return json_answer(told)
