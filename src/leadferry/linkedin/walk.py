"""Reading the leads of a period from the newest on, over a list that moves: pure.

LinkedIn's list is newest first and has offsets only. Whatever comes or vanishes
meanwhile shifts them, so a period is walked by time: the next page ends where the
last one did, inclusive. Offsets serve only while one moment fills whole pages, or
where a page is not newest first; then with half a page of overlap.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from leadferry.linkedin.errors import PagingError

_IDLE_PAGES = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """What is left of a period: from `start` to `end`, both included, ms, UTC.

    `offset` elements of that rest were read already, or lie in the overlap; `seen`
    are the ids that may be met again.
    """

    start: int
    end: int
    offset: int = 0
    seen: tuple[str, ...] = ()
    idle: int = 0
    # Whether pages came newest first so far.
    falls: bool = True

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.end < self.start


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a page: its id, when it was submitted if that can be read."""

    key: str
    at: int | None
    raw: bytes


class _Peek(msgspec.Struct):
    id: Any = None
    submittedAt: Any = None  # noqa: N815 - LinkedIn's spelling


_peek = msgspec.json.Decoder(_Peek)


def look_at(raw: bytes) -> Element:
    """Id and moment of an element that may be anything."""
    try:
        peeked = _peek.decode(raw)
    except msgspec.DecodeError:
        peeked = _Peek()
    at = peeked.submittedAt if type(peeked.submittedAt) is int else None
    if isinstance(peeked.id, str):
        return Element(peeked.id, at, raw)
    return Element(hashlib.blake2b(raw, digest_size=12).hexdigest(), at, raw)


def step(
    mark: Mark,
    page: Sequence[Element],
    *,
    is_whole: bool = False,
) -> tuple[Mark, list[Element]]:
    """What is left after a page, and the elements of it that are new.

    Only an empty page says that nothing is left, or `is_whole`, where the caller
    trusts the total. Raises PagingError where the list does not move on.
    """
    seen = set(mark.seen)
    fresh = [one for one in page if one.key not in seen and _lies_in(one, mark)]
    if not page or is_whole:
        return _done(mark), fresh
    times = [one.at for one in page if one.at is not None]
    falls = mark.falls and times == sorted(times, reverse=True)
    oldest = min(times, default=mark.end)
    # A page of one moment does not show which way the list goes.
    if falls and oldest < mark.end and oldest < max(times):
        if oldest < mark.start:
            return _done(mark), fresh
        met = tuple(one.key for one in page if one.at in {oldest, None})
        return Mark(mark.start, oldest, seen=met), fresh
    is_known = seen.issuperset(one.key for one in page)
    idle = mark.idle + 1 if is_known else 0
    # Known pages are left behind faster, never without overlap: a lead before them
    # may vanish meanwhile.
    overlap = len(page) // 4 if is_known else len(page) - len(page) // 2
    if idle > _IDLE_PAGES:
        raise PagingError("LinkedIn's list repeats itself and does not move on.")
    return (
        replace(
            mark,
            offset=mark.offset + max(1, len(page) - overlap),
            seen=tuple(seen.union(one.key for one in page)),
            idle=idle,
            falls=falls,
        ),
        fresh,
    )


def _done(mark: Mark) -> Mark:
    return Mark(mark.start, mark.start - 1)


def _lies_in(element: Element, mark: Mark) -> bool:
    return element.at is None or mark.start <= element.at <= mark.end


def halves(mark: Mark) -> tuple[Mark, Mark] | None:
    """The rest of a period as two, newer and older; none where it cannot be cut."""
    middle = (mark.start + mark.end) // 2
    if mark.offset or not mark.falls or middle <= mark.start or middle >= mark.end:
        return None
    return replace(mark, start=middle), Mark(mark.start, middle - 1)
