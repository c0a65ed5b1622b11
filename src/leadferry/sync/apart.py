"""Reading in a process of its own: speaking HTTP must not slow down the storing.

Threads of one process share one interpreter lock, and a statement of SQLite gives it
away with each row. The child knows no database; it gets the token through a pipe and
ends with its parent.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from leadferry.kit.errors import LeadferryError
from leadferry.kit.processes import die_with_parent
from leadferry.linkedin.client import RESPONSE_FIELDS, LinkedInClient
from leadferry.linkedin.errors import Unavailable
from leadferry.linkedin.walk import Element, Mark
from leadferry.sync.reading import Part, Reader, ReadPage

_LOOK_SECONDS, _MORE_SECONDS = 0.2, 0.02
_PAGE = 100
_END_SECONDS = 5
# Imported, not run as a script: both ends must know its classes by the same name.
_COMMAND = "from leadferry.sync.apart import main; main()"


@dataclass(frozen=True, kw_only=True)
class Access:
    """How LinkedIn is reached: never printed, never an argument of a command."""

    token: str = field(repr=False)
    version: str
    base_url: str
    account: int
    # How many pages may be read; none: as many as there are.
    pages: int | None


@dataclass(frozen=True)
class _Told:
    """One message of the child: pages, with parts by their numbers."""

    pages: Sequence[tuple[int, Mark, Mark, Sequence[Element], tuple[int, Mark] | None]]
    calls: Counter[str]
    is_over: bool = False
    error: bytes = b""


class ReaderApart:
    """As `Reader`, with its lanes in a child process; use it in a `with` block."""

    def __init__(self, access: Access, parts: Sequence[Part], *, lanes: int) -> None:
        self._access = access
        self._parts = dict(enumerate(parts))
        self._lanes = lanes
        self._calls: Counter[str] = Counter()
        self._is_over = False
        # What the child failed with, while what came before is stored.
        self._failed = b""

    def __enter__(self) -> Self:
        self._pipe, theirs = Pipe()
        self.child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-c", _COMMAND, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        marks = {number: part.mark for number, part in self._parts.items()}
        self._pipe.send((self._access, marks, self._lanes))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.close()
        self.child.terminate()
        try:
            self.child.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    @property
    def is_over(self) -> bool:
        """Whether everything was read and taken."""
        return self._is_over

    def take_calls(self) -> Counter[str]:
        """The calls made for the pages taken since this was asked last."""
        taken, self._calls = self._calls, Counter()
        return taken

    def take(self, *, elements: int) -> list[ReadPage]:
        """What was read and is not taken yet, up to about so many elements.

        As `Reader.take`; raises Unavailable where the child died.
        """
        pages: list[ReadPage] = []
        held = 0
        while held < elements and not (self._is_over or self._failed):
            # The pipe holds little: the child fills it again while we wait shortly.
            if not self._pipe.poll(_MORE_SECONDS if pages else _LOOK_SECONDS):
                break
            told = self._hear()
            if told.error:
                self._failed = told.error
                break
            self._is_over = told.is_over
            pages += [self._page(*row) for row in told.pages]
            held = sum(len(page.elements) for page in pages)
        if not pages and self._failed:
            raise _unpacked(self._failed)
        return pages

    def _hear(self) -> _Told:
        try:
            told: _Told = self._pipe.recv()
        except (EOFError, OSError) as exc:
            raise Unavailable("The process that reads from LinkedIn ended.") from exc
        self._calls += told.calls
        return told

    def _page(
        self,
        number: int,
        before: Mark,
        after: Mark,
        elements: Sequence[Element],
        cut_off: tuple[int, Mark] | None,
    ) -> ReadPage:
        made = None
        if cut_off is not None:
            made = self._parts[cut_off[0]] = Part(None, cut_off[1])
        return ReadPage(
            part=self._parts[number],
            before=before,
            after=after,
            elements=elements,
            cut_off=made,
        )


def _packed(error: Exception) -> bytes:
    # An error with arguments of its own does not survive pickling by itself.
    return pickle.dumps((type(error), str(error), vars(error)))


def _unpacked(packed: bytes) -> Exception:
    kind, text, more = pickle.loads(packed)  # noqa: S301 - our own child's
    error: Exception = kind.__new__(kind)
    error.args = (text,)
    vars(error).update(more)
    return error


class _Child:
    """What the child does: read, and tell."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe
        self._numbers: dict[Part, int] = {}

    def run(self) -> None:
        """Until all is read, the parent has gone, or LinkedIn refuses."""
        access, marks, lanes = self._pipe.recv()
        parts = [Part(None, mark) for mark in marks.values()]
        self._numbers = dict(zip(parts, marks, strict=True))
        with LinkedInClient(
            access.token, version=access.version, base_url=access.base_url
        ) as client:

            def fetch(mark: Mark) -> tuple[Mark, list[Element]]:
                return client.next_responses(
                    access.account, mark, fields=RESPONSE_FIELDS
                )

            with Reader(fetch, parts, lanes=lanes, pages=access.pages) as reader:
                self._tell_all(reader, client)

    def _tell_all(self, reader: Reader, client: LinkedInClient) -> None:
        try:
            while not reader.is_over:
                pages = [self._row(page) for page in reader.take(elements=_PAGE)]
                if pages:
                    self._pipe.send(_Told(pages, client.take_calls()))
        except LeadferryError as exc:
            self._pipe.send(_Told([], client.take_calls(), error=_packed(exc)))
        else:
            self._pipe.send(_Told([], client.take_calls(), is_over=True))

    def _row(
        self, page: ReadPage
    ) -> tuple[int, Mark, Mark, Sequence[Element], tuple[int, Mark] | None]:
        cut_off = None
        if page.cut_off is not None:
            number = len(self._numbers)
            self._numbers[page.cut_off] = number
            cut_off = (number, page.cut_off.mark)
        number = self._numbers[page.part]
        return number, page.before, page.after, page.elements, cut_off


def main() -> None:
    """Read for the parent at the other end of the pipe."""
    die_with_parent()
    pipe: Connection[Any, Any] = Connection(int(sys.argv[1]))
    try:
        _Child(pipe).run()
    except (BrokenPipeError, ConnectionResetError, EOFError):
        return
