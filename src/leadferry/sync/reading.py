"""Several slices of a period read at once, page by page, ahead of their storing.

Threads that only speak HTTP: nothing here touches the database.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from leadferry.linkedin.walk import Element, Mark, halves
from leadferry.sync.errors import BudgetSpent

Fetch = Callable[[Mark], tuple[Mark, list[Element]]]

# Pages that may wait to be stored: enough for the next commit, and memory stays flat.
_AHEAD = 16
# A rest with fewer pages than that is not worth a lane of its own.
_WORTH_PAGES = 3
_LOOK_SECONDS = 0.2


@dataclass(eq=False)
class Part:
    """A slice at work; `pk` none until the cut that made it is stored."""

    pk: int | None
    mark: Mark


@dataclass(frozen=True, kw_only=True)
class ReadPage:
    """One page of a part, and the part that was cut off its rest, if any."""

    part: Part
    before: Mark
    after: Mark
    elements: Sequence[Element]
    cut_off: Part | None = None


class Reader:
    """Reads parts in so many lanes; use it in a `with` block."""

    def __init__(
        self,
        fetch: Fetch,
        parts: Sequence[Part],
        *,
        lanes: int,
        pages: int | None = None,
    ) -> None:
        """At most so many `pages` are read; one more raises BudgetSpent."""
        self._fetch = fetch
        self._pages_left = pages
        self._waiting = deque(parts)
        self._unfinished = len(parts)
        self._changed = threading.Condition()
        self._pages: queue.Queue[ReadPage] = queue.Queue(maxsize=_AHEAD)
        self._hungry = 0
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._threads = [
            threading.Thread(target=self._lane, name=f"lane-{number}", daemon=True)
            for number in range(lanes)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        for thread in self._threads:
            thread.join()

    def take(self, *, elements: int) -> list[ReadPage]:
        """What was read and is not taken yet, up to about so many elements.

        Waits for the first page. Empty when all is read, or for now, after a short
        while. Raises what a lane failed with, once everything before it is taken.
        """
        pages: list[ReadPage] = []
        held = 0
        while held < elements:
            try:
                # What is there already goes into one commit.
                page = self._pages.get(block=not pages, timeout=_LOOK_SECONDS)
            except queue.Empty:
                break
            pages.append(page)
            held += len(page.elements)
        if not pages and self._error is not None and self._pages.empty():
            raise self._error
        return pages

    @property
    def is_over(self) -> bool:
        """Whether everything was read and taken."""
        with self._changed:
            return self._unfinished == 0 and self._pages.empty()

    def _end(self) -> None:
        self._stop.set()
        with self._changed:
            self._changed.notify_all()

    def _lane(self) -> None:
        try:
            while (part := self._next_part()) is not None:
                self._read(part)
        except Exception as exc:  # noqa: BLE001 - raised again by `take`
            # The first one counts; what the other lanes read until now is taken.
            self._error = self._error or exc
            self._end()

    def _next_part(self) -> Part | None:
        with self._changed:
            self._hungry += 1
            while not (self._waiting or self._stop.is_set() or not self._unfinished):
                self._changed.wait()
            self._hungry -= 1
            if self._stop.is_set() or not self._waiting:
                return None
            return self._waiting.popleft()

    def _read(self, part: Part) -> None:
        mark = part.mark
        while not (mark.is_done or self._stop.is_set()):
            self._spend_a_page()
            rest, elements = self._fetch(mark)
            cut_off = None
            if self._hungry and not self._waiting and _is_worth_a_cut(elements, rest):
                rest, cut_off = _cut(rest)
            page = ReadPage(
                part=part, before=mark, after=rest, elements=elements, cut_off=cut_off
            )
            if not self._hand_on(page):
                return
            if cut_off is not None:
                # Behind the page that tells of it: it is stored first.
                self._add(cut_off)
            mark = rest
        if mark.is_done:
            with self._changed:
                self._unfinished -= 1
                self._changed.notify_all()

    def _spend_a_page(self) -> None:
        with self._changed:
            if self._pages_left is None:
                return
            if self._pages_left <= 0:
                raise BudgetSpent
            self._pages_left -= 1

    def _hand_on(self, page: ReadPage) -> bool:
        while not self._stop.is_set():
            try:
                self._pages.put(page, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def _add(self, part: Part) -> None:
        with self._changed:
            self._waiting.append(part)
            self._unfinished += 1
            self._changed.notify()


def _is_worth_a_cut(page: Sequence[Element], rest: Mark) -> bool:
    times = [one.at for one in page if one.at is not None]
    if not times:
        return False
    span = max(times) - min(times)
    return span > 0 and rest.end - rest.start > _WORTH_PAGES * span


def _cut(rest: Mark) -> tuple[Mark, Part | None]:
    parts = halves(rest)
    if parts is None:
        return rest, None
    newer, older = parts
    return newer, Part(None, older)
