import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from linkedin_sandbox.cli import main
from linkedin_sandbox.places import line_of
from linkedin_sandbox.world import WorldError, load


def default() -> Any:
    place = resources.files("linkedin_sandbox") / "world.json"
    return json.loads(place.read_text(encoding="utf-8"))


def written(tmp_path: Path, world: Any) -> Path:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(world, indent=1), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(WorldError) as refused:
        load(path)
    return str(refused.value)


def change(world: Any, keys: list[str | int], value: Any) -> None:
    for key in keys[:-1]:
        world = world[key]
    world[keys[-1]] = value


@pytest.mark.parametrize(
    ("keys", "value", "line", "reason"),
    [
        (["accounts", 1, "name"], 7, '"name": 7', "Expected `str`, got `int`"),
        (["forms", 0, "versions", 0, "questions", 1, "id"], "x", '"id": "x"', "`int`"),
        (["forms", 0, "account"], 1, '"account": 1,', "There is no ad account 1."),
        (["forms", 0, "page"], 11223344, "{", "either an account or a page"),
        (["forms", 0, "lead_type"], "ORGANIC", "ORGANIC", "no lead type ORGANIC"),
        (["forms", 0, "campaigns"], [5], '"campaigns": [', "no campaign 5"),
        (["forms", 1, "id"], 987654, "{", "987654 is there twice."),
        (["members", 0, "account_roles"], {"512345678": "KING"}, "{", "no role KING"),
        (["accounts", 0, "creatives", 0, "campaign"], 1, ": 1", "no campaign 1"),
        (["applications"], [], '"applications": []', "at least one"),
    ],
)
def test_a_broken_world_is_refused_with_line_and_reason(
    tmp_path: Path, keys: list[str | int], value: Any, line: str, reason: str
) -> None:
    world = default()
    change(world, keys, value)
    path = written(tmp_path, world)
    said = refusal(path)
    assert reason in said
    number = int(said.partition("line ")[2].partition(":")[0])
    assert line in path.read_text(encoding="utf-8").splitlines()[number - 1]


def test_a_world_that_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text('{\n "members": [],\n oops\n}', encoding="utf-8")
    assert "line 3" in refusal(path)
    path.write_text('{"members": [', encoding="utf-8")
    assert "line 1" in refusal(path)
    assert "No such file" in refusal(tmp_path / "nowhere.json")


def test_the_command_says_it_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = default()
    del world["pages"]
    path = written(tmp_path, world)
    assert main(["serve", "--world", str(path)]) == 2
    said = capsys.readouterr().err
    assert said == f"{path}, line 1: Object missing required field `pages`\n"
    for wrong in (
        ["--fault", "x=nonsense"], ["--fault", "x"], ["--fault", "x=500:often"],
        ["--quota", "a=b"], ["--leads", "-5"], ["--max-count", "many"],
    ):  # fmt: skip
        assert main(["serve", *wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_lines_of_nested_values() -> None:
    text = '{\n "a": [\n  {"b\\"": 1},\n  {"b": 2, "c": {"d": 3}}\n ],\n "e": null\n}'
    assert line_of(text, ".a[1].c.d") == 4
    assert line_of(text, ".a[0]") == 3
    assert line_of(text, ".e") == 6
    assert line_of(text, ".a[1].nowhere") == 4
    assert line_of(text, "") == 1
