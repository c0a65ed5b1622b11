"""The leads: found by owner, read by id."""

from collections.abc import Callable, Sequence

from linkedin_sandbox.calls import Answer, Call, whole_number
from linkedin_sandbox.errors import invalid, no_permission, not_found, refuse
from linkedin_sandbox.history import History
from linkedin_sandbox.records import Lead
from linkedin_sandbox.search import NewestFirst
from linkedin_sandbox.wire import Writer, entity_of, versioned_urn
from linkedin_sandbox.world import LEAD_TYPES, Json, Owner

_END_OF_TIME = 2**53


async def of_owner(call: Call) -> Answer:
    """The leads of an ad account or a page, newest first unless switched."""
    owner = call.owner()
    lead_type = read_lead_type(call, owner)
    if not call.state.world.reads_leads(call.member.key, owner, lead_type):
        raise no_permission("leadFormResponses")
    found = _search(call, owner, lead_type)
    if call.state.switches.lead_order == "oldest":
        found = found[: len(found)][::-1]
    return call.by_offset(found, _writer(call).write, tells_total=True)


def read_lead_type(call: Call, owner: Owner) -> str:
    """The lead type, which must go with the owner."""
    if "leadType" not in call.parameters:
        raise refuse(400, "MISSING_FIELD", "leadType is required")
    lead_type = call.record("leadType").get("leadType")
    if lead_type not in LEAD_TYPES:
        raise invalid(f"leadType must be one of {', '.join(LEAD_TYPES)}")
    if (lead_type == "SPONSORED") != (owner.kind == "sponsoredAccount"):
        raise invalid(f"leadType {lead_type} does not go with this owner")
    return str(lead_type)


def _search(call: Call, owner: Owner, lead_type: str) -> Sequence[Lead]:
    start, end = _time_range(call)
    urn = call.text("versionedLeadGenFormUrn")
    entity = call.parameters.get("associatedEntity")
    tests_only = call.flag("limitedToTestLeads")
    tests: list[Callable[[Lead], bool]] = []
    if owner.kind == "organization":
        tests.append(lambda lead: lead.lead_type == lead_type)
    if urn is not None:
        tests.append(lambda lead: versioned_urn(lead.form, lead.version) == urn)
    if entity is not None:
        tests.append(lambda lead: _came_by(lead, entity))
    own = [
        lead
        for lead in call.state.submitted(owner, start, end)
        if (not tests_only or lead.test) and all(test(lead) for test in tests)
    ]
    history = call.state.history
    if history is None or tests_only:
        return NewestFirst([], own)
    past = _of_history(history, owner, urn, start, end)
    if entity is not None:
        past = [lead for lead in past if _came_by(lead, entity)]
    return NewestFirst(past, own)


def _of_history(
    history: History, owner: Owner, urn: str | None, start: int, end: int
) -> Sequence[Lead]:
    if urn is None:
        return history.of_owner(owner, None, start, end)
    for form in history.forms:
        if versioned_urn(form.id, history.versions[form.id]) == urn:
            return history.of_owner(owner, form.id, start, end)
    return []


def _came_by(lead: Lead, entity: object) -> bool:
    if lead.event is None and lead.creative is None:
        return False
    # The union's key is not known: any key does, and so does the bare URN.
    wanted = list(entity.values()) if isinstance(entity, dict) else [entity]
    return any(urn in wanted for urn in entity_of(lead).values())


def _time_range(call: Call) -> tuple[int, int]:
    oldest = call.state.oldest_visible()
    if "submittedAtTimeRange" not in call.parameters:
        return oldest, _END_OF_TIME
    bounds = call.record("submittedAtTimeRange")
    if "start" not in bounds or not set(bounds) <= {"start", "end"}:
        raise invalid("submittedAtTimeRange must be (start:…) or (start:…,end:…)")
    start = whole_number("start", bounds["start"])
    end = whole_number("end", bounds.get("end", str(_END_OF_TIME)))
    if call.switches.range_end == "exclusive":
        end -= 1
    return max(start, oldest), min(end, _END_OF_TIME)


def _writer(call: Call) -> Writer:
    return Writer(call.state.world, call.fields)


def _one(call: Call, key: str, writer: Writer) -> Json:
    lead = call.state.find(key)
    if lead is None or not call.state.visible(lead):
        raise not_found()
    world = call.state.world
    if not world.reads_leads(call.member.key, lead.owner, lead.lead_type):
        raise no_permission("leadFormResponses")
    return writer.write(lead)


async def one(call: Call) -> Answer:
    """One lead."""
    return _one(call, call.key, _writer(call))


async def several(call: Call) -> Answer:
    """Several leads by id."""
    writer = _writer(call)
    return call.batch(lambda key: _one(call, key, writer))
