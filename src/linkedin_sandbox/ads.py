"""Ad accounts, their users, pages, campaigns and creatives."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from linkedin_sandbox.calls import (
    Call,
    by_cursor,
    by_offset,
    open_call,
    projection,
    require_finder,
)
from linkedin_sandbox.errors import invalid, no_permission, not_found
from linkedin_sandbox.restli import Value, project, read_list, read_record
from linkedin_sandbox.world import Account, Json

_ADS = ("r_ads", "rw_ads")
_PAGES = ("r_organization_admin", "rw_organization_admin")
_STAMPS = {
    "created": {"actor": "urn:li:unknown:0", "time": 1784000000000},
    "lastModified": {"actor": "urn:li:unknown:0", "time": 1784000000000},
}


async def ad_account_users(request: Request) -> Response:
    """The asking member's roles in ad accounts."""
    call = await open_call(request, scopes=_ADS, what="adAccountUsers.FINDER")
    parameters = call.parameters("q", "start", "count")
    require_finder(parameters, "authenticatedUser")
    member = call.state.world.members[call.member]
    elements = [
        {
            "account": f"urn:li:sponsoredAccount:{account}",
            "user": member.urn,
            "role": role,
            "changeAuditStamps": _STAMPS,
        }
        for account, role in member.account_roles.items()
    ]
    page, paging = by_offset(call, parameters, elements)
    return JSONResponse({"paging": paging, "elements": page})


async def ad_accounts(request: Request) -> Response:
    """The ad accounts that the member can see."""
    call = await open_call(request, scopes=_ADS, what="adAccounts.FINDER-search")
    parameters = call.parameters("q", "search", "pageSize", "pageToken")
    require_finder(parameters, "search")
    if "search" in parameters and "pageToken" in parameters:
        raise invalid("search and pageToken cannot be sent together")
    wanted = (
        read_record("search", parameters["search"]) if "search" in parameters else {}
    )
    roles = call.state.world.members[call.member].account_roles
    visible = [
        account
        for account in call.state.world.accounts.values()
        if account.id in roles and _matches(account, wanted)
    ]
    asks_page = "referenceInfo" in parameters.get("fields", "")
    elements = [
        _wire_account(call, account, asks_page=asks_page) for account in visible
    ]
    return JSONResponse(by_cursor(parameters, elements))


def _matches(account: Account, wanted: dict[str, Value]) -> bool:
    known = {
        "status": account.status,
        "type": "BUSINESS",
        "test": "true" if account.test else "false",
        "reference": f"urn:li:organization:{account.page}",
    }
    for name, value in wanted.items():
        if name not in known:
            raise invalid(f"search has no field {name}")
        if name == "test":
            if value != known[name]:
                return False
            continue
        values = value.get("values") if isinstance(value, dict) else None
        if not isinstance(values, list):
            raise invalid(f"search.{name} must be (values:List(…))")
        if known[name] not in values:
            return False
    return True


async def ad_account(request: Request) -> Response:
    """One ad account."""
    call = await open_call(request, scopes=_ADS, what="adAccounts.GET")
    account = _visible_account(call)
    parameters = call.parameters()
    whole = _wire_account(
        call, account, asks_page="referenceInfo" in parameters.get("fields", "")
    )
    return JSONResponse(project(whole, projection(parameters)))


def _visible_account(call: Call) -> Account:
    account = call.state.world.accounts.get(call.number("account"))
    if account is None:
        raise not_found()
    if account.id not in call.state.world.members[call.member].account_roles:
        raise no_permission("adAccounts")
    return account


def _wire_account(call: Call, account: Account, *, asks_page: bool) -> Json:
    made: Json = {
        "id": account.id,
        "name": account.name,
        "type": "BUSINESS",
        "status": account.status,
        "currency": account.currency,
        "test": account.test,
        "servingStatuses": ["RUNNABLE"],
        "version": {"versionTag": "4"},
        "changeAuditStamps": _STAMPS,
    }
    if account.page is not None:
        made["reference"] = f"urn:li:organization:{account.page}"
        if asks_page:
            name = call.state.world.pages[account.page]
            organization = {"id": account.page, "localizedName": name}
            made["referenceInfo"] = {"organization": organization}
    return made


async def organization_acls(request: Request) -> Response:
    """The asking member's roles on company pages."""
    call = await open_call(request, scopes=_PAGES, what="organizationAcls.FINDER")
    parameters = call.parameters("q", "state", "role", "start", "count")
    require_finder(parameters, "roleAssignee")
    member = call.state.world.members[call.member]
    elements = [
        {
            "roleAssignee": member.urn,
            "state": "APPROVED",
            "role": role,
            "organization": f"urn:li:organization:{page}",
        }
        for page, roles in member.page_roles.items()
        for role in roles
        if parameters.get("role", role) == role
        and parameters.get("state", "APPROVED") == "APPROVED"
    ]
    page, paging = by_offset(call, parameters, elements)
    return JSONResponse({"paging": paging, "elements": page})


def _wire_campaign(account: Account, row: Json) -> Json:
    return {
        "id": row["id"],
        "name": row["name"],
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "campaignGroup": f"urn:li:sponsoredCampaignGroup:{row['group']}",
        "status": row["status"],
        "type": row["type"],
        "objectiveType": row["objective"],
        "test": False,
        "changeAuditStamps": _STAMPS,
    }


def _wire_group(account: Account, row: Json) -> Json:
    return {
        "id": row["id"],
        "name": row["name"],
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "status": "ACTIVE",
        "test": False,
    }


def _wire_creative(account: Account, row: Json) -> Json:
    return {
        "id": f"urn:li:sponsoredCreative:{row['id']}",
        "name": row["name"],
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "campaign": f"urn:li:sponsoredCampaign:{row['campaign']}",
        "intendedStatus": "ACTIVE",
        "isServing": True,
        "isTest": False,
        "review": {"status": "APPROVED"},
        "createdAt": 1793000000000,
        "lastModifiedAt": 1793000000000,
    }


def _one(rows: list[Json], number: str) -> Json:
    for row in rows:
        if str(row["id"]) == number:
            return row
    raise not_found()


async def campaigns(request: Request) -> Response:
    """The campaigns of an account: searched, or several by id."""
    call = await open_call(request, scopes=_ADS, what="adCampaigns.FINDER-search")
    account = _visible_account(call)
    parameters = call.parameters("q", "search", "pageSize", "pageToken", "ids")
    if "ids" in parameters:
        ids = read_list("ids", parameters["ids"])
        return JSONResponse(_batch(ids, account))
    require_finder(parameters, "search")
    rows = [_wire_campaign(account, row) for row in account.campaigns]
    return JSONResponse(by_cursor(parameters, rows))


def _batch(ids: list[Value], account: Account) -> Json:
    known = {str(row["id"]): _wire_campaign(account, row) for row in account.campaigns}
    wanted = [str(number) for number in ids]
    missing = [number for number in wanted if number not in known]
    return {
        "results": {number: known[number] for number in wanted if number in known},
        "statuses": {number: 404 if number in missing else 200 for number in wanted},
        "errors": {number: not_found().body for number in missing},
    }


async def campaign(request: Request) -> Response:
    """One campaign."""
    call = await open_call(request, scopes=_ADS, what="adCampaigns.GET")
    account = _visible_account(call)
    row = _one(account.campaigns, request.path_params["id"])
    tree = projection(call.parameters())
    return JSONResponse(project(_wire_campaign(account, row), tree))


async def campaign_groups(request: Request) -> Response:
    """The campaign groups of an account."""
    call = await open_call(request, scopes=_ADS, what="adCampaignGroups.FINDER-search")
    account = _visible_account(call)
    parameters = call.parameters("q", "search", "pageSize", "pageToken")
    require_finder(parameters, "search")
    rows = [_wire_group(account, row) for row in account.groups]
    return JSONResponse(by_cursor(parameters, rows))


async def campaign_group(request: Request) -> Response:
    """One campaign group."""
    call = await open_call(request, scopes=_ADS, what="adCampaignGroups.GET")
    account = _visible_account(call)
    row = _one(account.groups, request.path_params["id"])
    return JSONResponse(
        project(_wire_group(account, row), projection(call.parameters()))
    )


async def creatives(request: Request) -> Response:
    """The creatives of an account, of some campaigns where they are named."""
    call = await open_call(request, scopes=_ADS, what="creatives.FINDER-criteria")
    account = _visible_account(call)
    names = ("q", "campaigns", "sortOrder", "pageSize", "pageToken")
    parameters = call.parameters(*names)
    require_finder(parameters, "criteria")
    rows = [_wire_creative(account, row) for row in account.creatives]
    if "campaigns" in parameters:
        wanted = read_list("campaigns", parameters["campaigns"])
        rows = [row for row in rows if row["campaign"] in wanted]
    return JSONResponse(by_cursor(parameters, rows))


async def creative(request: Request) -> Response:
    """One creative, by its encoded URN."""
    call = await open_call(request, scopes=_ADS, what="creatives.GET")
    account = _visible_account(call)
    number = request.path_params["urn"].removeprefix("urn:li:sponsoredCreative:")
    row = _one(account.creatives, number)
    return JSONResponse(
        project(_wire_creative(account, row), projection(call.parameters()))
    )
