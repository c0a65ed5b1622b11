import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadferry.linkedin.restli import (
    Raw,
    encode,
    number_of,
    parse_versioned_form,
    query,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("urn:li:x:1", "urn%3Ali%3Ax%3A1"),
        ("a (b), c", "a%20%28b%29%2C%20c"),
        (0, "0"),
        (False, "false"),
        ([], "List()"),
        (["a:1", 2], "List(a%3A1,2)"),
        # The union's own brackets and colon are literal, those of the URN are not.
        (
            {"sponsoredAccount": "urn:li:sponsoredAccount:5"},
            "(sponsoredAccount:urn%3Ali%3AsponsoredAccount%3A5)",
        ),
        (
            {"value": {"sponsoredAccount": "urn:li:sponsoredAccount:5"}},
            "(value:(sponsoredAccount:urn%3Ali%3AsponsoredAccount%3A5))",
        ),
        ({"start": 1, "end": 2}, "(start:1,end:2)"),
    ],
)
def test_encoding(value: object, written: str) -> None:
    assert encode(value) == written


def test_a_projection_is_written_as_it_is() -> None:
    assert query({"q": "owner", "fields": Raw("id,form:(name)")}) == (
        "q=owner&fields=id,form:(name)"
    )


@given(st.text())
def test_no_text_breaks_out_of_its_place(text: str) -> None:
    assert not set(encode(text)) & set("(),:&=?# ")


@pytest.mark.parametrize(
    ("urn", "pair"),
    [
        ("urn:li:versionedLeadGenForm:(urn:li:leadGenForm:9876,3)", (9876, 3)),
        # LinkedIn's own sample has the blank.
        ("urn:li:versionedLeadGenForm:(urn:li:leadGenForm:9876, 3)", (9876, 3)),
        (
            "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:6955637458260688897,1)",
            (6955637458260688897, 1),
        ),
        ("urn:li:leadGenForm:9876", None),
        ("", None),
    ],
)
def test_form_versions(urn: str, pair: tuple[int, int] | None) -> None:
    assert parse_versioned_form(urn) == pair


def test_the_number_of_a_urn() -> None:
    assert number_of("urn:li:sponsoredCampaign:0") == 0
    assert number_of("urn:li:person:abc") is None
    assert number_of(None) is None
