"""A page of responses as LinkedIn delivered them, each decoded once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from leadferry.integrations.models import Integration
from leadferry.leads.models import CameBy
from leadferry.linkedin import wire

# PostgreSQL's text has no NUL; the replacement character shows where one stood.
_NUL, _NUL_SHOWN = b"\\u0000", b"\\ufffd"


@dataclass(frozen=True, slots=True)
class Delivered:
    """One element: its response, or why it is none."""

    raw: bytes
    response: wire.LeadFormResponse | None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class ResponsePage:
    """Responses of one ad account as LinkedIn delivered them, in any order."""

    integration: Integration
    elements: Sequence[bytes]
    # None: nobody says, and its leads are not timed.
    came_by: CameBy | None = None
    # Also what was switched off, or before set-up, when it was submitted.
    takes_all: bool = False

    @cached_property
    def delivered(self) -> list[Delivered]:
        """The elements, readable or not."""
        return [read(element) for element in self.elements]

    @cached_property
    def responses(self) -> list[wire.LeadFormResponse]:
        """The readable ones."""
        return [one.response for one in self.delivered if one.response is not None]


def read(element: bytes) -> Delivered:
    """One element, decoded."""
    raw = element.replace(_NUL, _NUL_SHOWN)
    try:
        return Delivered(raw, wire.decode_response(raw))
    except msgspec.DecodeError as exc:
        return Delivered(raw, None, str(exc))
