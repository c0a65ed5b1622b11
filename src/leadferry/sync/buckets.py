"""In which one bucket a submission at LinkedIn lies, by what is known here: pure."""

from enum import StrEnum

from leadferry.leads.decisions import Known, is_gone
from leadferry.leads.models import Fate

# A notice or a poll needs its time: what was submitted just now is no gap yet.
ON_ITS_WAY_MS = 15 * 60_000


class Bucket(StrEnum):
    """Every submission that LinkedIn has lies in exactly one."""

    REGISTERED = "registered"
    HELD_BACK = "held_back"
    DELETED = "deleted"
    DISCARDED = "discarded"
    SWITCHED_OFF = "switched_off"
    BEFORE_SETUP = "before_setup"
    ON_ITS_WAY = "on_its_way"
    MISSING = "missing"


_BY_SWITCH = {
    Fate.SWITCHED_OFF: Bucket.SWITCHED_OFF,
    Fate.BEFORE_SETUP: Bucket.BEFORE_SETUP,
}


def bucket_of(
    submitted_at: int, *, known: Known | None, switched: Fate, is_held: bool, now: int
) -> Bucket:
    """The bucket of what was submitted at a moment (ms), as of `now` (ms).

    `switched` is its fate by the switches of that moment; `is_held`: it waits for a
    person. A lead of an earlier submission does not stand for a later one.
    """
    if known is not None:
        if is_gone(deleted_at=known.deleted_at, submitted_at=submitted_at):
            is_deleted = known.fate == Fate.DELETED
            return Bucket.DELETED if is_deleted else Bucket.DISCARDED
        is_here = known.submitted_at is not None and known.submitted_at >= submitted_at
        if is_here and known.fate == Fate.REGISTERED:
            return Bucket.REGISTERED
    if is_held:
        return Bucket.HELD_BACK
    if switched is not Fate.REGISTERED:
        return _BY_SWITCH[switched]
    is_new = now - submitted_at < ON_ITS_WAY_MS
    return Bucket.ON_ITS_WAY if is_new else Bucket.MISSING
