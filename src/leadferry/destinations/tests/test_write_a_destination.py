"""What docs/howto/write-a-destination.md builds works as it stands there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from leadferry.destinations import registry, services
from leadferry.destinations.kinds import Kind
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.services import Wanted
from leadferry.destinations.tests.builders import (
    bring_over,
    delete_lead,
    delivery_of,
    make_due,
    make_leads,
)

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).parents[4] / "docs" / "howto" / "write-a-destination.md"


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Kind:
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(code) == 2
    names: dict[str, Any] = {}
    exec("\n".join(code), names)  # noqa: S102 - a page of our own
    made: Kind = names["FOLDER"]
    monkeypatch.setitem(registry.KINDS, made.code, made)
    return made


def files(folder: Path) -> dict[str, str]:
    return {
        one.name: json.loads(one.read_text(encoding="utf-8"))["Email"]
        for one in folder.iterdir()
    }


def test_the_folder_gets_and_loses_leads(kind: Kind, tmp_path: Path) -> None:
    folder = tmp_path / "leads"
    settings = {"folder": str(folder)}
    wanted = Wanted(name="Folder", settings=settings, secrets={})
    destination = services.create(kind.code, wanted, by=None)
    one, nobody = make_leads("ada@example.com", "")
    bring_over(destination)
    assert destination.state == Destination.State.PAUSED
    assert destination.reason == f"There is no folder {folder}."
    folder.mkdir()
    make_due()
    bring_over(destination)
    assert destination.state == Destination.State.ON
    assert files(folder) == {f"lead-{one.pk}.json": "ada@example.com"}
    assert delivery_of(nobody).state == Delivery.State.PARKED
    delete_lead(one)
    bring_over(destination)
    assert files(folder) == {}
    assert delivery_of(one.pk).receipt == "removed"


def test_its_set_up_is_checked_and_its_connection_tested(
    kind: Kind, tmp_path: Path
) -> None:
    [field] = kind.fields
    assert field.check("leads") == "Enter the whole path of the folder."
    assert field.check(str(tmp_path)) == ""
    destination = Destination(kind=kind.code, settings={"folder": str(tmp_path)})
    connector = registry.connect(destination)
    assert [step.ok for step in connector.examine(writing=True)] == [True]
    connector.close()
