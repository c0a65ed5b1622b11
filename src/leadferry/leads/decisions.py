"""What a response does to what is already there: pure, whatever the order."""

from dataclasses import dataclass
from enum import Enum

from leadferry.leads.models import Fate


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of an identity; times in milliseconds, UTC."""

    fate: int
    submitted_at: int | None
    digest: int | None
    deleted_at: int | None


class Verdict(Enum):
    """What to do with one response."""

    REGISTER = "register"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    DELETED = "deleted"


def decide(*, known: Known, fate: int, submitted_at: int, digest: int) -> Verdict:
    """The verdict on a response whose identity the ledger knows.

    A deletion counts for what was submitted until its moment, the tie included; a
    later submission registers again. Newer wins; an old page changes nothing.
    """
    if known.deleted_at is not None and submitted_at <= known.deleted_at:
        return Verdict.DELETED
    if fate != Fate.REGISTERED:
        return Verdict.UNCHANGED
    if known.fate != Fate.REGISTERED:
        return Verdict.REGISTER
    if known.submitted_at is None or submitted_at > known.submitted_at:
        return Verdict.UPDATE
    if submitted_at == known.submitted_at and digest != known.digest:
        return Verdict.UPDATE
    return Verdict.UNCHANGED


def survives(*, deleted_at: int, submitted_at: int | None) -> bool:
    """Whether a lead submitted then outlives a deletion of that moment."""
    return submitted_at is not None and submitted_at > deleted_at
