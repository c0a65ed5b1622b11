"""Rest.li 2.0: how LinkedIn wants a query written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

# Above this length LinkedIn wants the query in the body of a POST.
TUNNEL_FROM = 4000
_VERSIONED_FORM = re.compile(
    # Nineteen digits and nine: more would fit no database.
    r"urn:li:versionedLeadGenForm:\(\s*urn:li:leadGenForm:([0-9]{1,18}|[1-8][0-9]{18})"
    r"\s*,\s*([0-9]{1,9})\s*\)"
)


def encode(value: object) -> str:
    """One query value: its own brackets encoded, those of lists and records not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quote(value, safe="")
    if isinstance(value, Mapping):
        fields = ",".join(
            f"{encode(key)}:{encode(item)}" for key, item in value.items()
        )
        return f"({fields})"
    if isinstance(value, Sequence):
        return f"List({','.join(encode(item) for item in value)})"
    raise TypeError(f"{type(value).__name__} has no place in a query.")


@dataclass(frozen=True)
class Raw:
    """A value that is written already, such as a projection."""

    text: str


def query(parameters: Mapping[str, object]) -> str:
    """A whole query string."""
    return "&".join(
        f"{name}={value.text if isinstance(value, Raw) else encode(value)}"
        for name, value in parameters.items()
    )


def last_part(urn: str) -> str:
    """`urn:li:x:123` -> `123`."""
    return urn.rpartition(":")[2]


@lru_cache(maxsize=10_000)
def number_of(urn: str | None) -> int | None:
    """The number at the end of a URN, or none."""
    part = last_part(urn or "")
    # Nineteen digits at most, and what a database can hold.
    number = int(part) if part.isdecimal() and len(part) <= 19 else None
    return number if number is not None and number < 2**63 else None


def sponsored_account(account_id: int) -> str:
    """The URN of an ad account."""
    return f"urn:li:sponsoredAccount:{account_id}"


@lru_cache(maxsize=1_000)
def parse_versioned_form(urn: str) -> tuple[int, int] | None:
    """Form id and version; LinkedIn's own sample has a blank after the comma."""
    found = _VERSIONED_FORM.fullmatch(urn.strip())
    return (int(found[1]), int(found[2])) if found else None
