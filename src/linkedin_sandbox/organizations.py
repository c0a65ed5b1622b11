"""Company pages and the roles on them."""

import re

from linkedin_sandbox.calls import Answer, Call, path_number
from linkedin_sandbox.errors import no_permission, not_found
from linkedin_sandbox.restli import project
from linkedin_sandbox.world import Json


def wire_page(number: int, name: str) -> Json:
    """A company page."""
    return {
        "id": number,
        "vanityName": re.sub(r"\W+", "-", name.lower()).strip("-"),
        "localizedName": name,
        "name": {
            "localized": {"en_US": name},
            "preferredLocale": {"country": "US", "language": "en"},
        },
        "locations": [],
        "primaryOrganizationType": "NONE",
    }


async def my_page_roles(call: Call) -> Answer:
    """The asking member's roles on company pages."""
    wanted = {name: call.text(name) for name in ("role", "state")}
    rows = [
        {
            "roleAssignee": call.member.urn,
            "state": "APPROVED",
            "role": role,
            "organization": f"urn:li:organization:{page}",
            "created": {"actor": call.member.urn, "time": 1655913677098},
            "lastModified": {"actor": call.member.urn, "time": 1683063892716},
        }
        for page, roles in call.member.page_roles.items()
        for role in roles
        if wanted["role"] in {None, role} and wanted["state"] in {None, "APPROVED"}
    ]
    return call.by_offset(
        rows, lambda row: project(row, call.fields), tells_total=False
    )


async def one_page(call: Call) -> Answer:
    """A company page that the member administers."""
    number = path_number(call.key)
    name = call.state.world.pages.get(number)
    if name is None:
        raise not_found()
    if "ADMINISTRATOR" not in call.member.page_roles.get(number, ()):
        raise no_permission("organizations")
    made: Json = project(wire_page(number, name), call.fields)
    return made


async def look_pages_up(call: Call) -> Answer:
    """Some fields of any company page."""

    def find(key: str) -> Json:
        number = path_number(key)
        if number not in call.state.world.pages:
            raise not_found()
        whole = wire_page(number, call.state.world.pages[number])
        made: Json = project(whole, call.fields)
        return made

    return call.batch(find)
