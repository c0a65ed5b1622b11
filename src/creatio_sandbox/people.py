"""Leads that are there before anybody calls, by formula."""

import uuid
from datetime import UTC, datetime, timedelta

from creatio_sandbox.world import World

_FIRST = ("Ada", "Bruno", "Chiara", "Dmitri", "Emeka", "Freja", "Goran", "Hana")
_LAST = ("Aalto", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Horvat")
_FIRMS = ("Northlake", "Bluefield", "Stonebridge", "Westwind", "Oakhurst")
_HOME = uuid.UUID("0c0ad5b2-6e1d-4c6f-8a53-94e0f7f1a6d1")
_START = datetime(2026, 1, 1, tzinfo=UTC)


def add_leads(world: World, count: int) -> None:
    """So many leads; the same ones every time."""
    stage = world.settings.get("DefaultLeadStage")
    held = {**world.schema["Lead"].defaults}
    if stage is not None:
        held["QualifyStatusId"] = stage.value
    for number in range(count):
        first, last = _FIRST[number % 8], _LAST[number // 8 % 8]
        firm = f"{_FIRMS[number % 5]} {number}"
        made = (_START + timedelta(minutes=number)).isoformat()[:19] + "Z"
        key = str(uuid.uuid5(_HOME, str(number)))
        world.rows["Lead"][key] = {
            "Id": key,
            "CreatedOn": made,
            "ModifiedOn": made,
            **held,
            "LeadName": f"{first} {last}, {firm}",
            "Contact": f"{first} {last}",
            "Account": firm,
            "Email": f"{first}.{last}.{number}@example.com".lower(),
        }
