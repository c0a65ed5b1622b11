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
    # It was switched off or before set-up: the ledger says so, no lead is made.
    KEEP_OUT = "keep out"
    # It was deleted at LinkedIn, or a person discarded it.
    GONE = "gone"


def decide(*, known: Known, fate: int, submitted_at: int, digest: int) -> Verdict:
    """The verdict on a response whose identity the ledger knows.

    A deletion counts for what was submitted until its moment, the tie included; a
    later submission registers again. Newer wins; an old page changes nothing.
    """
    if is_gone(deleted_at=known.deleted_at, submitted_at=submitted_at):
        return Verdict.GONE
    if fate != Fate.REGISTERED:
        return _kept_out(known=known, fate=fate, submitted_at=submitted_at)
    if known.fate != Fate.REGISTERED:
        return Verdict.REGISTER
    if known.submitted_at is None or submitted_at > known.submitted_at:
        return Verdict.UPDATE
    if submitted_at == known.submitted_at and digest != known.digest:
        return Verdict.UPDATE
    return Verdict.UNCHANGED


def _kept_out(*, known: Known, fate: int, submitted_at: int) -> Verdict:
    is_old = known.submitted_at is not None and submitted_at < known.submitted_at
    if is_old or known.fate in {Fate.REGISTERED, fate}:
        return Verdict.UNCHANGED
    return Verdict.KEEP_OUT


def is_gone(*, deleted_at: int | None, submitted_at: int | None) -> bool:
    """Whether a deletion of that moment counts for what was submitted then.

    Of what cannot be read nobody knows when it was submitted: it counts.
    """
    if deleted_at is None:
        return False
    return submitted_at is None or submitted_at <= deleted_at
