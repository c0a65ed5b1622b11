"""Versions of LinkedIn's API that this release speaks, and the scopes it asks for.

There is no version of a December, and what the calendar says proves nothing: a version
counts as active once LinkedIn has answered to it.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version and the day on which LinkedIn stops to answer to it.

    The day `is_published` by LinkedIn, or expected: a version lives a year at least.
    """

    name: str
    until: date
    is_published: bool = True


VERSIONS = (
    Version(name="202609", until=date(2027, 9, 15), is_published=False),
    Version(name="202608", until=date(2027, 8, 16), is_published=False),
    Version(name="202607", until=date(2027, 7, 15)),
    Version(name="202606", until=date(2027, 6, 15)),
    Version(name="202605", until=date(2027, 5, 15)),
    Version(name="202604", until=date(2027, 4, 15)),
    Version(name="202603", until=date(2027, 3, 16)),
    Version(name="202602", until=date(2027, 2, 15)),
    Version(name="202601", until=date(2027, 1, 15)),
)
API_VERSIONS = tuple(version.name for version in VERSIONS)
NEWEST_VERSION = API_VERSIONS[0]
SCOPES = (
    "r_marketing_leadgen_automation r_ads r_organization_admin openid profile email"
)
_MIDDLE = 15
_DECEMBER = 12


def version_named(name: str) -> Version | None:
    """A version of the table, or what is to be expected of another one."""
    known = next((one for one in VERSIONS if one.name == name), None)
    named = _month_of(name)
    if known is not None or named is None:
        return known
    year, month = named
    return Version(name=name, until=date(year + 1, month, _MIDDLE), is_published=False)


def _month_of(name: str) -> tuple[int, int] | None:
    # A person may have typed anything.
    is_month = len(name) == 6 and name.isdecimal() and 0 < int(name[4:]) < _DECEMBER
    return (int(name[:4]), int(name[4:])) if is_month else None


def newer_versions(name: str, *, today: date) -> list[str]:
    """What LinkedIn may have published after a version by now, newest first."""
    year, month = _month_of(name) or (today.year, today.month)
    found: list[str] = []
    while (year, month) < (today.year, today.month):
        year, month = (year + 1, 1) if month == _DECEMBER else (year, month + 1)
        if month != _DECEMBER:
            found.append(f"{year:04d}{month:02d}")
    return found[::-1]
