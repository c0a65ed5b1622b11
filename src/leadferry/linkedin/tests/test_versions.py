"""What is known of versions, and what may have come since."""

from datetime import date

import pytest

from leadferry.linkedin.versions import VERSIONS, newer_versions, version_named


def test_no_version_is_of_a_december_and_newest_come_first() -> None:
    names = [version.name for version in VERSIONS]
    assert names == sorted(names, reverse=True)
    assert not [name for name in names if name.endswith("12")]
    assert all(version.until.year == int(version.name[:4]) + 1 for version in VERSIONS)


@pytest.mark.parametrize(
    ("name", "today", "newer"),
    [
        ("202609", date(2026, 9, 30), []),
        ("202609", date(2026, 11, 1), ["202611", "202610"]),
        ("202610", date(2027, 2, 1), ["202702", "202701", "202611"]),
        ("202611", date(2026, 12, 31), []),
        # Ahead of the calendar, or no version at all.
        ("202702", date(2026, 12, 31), []),
        ("latest", date(2026, 12, 31), []),
    ],
)
def test_newer_versions(name: str, today: date, newer: list[str]) -> None:
    assert newer_versions(name, today=today) == newer


def test_the_end_of_a_version() -> None:
    published, expected = version_named("202607"), version_named("202701")
    assert published is not None
    assert expected is not None
    assert (published.until, published.is_published) == (date(2027, 7, 15), True)
    assert (expected.until, expected.is_published) == (date(2028, 1, 15), False)
    assert version_named("202612") is None
    assert version_named("latest") is None
