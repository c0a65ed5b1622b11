import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from creatio_sandbox.world import WorldError, load


@pytest.fixture
def told() -> dict[str, Any]:
    source = resources.files("creatio_sandbox") / "world.json"
    read: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return read


def test_every_default_is_a_value_that_is_there() -> None:
    world = load()
    lead = world.schema["Lead"]
    for column in lead.columns:
        value = lead.defaults.get(column.key)
        if column.target and value is not None:
            assert value in world.rows[column.target]
    assert world.settings["DefaultLeadStage"].value in world.rows["QualifyStatus"]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("objects", "Lead", "columns", "Zip"), "text51", "Lead.Zip is neither"),
        (("clients",), [], "a user and a client"),
        (("clients", 0, "user"), "nobody", "lead-import has no user"),
        (("objects", "SysSettings"), None, "SysSettings"),
        (("users", 0, "rights"), "all", "Expected `object`"),
    ],
)
def test_a_broken_world_is_refused(
    told: dict[str, Any], tmp_path: Path, path: tuple[Any, ...], value: Any, reason: str
) -> None:
    *hops, last = path
    here: Any = told
    for hop in hops:
        here = here[hop]
    if value is None:
        del here[last]
    else:
        here[last] = value
    file = tmp_path / "world.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(WorldError, match=reason):
        load(file)
