"""What became of leads so far: outcomes, failures, changes under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leadferry.destinations.base import Delivered, Note, Rejected, Temporary
from leadferry.destinations.creatio.answers import Answer
from leadferry.destinations.creatio.shaping import Shaped
from leadferry.kit.errors import LeadferryError

Outcome = Delivered | Rejected | Temporary


@dataclass(frozen=True, slots=True)
class Failure:
    """A lead that was refused, and by which part of it."""

    shaped: Shaped
    error: LeadferryError
    of_extended: bool = False


@dataclass(slots=True)
class Try:
    """What became of some leads so far."""

    done: dict[int, Outcome] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: "Try") -> None:
        """Count another's in."""
        self.done |= other.done
        self.failures += other.failures

    def give(self, shaped: Shaped, outcome: Outcome) -> None:
        """This became of it."""
        self.done[shaped.parcel.lead_id] = outcome


@dataclass(frozen=True, slots=True)
class Sent:
    """Some new leads and what a batch of them was answered, or why it was not."""

    chunk: list[Shaped]
    answers: Mapping[str, Answer]
    error: LeadferryError | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """A lead that is there: what is to change, and what is known of the rest."""

    shaped: Shaped
    codes: Sequence[str]
    digests: dict[str, str]
    notes: Sequence[Note]

    @property
    def delivered(self) -> Delivered:
        """The outcome once it is applied."""
        return Delivered(
            remote_id=str(self.shaped.remote_id),
            digests=self.digests,
            notes=[*self.shaped.notes, *self.notes],
        )
