"""The lookups that come with the product, and what a new lead holds from the start.

The ids are Creatio's for its stock values, so that both sides know the same value.
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from babel import Locale

from leadferry.kit.text import comparable
from leadferry.leads.models import LookupValue

# Code -> name. Those without values below are the operator's to fill.
LOOKUPS = {
    "Country": "Countries",
    "Region": "States/provinces",
    "City": "Cities",
    "AccountIndustry": "Industries",
    "AccountEmployeesNumber": "Numbers of employees",
    "AccountAnnualRevenue": "Annual revenues",
    "Job": "Job titles",
    "Department": "Departments",
    "ContactDecisionRole": "Roles",
    "ContactSalutationType": "Salutations",
    "Gender": "Genders",
    "LeadRegisterMethod": "Registration methods",
    "LeadSource": "Lead sources",
    "LeadMedium": "Lead channels",
    "LeadType": "Customer needs",
    "LeadTypeStatus": "Need maturity",
    "QualifyStatus": "Lead stages",
    "LeadStatus": "Lead statuses",
    "LeadDisqualifyReason": "Disqualification reasons",
    "InformationSource": "Information sources",
    "Campaign": "Marketing campaigns",
    "Event": "Events",
}

_CREATED_AUTOMATICALLY = "2f65913c-ff62-40fb-9d01-1a3e2e893e0e"
_LINKEDIN = "6c7e2194-0b60-4b1c-a084-20a73d8cb06f"
_WEB_SOCIAL = "fa3f5ad8-56da-4fcf-aa79-7033bdf62178"
_MARKETING_QUALIFIED = "0198bb53-c5da-41a7-98ad-c92a61706867"
_NEW = "bd3511f8-f36b-1410-4493-1c6f65e16a07"

# Lookup -> (name, id in Creatio; none where only the name is known).
VALUES: dict[str, tuple[tuple[str, str | None], ...]] = {
    "LeadRegisterMethod": (
        ("Created automatically", _CREATED_AUTOMATICALLY),
        ("Added manually", "240ab9c6-4d7c-4688-b380-af44dd147d7a"),
        ("Landing page", "ba097c3a-31cf-48a7-a196-84fad50efe8d"),
        ("Incoming call / email", "d08186b2-b670-4fdf-9596-7654017f9255"),
        ("Case", "85275068-7b5b-424b-ac4d-f7050aee1eef"),
    ),
    "LeadSource": (
        ("LinkedIn", _LINKEDIN),
        ("Facebook", "532429b9-5324-407a-9c17-d1fdf4c3abc9"),
        ("Twitter", "2c97826d-18ab-4e12-9e91-60a709315444"),
        ("Google", "a417d1e3-2029-4c17-8e15-c6a586d1a9b7"),
        ("Other source", "f5e73b24-bd68-45ba-9ec6-dee40a35c615"),
    ),
    "LeadMedium": (
        ("Web: social", _WEB_SOCIAL),
        ("Web: paid search", "33a3b3fe-fab9-4256-91bb-b574e021c70a"),
        ("Web: other online advertising", "7e9f5358-e4ff-4139-a23a-0bfc4a1f1bb5"),
        ("Email", "e95c0d56-e773-4a7c-81d8-148619beebb0"),
        ("Event", "4c870607-99b4-40d2-9b0c-50e2eca85c08"),
    ),
    "LeadType": (
        ("Need for our products", "96ed75a6-1718-4311-a690-a577d4c873b1"),
        ("Need for our services", "e12c4c83-97d3-42c7-b785-17b14179e879"),
        ("Software", "84c42d58-10af-4a63-9ca7-845bab573daa"),
        ("Hardware", "4eb933c2-d7bb-4711-8d57-3e59c2bcdc0f"),
        ("Additional service", "ec4a62b5-9cf0-4e54-abd6-cf509001b2c5"),
    ),
    "LeadTypeStatus": (
        ("Suspected", "a719c793-2909-4671-9115-d19da8da0067"),
        ("Discovered", "5b3d1046-fc16-45c8-a5a1-298dfc857546"),
        ("Sales-ready", "66f33ed8-53ef-48cf-abf3-665749ecf6ac"),
        ("Satisfied", "e7b0c327-7b90-4ee1-bb3e-2341c8cd51c3"),
        ("Not interested", "f78066d3-a73e-4e86-bb99-e477fcb94b28"),
    ),
    "QualifyStatus": (
        ("Marketing qualified lead", _MARKETING_QUALIFIED),
        ("Sales qualified lead", "92154e4b-f095-43fb-91ce-070fb0985c41"),
        ("Converted", "fb2df0a2-fb55-4fcc-8e46-a8da02c449c8"),
        ("Closed lost", "37a86c0e-4755-4609-baca-fe92ce33577a"),
    ),
    "LeadStatus": (
        ("New", _NEW),
        ("In progress", None),
        ("Contacted", None),
        ("Qualified as new", None),
        ("Qualified as existing", None),
        ("Unable to connect", None),
        ("No longer interested", None),
        ("Lost", None),
        ("Done", None),
    ),
    # Broad ones to begin with: a list of one's own comes in as CSV.
    "AccountIndustry": tuple(
        (name, None)
        for name in (
            "Accommodation and Food Services",
            "Administrative and Support Services",
            "Construction",
            "Consumer Services",
            "Education",
            "Entertainment Providers",
            "Farming, Ranching, Forestry",
            "Financial Services",
            "Government Administration",
            "Holding Companies",
            "Hospitals and Health Care",
            "Manufacturing",
            "Oil, Gas, and Mining",
            "Professional Services",
            "Real Estate and Equipment Rental Services",
            "Retail",
            "Technology, Information and Media",
            "Transportation, Logistics, Supply Chain and Storage",
            "Utilities",
            "Wholesale",
        )
    ),
    "AccountEmployeesNumber": tuple(
        (name, None)
        for name in (
            "1", "2-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000",
            "5001-10,000", "10,001+",
        )
    ),
}  # fmt: skip

# What Creatio, too, gives a lead that nothing else was said of.
_DEFAULTS = {
    "RegisterMethod": ("LeadRegisterMethod", UUID(_CREATED_AUTOMATICALLY)),
    "LeadSource": ("LeadSource", UUID(_LINKEDIN)),
    "LeadMedium": ("LeadMedium", UUID(_WEB_SOCIAL)),
    "QualifyStatus": ("QualifyStatus", UUID(_MARKETING_QUALIFIED)),
    "Status": ("LeadStatus", UUID(_NEW)),
}


def countries() -> list[tuple[str, str]]:
    """(two letters, English name) of every country and territory, by name."""
    names = Locale("en").territories
    # Two letters that are no country's: unions, tests, and parts with no code of ISO.
    left_out = {
        "EU", "EZ", "UN", "XA", "XB", "ZZ", "QO",
        "AC", "CP", "CQ", "DG", "EA", "IC", "TA",
    }  # fmt: skip
    found = [
        (code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in left_out
    ]
    return sorted(found, key=lambda pair: comparable(pair[1]))


def add_stock(lookups: Any, values: Any, *, key_of: Callable[[str], str]) -> None:
    """Add what comes with the product, in a migration; what is there stays."""
    for code, name in LOOKUPS.items():
        lookup, _made = lookups.objects.get_or_create(
            code=code, defaults={"name": name}
        )
        rows: Iterable[tuple[str, str | None, str]] = [
            (value, guid, "") for value, guid in VALUES.get(code, ())
        ]
        if code == "Country":
            rows = [(value, None, letters) for letters, value in countries()]
        for position, (value, guid, letters) in enumerate(rows):
            given = {"guid": guid} if guid else {}
            values.objects.get_or_create(
                lookup=lookup,
                name_key=key_of(value),
                defaults={
                    "name": value, "code": letters, "position": position, **given,
                },
            )  # fmt: skip


def registration_defaults() -> dict[str, int]:
    """Column code -> lookup value that a new lead holds unless its mapping says more.

    A value that was retired or merged away is no longer given.
    """
    guids = [guid for _lookup, guid in _DEFAULTS.values()]
    rows = LookupValue.objects.filter(
        lookup__code__in=[lookup for lookup, _guid in _DEFAULTS.values()],
        guid__in=guids,
        is_retired=False,
        merged_into=None,
    )
    found = dict(rows.values_list("guid", "pk"))
    return {
        code: found[guid]
        for code, (_lookup, guid) in _DEFAULTS.items()
        if guid in found
    }
