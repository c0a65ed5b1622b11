"""Pages that show what has arrived."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from creatio_sandbox.query import whole
from creatio_sandbox.state import State
from creatio_sandbox.view import View
from creatio_sandbox.world import Row

_INFO = "LeadGenExtendedLeadInformation"
_PAGE = 50
_MOMENT_LETTERS = 16


def _show(
    request: Request, template: str, context: dict[str, Any], status: int = 200
) -> Response:
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, template, context, status_code=status)


def _name(view: View, entity: str, record_id: str) -> str:
    found = view.find(entity, record_id)
    return str(found.get("Name") or found.get("LeadName") or record_id) if found else ""


def _moment(text: str) -> str:
    return text[:_MOMENT_LETTERS].replace("T", " ")


async def home(request: Request) -> Response:
    """The leads, newest first, a page at a time."""
    state: State = request.app.state.sandbox
    view: View = request.app.state.view
    asked = request.query_params
    words = asked.get("search", "").strip()
    start = int(asked.get("start", "0")) if asked.get("start", "0").isdecimal() else 0
    found = [row for row in view.all("Lead") if _has(row, words.casefold())]
    found.reverse()
    rows = [_line(view, row) for row in found[start : start + _PAGE]]
    context = {
        "rows": rows,
        "words": words,
        "count": len(found),
        "first": start + 1 if rows else 0,
        "last": start + len(rows),
        "earlier": max(start - _PAGE, 0) if start else None,
        "later": start + _PAGE if start + _PAGE < len(found) else None,
        "root": "/0/odata" if state.switches.runtime == "framework" else "/odata",
        "clients": [one for one in state.clients.values() if one.active],
    }
    return _show(request, "home.html", context)


def _has(row: Row, words: str) -> bool:
    if not words:
        return True
    shown = (row.get(key, "") for key in ("LeadName", "Email", "MobilePhone"))
    return any(words in one.casefold() for one in shown)


def _line(view: View, row: Row) -> dict[str, str]:
    return {
        "id": row["Id"],
        "name": row.get("LeadName") or "—",
        "email": row.get("Email", ""),
        "source": _name(view, "LeadSource", row.get("LeadSourceId", "")),
        "stage": _name(view, "QualifyStatus", row.get("QualifyStatusId", "")),
        "created": _moment(row["CreatedOn"]),
    }


async def lead(request: Request) -> Response:
    """One lead: every column that holds something."""
    view: View = request.app.state.view
    row = view.find("Lead", request.path_params["id"].lower())
    if row is None:
        return _show(request, "missing.html", {}, 404)
    name = row.get("LeadName") or "Lead without a name"
    blocks = [("", _lines(view, "Lead", row))]
    if _INFO in view.schema:
        info = view.find(_INFO, row.get("LeadGenExtendedLeadInfoId", ""))
        if info is not None:
            blocks.append(("Extended lead information", _lines(view, _INFO, info)))
    return _show(request, "lead.html", {"name": name, "blocks": blocks})


def _lines(view: View, name: str, row: Row) -> list[tuple[str, Any]]:
    entity = view.schema[name]
    held = whole(entity, row)
    lines = []
    for column in entity.columns:
        value = held[column.odata]
        if value == column.empty:
            continue
        shown = _name(view, column.target, value) if column.target else value
        lines.append((column.name, shown if shown != "" else value))
    return lines
