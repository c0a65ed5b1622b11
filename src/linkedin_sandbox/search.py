"""The leads of an owner in order of time, from formula and from submissions."""

from collections.abc import Sequence
from typing import overload

from linkedin_sandbox.history import Row
from linkedin_sandbox.records import Lead


class NewestFirst(Sequence[Lead]):
    """Two rows of leads, each oldest first, read as one from the newest on."""

    def __init__(self, past: Sequence[Lead], own: Sequence[Lead]) -> None:
        self._past = past
        self._own = own

    def __len__(self) -> int:
        return len(self._past) + len(self._own)

    @overload
    def __getitem__(self, at: int) -> Lead: ...
    @overload
    def __getitem__(self, at: slice) -> list[Lead]: ...
    def __getitem__(self, at: int | slice) -> Lead | list[Lead]:
        if isinstance(at, slice):
            start, stop, _step = at.indices(len(self))
            return self._from(start, stop - start)
        return self._from(at, 1)[0]

    def _past_time(self, place: int) -> int:
        at = len(self._past) - 1 - place
        row = self._past
        return row.time_at(at) if isinstance(row, Row) else row[at].submitted_at

    def _own_time(self, place: int) -> int:
        return self._own[len(self._own) - 1 - place].submitted_at

    def _from(self, start: int, count: int) -> list[Lead]:
        taken = self._taken_of_past(start)
        other = start - taken
        found: list[Lead] = []
        while len(found) < count:
            has_past, has_own = taken < len(self._past), other < len(self._own)
            if has_past and (
                not has_own or self._past_time(taken) >= self._own_time(other)
            ):
                found.append(self._past[len(self._past) - 1 - taken])
                taken += 1
            else:
                found.append(self._own[len(self._own) - 1 - other])
                other += 1
        return found

    def _taken_of_past(self, start: int) -> int:
        """How many of the newest `start` are of the past row."""
        low = max(0, start - len(self._own))
        high = min(start, len(self._past))
        while low < high:
            middle = (low + high) // 2
            if self._past_time(middle) >= self._own_time(start - middle - 1):
                low = middle + 1
            else:
                high = middle
        return low
