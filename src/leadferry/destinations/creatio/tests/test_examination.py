"""“Test connection” names the step that fails."""

import pytest

from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.creatio.tests.builders import connect_to, make_site
from tests.support.creatio import Creatio
from tests.support.ports import free_port

pytestmark = pytest.mark.django_db
STEPS = [
    "address", "identity", "client", "runtime", "rights", "columns", "lookups", "lead",
]  # fmt: skip


def gone(endpoint: str) -> dict[str, str]:
    return {"endpoint": endpoint, "kind": "404"}


def failing(connector: CreatioConnector) -> str:
    steps = list(connector.examine(writing=True))
    assert [step.code for step in steps] == STEPS
    [bad] = [step for step in steps if step.ok is False]
    assert bad.message
    # What builds on it was not looked at.
    later = steps[STEPS.index(bad.code) + 1 :]
    assert all(step.ok is None for step in later)
    return bad.code


def test_all_is_well_and_nothing_is_left_behind(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    steps = list(connector.examine(writing=True))
    assert [(step.code, step.ok) for step in steps] == [(code, True) for code in STEPS]
    assert creatio.records() == {}


def test_nothing_is_written_while_it_is_looked_at_by_itself(
    creatio: Creatio, connector: CreatioConnector
) -> None:
    steps = list(connector.examine(writing=False))
    assert steps
    assert all(step.ok for step in steps)
    assert not [row for row in creatio.calls("Lead") if row["method"] != "GET"]


def test_nothing_answers_at_the_address(creatio: Creatio) -> None:
    creatio_url = creatio.url
    try:
        creatio.url = f"http://127.0.0.1:{free_port()}"
        connector = connect_to(creatio, make_site())
    finally:
        creatio.url = creatio_url
    assert failing(connector) == "address"
    connector.close()


@pytest.mark.parametrize(
    ("switches", "faults", "step"),
    [
        ({"identity": "own"}, [], "identity"),
        ({}, [{"endpoint": "*", "kind": "secret-changed"}], "client"),
        ({}, [gone("ping"), gone("$metadata")], "runtime"),
        ({}, [{"endpoint": "Lead", "kind": "403"}], "rights"),
        ({}, [{"endpoint": "Lead", "kind": "read-only"}], "lead"),
        ({}, [{"endpoint": "Lead", "kind": "deep-500", "message": "full"}], "rights"),
    ],
)  # fmt: skip
def test_the_step_that_fails(
    connector: CreatioConnector,
    creatio: Creatio,
    switches: dict[str, str],
    faults: list[dict[str, str]],
    step: str,
) -> None:
    creatio.switch(**switches)
    creatio.control("PUT", "faults", faults)
    assert failing(connector) == step


def test_a_lead_of_a_test_that_was_cut_short_is_no_obstacle(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.fault("Lead", "lose-reply")
    list(connector.examine(writing=True))
    creatio.no_faults()
    assert all(step.ok for step in connector.examine(writing=True))
    assert creatio.records() == {}


def test_a_lookup_that_may_not_be_read_is_told_and_stops_nothing(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.fault("Country", "403")
    steps = {step.code: step for step in connector.examine(writing=True)}
    assert steps["lookups"].ok is None
    assert "Country" in steps["lookups"].message
    assert steps["lead"].ok is True
