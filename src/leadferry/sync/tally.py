"""What a check has counted so far of the days that it has not finished: pure."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from leadferry.sync.buckets import Bucket

# Of each form, day and bucket so many are named; all are counted.
MOST_NAMED = 1_000
_DIGEST_BYTES = 16
_NOT_NAMED = {Bucket.REGISTERED, Bucket.DELETED}


@dataclass
class FormDay:
    """The submissions of one form on one UTC day; `names` are (id, ms) by bucket."""

    counts: dict[str, int] = field(default_factory=dict)
    digest: int = 0
    names: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def add(self, response_id: str, at: int, bucket: Bucket) -> None:
        """One more submission."""
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.digest = (self.digest + _number_of(response_id)) % 256**_DIGEST_BYTES
        if bucket in _NOT_NAMED:
            return
        names = self.names.setdefault(bucket, [])
        if len(names) < MOST_NAMED:
            names.append((response_id, at))

    @property
    def hex_digest(self) -> str:
        """The sum of the ids' hashes: it does not depend on their order."""
        return self.digest.to_bytes(_DIGEST_BYTES, "big").hex()


def _number_of(response_id: str) -> int:
    hashed = hashlib.blake2b(response_id.encode(), digest_size=_DIGEST_BYTES)
    return int.from_bytes(hashed.digest(), "big")


class Tally:
    """Form days by UTC day since 1970 and form id; it fits into a JSON column.

    Days from `done_from` on are finished.
    """

    def __init__(self, *, done_from: int) -> None:
        self.done_from = done_from
        self._days: dict[int, dict[int, FormDay]] = defaultdict(dict)

    def of(self, day: int, form_id: int) -> FormDay:
        """The form's count of that day."""
        return self._days[day].setdefault(form_id, FormDay())

    def finish(self, until: int) -> Iterator[tuple[int, dict[int, FormDay]]]:
        """Take out the days down to that one, newest first; also those with nothing."""
        while self.done_from > until:
            self.done_from -= 1
            yield self.done_from, self._days.pop(self.done_from, {})

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        days = {
            str(day): {
                str(form_id): {
                    "counts": one.counts,
                    "digest": one.hex_digest,
                    "names": one.names,
                }
                for form_id, one in forms.items()
            }
            for day, forms in self._days.items()
        }
        return {"done_from": self.done_from, "days": days}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Tally":
        """As it was stored."""
        tally = cls(done_from=stored["done_from"])
        for day, forms in stored["days"].items():
            for form_id, one in forms.items():
                names = {
                    bucket: [(str(key), int(at)) for key, at in listed]
                    for bucket, listed in one["names"].items()
                }
                tally._days[int(day)][int(form_id)] = FormDay(
                    counts=dict(one["counts"]),
                    digest=int(one["digest"], 16),
                    names=names,
                )
        return tally
