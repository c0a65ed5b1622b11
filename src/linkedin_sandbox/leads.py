"""Lead forms and the leads themselves."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from linkedin_sandbox.calls import (
    Call,
    account_of,
    by_offset,
    open_call,
    projection,
    require_finder,
    require_restli,
)
from linkedin_sandbox.errors import invalid, no_permission, not_found, refuse
from linkedin_sandbox.restli import (
    Projection,
    project,
    read_list,
    read_number,
    read_record,
    read_text,
)
from linkedin_sandbox.state import Lead
from linkedin_sandbox.submit import versioned_urn, wire_form, wire_lead
from linkedin_sandbox.world import Form, Json

_LEADS = ("r_marketing_leadgen_automation",)
_FORMS = ("r_marketing_leadgen_automation", "r_ads", "rw_ads")
# Shown only to those who name them in `fields`.
_ON_REQUEST = frozenset(
    {"ownerInfo", "leadMetadataInfo", "associatedEntityInfo", "form"}
)


async def lead_forms(request: Request) -> Response:
    """The forms of an ad account, or several by id."""
    call = await open_call(request, scopes=_FORMS, what="leadForms.FINDER-owner")
    require_restli(request)
    parameters = call.parameters("q", "owner", "start", "count", "ids")
    forms = call.state.world.forms
    if "ids" in parameters:
        return JSONResponse(_batch_of_forms(call, parameters))
    require_finder(parameters, "owner")
    account = account_of(parameters, "owner")
    if account not in call.state.world.members[call.member].account_roles:
        raise no_permission("leadForms")
    owned = [form for form in forms.values() if form.account == account]
    page, paging = by_offset(call, parameters, owned)
    tree = projection(parameters)
    elements = [project(wire_form(form), tree) for form in page]
    return JSONResponse({"paging": paging, "elements": elements})


def _batch_of_forms(call: Call, parameters: dict[str, str]) -> Json:
    ids = [str(number) for number in read_list("ids", parameters["ids"])]
    found = {number: _visible_form(call, number) for number in ids}
    return {
        "results": {key: wire_form(form) for key, form in found.items() if form},
        "statuses": {key: 200 if form else 404 for key, form in found.items()},
        "errors": {key: not_found().body for key, form in found.items() if not form},
    }


def _visible_form(call: Call, number: str) -> Form | None:
    form = call.state.world.forms.get(int(number)) if number.isdecimal() else None
    roles = call.state.world.members[call.member].account_roles
    return form if form is not None and form.account in roles else None


async def lead_form(request: Request) -> Response:
    """One form in its present version."""
    call = await open_call(request, scopes=_FORMS, what="leadForms.GET")
    form = _visible_form(call, request.path_params["id"])
    if form is None:
        raise not_found()
    return JSONResponse(project(wire_form(form), projection(call.parameters())))


async def responses(request: Request) -> Response:
    """The leads of an ad account, newest first, or several by id."""
    call = await open_call(
        request, scopes=_LEADS, what="leadFormResponses.FINDER-owner"
    )
    require_restli(request)
    parameters = call.parameters(
        "q", "owner", "leadType", "limitedToTestLeads", "submittedAtTimeRange",
        "versionedLeadGenFormUrn", "associatedEntity", "start", "count", "ids",
    )  # fmt: skip
    if "ids" in parameters:
        return JSONResponse(_batch_of_leads(call, parameters))
    require_finder(parameters, "owner")
    account = account_of(parameters, "owner")
    _require_sponsored(parameters)
    if not call.state.world.reads_leads(call.member, account):
        raise no_permission("leadFormResponses")
    found = _search(call, account, parameters)
    page, paging = by_offset(call, parameters, found)
    # The true number while elements remain, zero on a page past the end.
    paging["total"] = len(found) if page else 0
    tree = projection(parameters)
    elements = [_shown(call, lead, tree) for lead in page]
    return JSONResponse({"paging": paging, "elements": elements})


def _require_sponsored(parameters: dict[str, str]) -> None:
    if "leadType" not in parameters:
        raise refuse(400, "MISSING_FIELD", "leadType is required")
    if read_record("leadType", parameters["leadType"]) != {"leadType": "SPONSORED"}:
        raise invalid("leadType must be (leadType:SPONSORED) for an ad account")


def _search(call: Call, account: int, parameters: dict[str, str]) -> list[Lead]:
    start, end = _time_range(parameters)
    form = parameters.get("versionedLeadGenFormUrn")
    urn = read_text("versionedLeadGenFormUrn", form) if form else None
    tests_only = parameters.get("limitedToTestLeads") == "true"
    found = [
        lead
        for lead in call.state.by_account.get(account, ())
        if start <= lead.submitted_at <= end
        and (not tests_only or lead.test)
        and (urn is None or versioned_urn(lead.form, lead.version) == urn)
        and call.state.visible(lead)
    ]
    return sorted(found, key=lambda lead: (lead.submitted_at, lead.id), reverse=True)


def _time_range(parameters: dict[str, str]) -> tuple[int, int]:
    raw = parameters.get("submittedAtTimeRange")
    if raw is None:
        return 0, 2**62
    bounds = read_record("submittedAtTimeRange", raw)
    if "start" not in bounds:
        raise invalid("submittedAtTimeRange needs start")
    start = read_number("start", str(bounds["start"]), 0)
    end = read_number("end", str(bounds["end"]) if "end" in bounds else None, 2**62)
    return start, end


def _shown(call: Call, lead: Lead, tree: Projection | None) -> Json:
    whole = wire_lead(call.state, lead)
    if tree is None:
        return {key: value for key, value in whole.items() if key not in _ON_REQUEST}
    return project(whole, tree)


def _batch_of_leads(call: Call, parameters: dict[str, str]) -> Json:
    tree = projection(parameters)
    made: Json = {"results": {}, "statuses": {}, "errors": {}}
    for value in read_list("ids", parameters["ids"]):
        number = str(value)
        lead = call.state.leads.get(number)
        if lead is None or not call.state.visible(lead):
            refusal = not_found()
        elif not call.state.world.reads_leads(call.member, lead.account):
            refusal = no_permission("leadFormResponses")
        else:
            made["results"][number] = _shown(call, lead, tree)
            made["statuses"][number] = 200
            continue
        made["errors"][number] = refusal.body
        made["statuses"][number] = refusal.status
    return made


async def response(request: Request) -> Response:
    """One lead."""
    call = await open_call(request, scopes=_LEADS, what="leadFormResponses.GET")
    parameters = call.parameters()
    lead = call.state.leads.get(request.path_params["id"])
    if lead is None or not call.state.visible(lead):
        raise not_found()
    if not call.state.world.reads_leads(call.member, lead.account):
        raise no_permission("leadFormResponses")
    return JSONResponse(_shown(call, lead, projection(parameters)))
