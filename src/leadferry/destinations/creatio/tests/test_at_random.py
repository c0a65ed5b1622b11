"""Whatever goes wrong meanwhile: each lead is there once, as it is now."""

import random
from dataclasses import replace
from typing import Any

import pytest

from leadferry.destinations.base import (
    Delivered,
    Parcel,
    SetupProblem,
    Temporary,
)
from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.creatio.tests.builders import make_parcel, value_of
from tests.support.creatio import Creatio

pytestmark = pytest.mark.django_db
LEADS, ROUNDS = 8, 15
KINDS = (
    "lose-reply", "truncated", "reset", "502", "503", "429", "garbage", "login-page",
    "error-in-200", "deep-500", "401", "400", "403",
)  # fmt: skip
ENDPOINTS = ("$batch", "$batch", "Lead", "token", "LeadGenLeadForms", "Country", "*")


class Far:
    """What a destination remembers of its leads, and what they are here."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.parcels = {number: make_parcel(number) for number in range(LEADS)}

    def edit(self) -> None:
        """A person changes a lead here."""
        number = self.luck.randrange(LEADS)
        parcel = self.parcels[number]
        change: dict[str, Any] = self.luck.choice(
            [
                {"Contact": f"Name {self.luck.random()}"},
                {
                    "Country": value_of(
                        "Country", self.luck.choice(["Germany", "Spain"])
                    )
                },
                {"Country": None},
                {"Account": self.luck.choice(["", "Northlake", "Southlake"])},
            ]
        )
        self.parcels[number] = replace(parcel, values={**parcel.values, **change})

    def send(self, connector: CreatioConnector, numbers: list[int]) -> bool:
        """Whether all of them arrived."""
        try:
            outcomes = connector.send([self.parcels[number] for number in numbers])
        except (Temporary, SetupProblem):
            return False
        for number, outcome in outcomes.items():
            if isinstance(outcome, Delivered):
                self.parcels[number] = _arrived(self.parcels[number], outcome)
        return all(isinstance(one, Delivered) for one in outcomes.values())


def _arrived(parcel: Parcel, outcome: Delivered) -> Parcel:
    return replace(parcel, remote_id=outcome.remote_id, sent=outcome.digests)


@pytest.mark.parametrize("seed", range(4))
def test_each_lead_is_there_once_and_as_it_is_now(
    connector: CreatioConnector, creatio: Creatio, seed: int
) -> None:
    luck = random.Random(seed)  # noqa: S311 - repeatable on purpose
    far = Far(luck)
    for _round in range(ROUNDS):
        fault = {"endpoint": luck.choice(ENDPOINTS), "kind": luck.choice(KINDS)}
        shape = luck.choice([1, 2, 3, 4])
        faults = [{**fault, "count": luck.randint(1, 3), "shape": shape}]
        creatio.control("PUT", "faults", faults if luck.random() < 0.8 else [])
        for _edit in range(luck.randrange(3)):
            far.edit()
        if luck.random() < 0.1:
            creatio.expire_tokens()
        far.send(connector, luck.sample(range(LEADS), luck.randint(1, LEADS)))
    creatio.no_faults()
    assert far.send(connector, list(range(LEADS)))
    held = creatio.records()
    assert len(held) == LEADS
    countries = creatio.records("Country")
    for parcel in far.parcels.values():
        row = held[parcel.remote_id]
        assert row["Contact"] == parcel.values["Contact"]
        assert row["Account"] == (parcel.values.get("Account") or "")
        country = parcel.values.get("Country")
        shown = countries.get(row["CountryId"], {}).get("Name")
        assert shown == (getattr(country, "name", None))
    # What is recorded of forms is recorded once.
    assert len(creatio.records("LeadGenLeadForms")) <= 1
