"""Where a list ends: one rule for each of LinkedIn's two kinds of paging."""

from collections.abc import Callable, Iterator

from leadferry.linkedin.errors import PagingError
from leadferry.linkedin.wire import Page

MAX_PAGES = 10_000


def by_offset(
    fetch: Callable[[int, int], Page], *, count: int, max_pages: int = MAX_PAGES
) -> Iterator[Page]:
    """Pages until an empty one, or until `total` is reached; never ends on a short one.

    The server may cap `count`: the echoed one says how far a page reached.
    """
    start = 0
    for _number in range(max_pages):
        page = fetch(start, count)
        if not page.elements:
            return
        yield page
        echoed = page.paging.count if page.paging else None
        # Without an echo an overlap is safe, a step too far would lose leads.
        start += echoed if echoed and echoed > 0 else len(page.elements)
        total = page.paging.total if page.paging else None
        if total is not None and 0 < total <= start:
            return
    raise PagingError(f"LinkedIn's list did not end after {max_pages} pages.")


def by_cursor(
    fetch: Callable[[str | None], Page], *, max_pages: int = MAX_PAGES
) -> Iterator[Page]:
    """Pages until LinkedIn names no further one; a repeated token raises."""
    token: str | None = None
    seen: set[str] = set()
    for _number in range(max_pages):
        page = fetch(token)
        yield page
        token = page.metadata.next_page_token if page.metadata else None
        if not token:
            return
        if token in seen:
            raise PagingError("LinkedIn named the same next page twice.")
        seen.add(token)
    raise PagingError(f"LinkedIn's list did not end after {max_pages} pages.")
