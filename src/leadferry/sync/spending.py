"""What a run may still call at LinkedIn today."""

from collections import Counter
from typing import Protocol

from leadferry.integrations import calls
from leadferry.integrations.models import LinkedInUser
from leadferry.sync.errors import BudgetSpent

_CALLS_BETWEEN_LOOKS = 20


class _Counts(Protocol):
    def take_calls(self) -> Counter[str]:
        """The calls since this was asked last, by endpoint."""


class Ledger:
    """What a run calls, and whether it may call more."""

    def __init__(self, user: LinkedInUser, sources: list[_Counts]) -> None:
        self.user = user
        self.sources = sources
        self._since_look = _CALLS_BETWEEN_LOOKS

    def note(self) -> None:
        """Write down what was called."""
        for source in self.sources:
            calls.note_calls(self.user, source.take_calls())

    def left(self) -> int | None:
        """How many more calls it may make today; none: no limit is known."""
        self.note()
        return calls.left_for_earlier_leads(self.user, calls.RESPONSES)

    def look(self, pages: int) -> None:
        """After so many more pages; raises BudgetSpent."""
        self._since_look += pages
        if self._since_look < _CALLS_BETWEEN_LOOKS:
            return
        self._since_look = 0
        left = self.left()
        if left is not None and left <= 0:
            raise BudgetSpent
