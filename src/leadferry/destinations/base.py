"""What a destination is told and what it answers; the kinds know only this file.

A `Connector` speaks to one further system. It may be killed at any moment and is then
handed the same parcels again: it has to find by ids that it derives what it wrote
before, so that sending twice is the same as sending once. Its calls happen outside of
every transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from leadferry.kit.errors import LeadferryError


class Temporary(LeadferryError):
    """Nobody's fault: the same again later, after `retry_after_s` where it is known."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SetupProblem(LeadferryError):
    """Nothing can be sent until somebody mends the set-up; `step` says where."""

    def __init__(self, message: str, *, step: str = "") -> None:
        super().__init__(message)
        self.step = step


class Rejected(LeadferryError):
    """This lead alone is not taken, and sending it again would not help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LookupRef:
    """A value of a lookup: `guid` is what Creatio ships for it, `name` the caption."""

    lookup: str
    id: int
    guid: UUID
    name: str
    code: str


Value = str | Decimal | bool | date | datetime | LookupRef | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A form, campaign group, campaign or ad banner."""

    social_id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where on LinkedIn a lead was submitted."""

    linkedin_lead_id: str
    form: Named | None
    campaign_group: Named | None
    campaign: Named | None
    creative: Named | None
    submitted_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """A lead as it is now, and what the destination was sent of it before.

    `values` has, by Creatio code, the columns that are not empty or were sent before.
    """

    lead_id: int
    # Empty for a lead that was made by hand.
    urn: str
    values: Mapping[str, Value]
    source: Source | None
    is_test: bool
    # Digest of what was last sent, by column; empty: never.
    sent: Mapping[str, str]
    remote_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something about a delivered lead that a person may want to know."""

    column: str
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """The destination has the lead; `digests` are kept as the next parcel's `sent`."""

    remote_id: str
    digests: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[Note] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """The destination has it no more; `answer` is what it said, for the receipt."""

    remote_id: str
    answer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of "Test connection"; `ok` is None where it could not be looked at."""

    code: str
    caption: str
    ok: bool | None
    message: str = ""


class Connector(Protocol):
    """Speaks to one destination."""

    page_size: int

    def id_for(self, parcel: Parcel) -> str:
        """The remote id of a lead not sent yet, where it is derived; else empty.

        Asked before the lead is sent, so that one whose answer was lost can be
        erased too. It makes no call.
        """
        ...

    def send(
        self, parcels: Sequence[Parcel]
    ) -> Mapping[int, Delivered | Rejected | Temporary]:
        """What became of each lead, by id; raises Temporary or SetupProblem for all."""
        ...

    def erase(
        self, remote_ids: Sequence[str]
    ) -> Mapping[str, Erased | Rejected | Temporary]:
        """What became of each; one that is not there any more is erased."""
        ...

    def examine(self, *, writing: bool) -> Iterator[Step]:
        """The steps of "Test connection", each as soon as it is known.

        Only when `writing` may it leave traces there: without, it is asked again and
        again, by itself.
        """
        ...

    def close(self) -> None:
        """Let go of connections that are kept open."""
        ...
