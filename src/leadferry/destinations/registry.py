"""The kinds of destinations; a new kind is one line here."""

from leadferry.destinations.kinds import Kind

KINDS: dict[str, Kind] = {}


def kind_of(code: str) -> Kind:
    """The kind by its code."""
    return KINDS[code]
