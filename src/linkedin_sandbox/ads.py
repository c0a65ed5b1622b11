"""Ad accounts, their users, campaigns and creatives."""

import re
from collections.abc import Mapping

from linkedin_sandbox.calls import Answer, Call, urn_number
from linkedin_sandbox.errors import invalid, no_permission, not_found
from linkedin_sandbox.organizations import wire_page
from linkedin_sandbox.restli import Value, project
from linkedin_sandbox.world import Account, Campaign, Creative, Group, Json, Member

_STAMPS = {
    "created": {"actor": "urn:li:unknown:0", "time": 1784000000000},
    "lastModified": {"actor": "urn:li:unknown:0", "time": 1784000000000},
}
_USER_KEY = re.compile(r"\(account:([^,()]+),user:([^,()]+)\)")


def _wire_user(member: Member, account: int) -> Json:
    return {
        "account": f"urn:li:sponsoredAccount:{account}",
        "user": member.urn,
        "role": member.account_roles[account],
        "changeAuditStamps": _STAMPS,
    }


async def my_accounts(call: Call) -> Answer:
    """The asking member's roles in ad accounts."""
    rows = [_wire_user(call.member, account) for account in call.member.account_roles]
    return call.by_offset(
        rows, lambda row: project(row, call.fields), tells_total=False
    )


async def users_of_accounts(call: Call) -> Answer:
    """Everybody's roles in the ad accounts that are named."""
    value = call.parameters.get("accounts")
    # Protocol 1.0 writes a list of one as a bare value.
    urns = [value] if isinstance(value, str) else call.listed("accounts")
    wanted = []
    for urn in urns:
        number = urn_number(urn, "sponsoredAccount")
        if number is None:
            raise invalid("accounts must be sponsoredAccount URNs")
        if number not in call.member.account_roles:
            raise no_permission("adAccountUsers")
        wanted.append(number)
    rows = [
        _wire_user(member, account)
        for account in wanted
        for member in call.state.world.members.values()
        if account in member.account_roles
    ]
    return call.by_offset(
        rows, lambda row: project(row, call.fields), tells_total=False
    )


async def one_user(call: Call) -> Answer:
    """One member's role in one ad account."""
    found = _USER_KEY.fullmatch(call.key)
    account = urn_number(found[1], "sponsoredAccount") if found else None
    member = call.state.world.members_by_urn.get(found[2]) if found else None
    if account is None or member is None or account not in member.account_roles:
        raise not_found()
    if account not in call.member.account_roles:
        raise no_permission("adAccountUsers")
    made: Json = project(_wire_user(member, account), call.fields)
    return made


async def find_accounts(call: Call) -> Answer:
    """The ad accounts that the member can see."""
    searches = "search" in call.parameters
    if searches and "pageToken" in call.parameters:
        raise invalid("search and pageToken cannot be sent together")
    wanted = call.record("search") if searches else {}
    visible = [
        _wire_account(call, account)
        for account in call.state.world.accounts.values()
        if account.id in call.member.account_roles and _matches(account, wanted)
    ]
    return call.by_cursor(visible)


def _matches(account: Account, wanted: Mapping[str, Value]) -> bool:
    known = {
        "id": f"urn:li:sponsoredAccount:{account.id}",
        "name": account.name,
        "currency": account.currency,
        "status": account.status,
        "type": account.type,
        "reference": f"urn:li:organization:{account.page}",
    }
    for name, value in wanted.items():
        if name == "test":
            if value not in ("true", "false"):
                raise invalid("search.test must be true or false")
            if (value == "true") != account.test:
                return False
        elif name not in known:
            raise invalid(f"search has no field {name}")
        elif known[name] not in _values(name, value):
            return False
    return True


def _values(name: str, value: Value) -> list[Value]:
    values = value.get("values") if isinstance(value, dict) else None
    if not isinstance(values, list):
        raise invalid(f"search.{name} must be (values:List(…))")
    return values


async def one_account(call: Call) -> Answer:
    """One ad account."""
    call.account_key = call.key
    return _wire_account(call, call.account())


def _wire_account(call: Call, account: Account) -> Json:
    made: Json = {
        "id": account.id,
        "name": account.name,
        "type": account.type,
        "status": account.status,
        "currency": account.currency,
        "test": account.test,
        "servingStatuses": ["RUNNABLE"],
        "version": {"versionTag": "4"},
        "changeAuditStamps": _STAMPS,
    }
    if account.page is not None:
        made["reference"] = f"urn:li:organization:{account.page}"
    if call.fields is None:
        return made
    if account.page is not None:
        # Only those who ask for it get it.
        page = wire_page(account.page, call.state.world.pages[account.page])
        made["referenceInfo"] = {"organization": page}
    shown: Json = project(made, call.fields)
    return shown


def _wire_campaign(account: Account, row: Campaign) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "campaignGroup": f"urn:li:sponsoredCampaignGroup:{row.group}",
        "status": row.status,
        "type": row.type,
        "objectiveType": row.objective,
        "costType": "CPM",
        "runSchedule": {"start": 1784000000000},
        "test": account.test,
        "changeAuditStamps": _STAMPS,
    }


def _wire_group(account: Account, row: Group) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "status": "ACTIVE",
        "runSchedule": {"start": 1784000000000},
        "test": account.test,
    }


def _wire_creative(account: Account, row: Creative) -> Json:
    return {
        "id": f"urn:li:sponsoredCreative:{row.id}",
        "name": row.name,
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "campaign": f"urn:li:sponsoredCampaign:{row.campaign}",
        "intendedStatus": "ACTIVE",
        "isServing": True,
        "isTest": account.test,
        "servingHoldReasons": [],
        "review": {"status": "APPROVED"},
        "createdAt": 1793000000000,
        "createdBy": "urn:li:unknown:0",
        "lastModifiedAt": 1793000000000,
        "lastModifiedBy": "urn:li:unknown:0",
    }


def _children(call: Call, resource: str) -> dict[str, Json]:
    account = call.account()
    match resource:
        case "adCampaigns":
            rows = [_wire_campaign(account, row) for row in account.campaigns]
        case "adCampaignGroups":
            rows = [_wire_group(account, row) for row in account.groups]
        case _:
            rows = [_wire_creative(account, row) for row in account.creatives]
    return {str(row["id"]): project(row, call.fields) for row in rows}


class Children:
    """What lies below an ad account: one resource with its reads."""

    def __init__(self, resource: str) -> None:
        self.resource = resource

    async def get(self, call: Call) -> Answer:
        """One of them."""
        return self._one(call, call.key)

    async def several(self, call: Call) -> Answer:
        """Several by id."""
        return call.batch(lambda key: self._one(call, key))

    def _one(self, call: Call, key: str) -> Json:
        found = _children(call, self.resource).get(key)
        if found is None:
            raise not_found()
        return found

    async def search(self, call: Call) -> Answer:
        """Those that match."""
        tree, call.fields = call.fields, None
        rows = _children(call, self.resource).values()
        call.fields = tree
        wanted = call.record("search") if "search" in call.parameters else {}
        found = [row for row in rows if _fits(row, wanted)]
        return call.by_cursor([project(row, tree) for row in found])

    async def by_campaign(self, call: Call) -> Answer:
        """Creatives, of some campaigns where they are named."""
        tree, call.fields = call.fields, None
        rows = list(_children(call, self.resource).values())
        if "campaigns" in call.parameters:
            wanted = set(call.listed("campaigns"))
            rows = [row for row in rows if row["campaign"] in wanted]
        order = call.text("sortOrder") or "ASCENDING"
        if order not in {"ASCENDING", "DESCENDING"}:
            raise invalid("sortOrder must be ASCENDING or DESCENDING")
        rows.sort(key=lambda row: str(row["id"]), reverse=order == "DESCENDING")
        return call.by_cursor([project(row, tree) for row in rows])


def _fits(row: Json, wanted: Mapping[str, Value]) -> bool:
    known = ("id", "name", "status", "type", "campaignGroup", "test")
    for name, value in wanted.items():
        if name not in known or name not in row:
            raise invalid(f"search has no field {name}")
        if name == "test":
            if (value == "true") != row["test"]:
                return False
        elif str(row[name]) not in _values(name, value):
            return False
    return True
