"""Webhook subscriptions: made, found, shown, deleted."""

from urllib.parse import urlsplit

from linkedin_sandbox.calls import Answer, Call, Created, path_number, read_owner
from linkedin_sandbox.errors import invalid, no_permission, not_found, refuse
from linkedin_sandbox.leads import read_lead_type
from linkedin_sandbox.records import Subscription
from linkedin_sandbox.restli import project
from linkedin_sandbox.wire import versioned_urn
from linkedin_sandbox.world import LEAD_TYPES, Form, Json

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _own(call: Call) -> list[Subscription]:
    rows = call.state.subscriptions.values()
    return [row for row in rows if row.client_id == call.token.client_id]


def _wire(call: Call, row: Subscription) -> Json:
    made: Json = {
        "id": row.id,
        "webhook": row.webhook,
        "owner": row.owner.union,
        "leadType": row.lead_type,
    }
    if row.event is not None:
        made["associatedEntity"] = {"event": f"urn:li:event:{row.event}"}
    if row.form is not None:
        made["versionedForm"] = row.form
    shown: Json = project(made, call.fields)
    return shown


async def by_criteria(call: Call) -> Answer:
    """The application's subscriptions of an owner."""
    owner = call.owner(wrapped=True)
    lead_type = read_lead_type(call, owner)
    rows = [r for r in _own(call) if (r.owner, r.lead_type) == (owner, lead_type)]
    return call.by_offset(rows, lambda row: _wire(call, row), tells_total=False)


def _mine(call: Call) -> Subscription:
    row = call.state.subscriptions.get(path_number(call.key))
    if row is None or row.client_id != call.token.client_id:
        raise not_found()
    return row


async def one(call: Call) -> Answer:
    """One subscription."""
    return _wire(call, _mine(call))


async def delete(call: Call) -> Answer:
    """No notices for it any more."""
    call.state.drop_subscription(_mine(call).id)
    return None


async def create(call: Call) -> Answer:
    """A new subscription, after its address has passed the challenge."""
    wanted = _read(call)
    world = call.state.world
    if not world.reads_leads(call.member.key, wanted.owner, wanted.lead_type):
        raise no_permission("leadNotifications")
    if call.switches.second_subscription == "refuse" and any(
        (row.owner, row.lead_type, row.webhook)
        == (wanted.owner, wanted.lead_type, wanted.webhook)
        for row in _own(call)
    ):
        raise refuse(409, "CONFLICT", "The subscription exists already.")
    _require_secure(call, wanted.webhook)
    if call.switches.challenge == "during" and not await call.pusher.passes(wanted):
        message = "This URL did not pass the security challenge check"
        raise refuse(400, "BAD_REQUEST", message)
    number = call.state.add_subscription(wanted)
    if call.switches.challenge == "after":
        call.pusher.check_soon(number)
    return Created(str(number))


def _read(call: Call) -> Subscription:
    body = call.json_body()
    for name in ("webhook", "owner", "leadType"):
        if name not in body:
            raise refuse(400, "MISSING_FIELD", f"{name} is required")
    owner, lead_type = read_owner(body["owner"]), body["leadType"]
    if lead_type not in LEAD_TYPES:
        raise refuse(400, "INVALID_VALUE_FOR_FIELD", "leadType is none")
    if (lead_type == "SPONSORED") != (owner.kind == "sponsoredAccount"):
        raise invalid(f"leadType {lead_type} does not go with this owner")
    is_account = owner.kind == "sponsoredAccount"
    return Subscription(
        id=0,
        client_id=call.token.client_id,
        webhook=str(body["webhook"]),
        account=owner.number if is_account else None,
        page=None if is_account else owner.number,
        lead_type=lead_type,
        event=_event(call, body.get("associatedEntity")),
        form=_form(call, body.get("versionedForm")),
    )


def _event(call: Call, entity: object) -> int | None:
    if entity is None:
        return None
    urn = entity.get("event") if isinstance(entity, dict) else None
    for number in call.state.world.events:
        if urn == f"urn:li:event:{number}":
            return number
    raise refuse(400, "INVALID_VALUE_FOR_FIELD", "associatedEntity is not known")


def _form(call: Call, urn: object) -> str | None:
    if urn is None:
        return None
    forms: list[Form] = list(call.state.world.forms.values())
    if isinstance(urn, str) and any(
        urn == versioned_urn(form.id, row.version)
        for form in forms
        for row in form.versions
    ):
        return urn
    raise refuse(400, "INVALID_VALUE_FOR_FIELD", "versionedForm is not known")


def _require_secure(call: Call, webhook: str) -> None:
    try:
        parts = urlsplit(webhook)
        host = parts.hostname
    except ValueError:
        host, parts = None, urlsplit("")
    is_local = parts.scheme == "http" and host in _LOOPBACK
    if host and parts.scheme == "https":
        return
    if not (is_local and call.switches.plain_http == "loopback"):
        raise refuse(400, "INVALID_VALUE_FOR_FIELD", "webhook must be an https URL")
