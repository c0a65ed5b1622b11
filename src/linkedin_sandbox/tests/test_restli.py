from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_sandbox.errors import Refusal
from linkedin_sandbox.restli import (
    Value,
    project,
    read,
    read_fields,
    read_leniently,
    read_version_1,
)

malformed = st.text(alphabet="()List:,%41aé&=[].0 \x00", max_size=40)


def status_of(reader: Callable[[str], object], text: str) -> int:
    try:
        reader(text)
    except Refusal as refusal:
        return refusal.status
    return 200


@given(malformed)
def test_malformed_values_are_refused_and_nothing_else_happens(text: str) -> None:
    readers: list[Callable[[str], object]] = [
        lambda text: read("x", text),
        lambda text: read_leniently("x", text),
        lambda text: read_version_1(text, allowed=("a", "L")),
        read_fields,
    ]
    assert {status_of(reader, text) for reader in readers} <= {200, 400}


def test_depth_is_bounded() -> None:
    for text in ("(a:" * 5_000, "List(" * 5_000):
        with pytest.raises(Refusal):
            read("x", text)
    with pytest.raises(Refusal):
        read_fields("a:(" * 5_000)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("a=x", {"a": "x"}),
        ("a=x&a=y", {"a": ["x", "y"]}),
        ("a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        ("a%5B0%5D=x", {"a": ["x"]}),
        ("a.b.values[0]=x&a.c=1", {"a": {"b": {"values": ["x"]}, "c": "1"}}),
        ("a=urn%3Ali%3Ax", {"a": "urn:li:x"}),
    ],
)
def test_values_of_protocol_1(query: str, value: dict[str, Value]) -> None:
    assert read_version_1(query, allowed=("a",)) == value


@pytest.mark.parametrize("query", ["b=1", "a[x=1", "a..b=1", "a=1&a.b=2", "a.b=2&a=1"])
def test_what_protocol_1_does_not_understand(query: str) -> None:
    with pytest.raises(Refusal):
        read_version_1(query, allowed=("a",))


def test_projection_goes_into_lists() -> None:
    tree = read_fields("id,rows:(a,b:(c))")
    whole = {"id": 1, "x": 2, "rows": [{"a": 1, "z": 0}, {"b": {"c": 3, "d": 4}}]}
    assert project(whole, tree) == {"id": 1, "rows": [{"a": 1}, {"b": {"c": 3}}]}
