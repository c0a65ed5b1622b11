from collections.abc import Callable

import msgspec
import pytest

from leadferry.linkedin.errors import PagingError
from leadferry.linkedin.paging import by_cursor, by_offset
from leadferry.linkedin.wire import Page

Fetch = Callable[[int, int], Page]


def _page(numbers: list[int], **paging: int) -> Page:
    body = {"elements": numbers, "paging": paging}
    return msgspec.json.decode(msgspec.json.encode(body), type=Page)


def _read(fetch: Fetch, count: int = 10) -> list[int]:
    pages = by_offset(fetch, count=count)
    return [int(bytes(element)) for page in pages for element in page.elements]


def test_a_short_page_is_not_the_end() -> None:
    rows = list(range(25))

    def fetch(start: int, count: int) -> Page:
        # Four of each page are kept back, and no total is told.
        return _page(rows[start : start + count][:-4] or [], start=start, count=count)

    assert set(_read(fetch)) >= {0, 10, 20}
    assert _read(fetch)[-1] == 20


def test_a_server_that_caps_the_count_loses_nothing() -> None:
    rows = list(range(25))

    def fetch(start: int, count: int) -> Page:
        capped = min(count, 7)
        return _page(rows[start : start + capped], start=start, count=capped)

    assert _read(fetch) == rows


def test_a_server_that_caps_without_saying_so_loses_nothing() -> None:
    rows = list(range(25))

    def fetch(start: int, _count: int) -> Page:
        return _page(rows[start : start + 7], start=start)

    assert _read(fetch) == rows


def test_a_total_of_zero_is_no_end() -> None:
    rows = list(range(15))

    def fetch(start: int, count: int) -> Page:
        return _page(rows[start : start + count], start=start, count=count, total=0)

    assert _read(fetch) == rows


def test_a_list_that_never_ends_raises() -> None:
    pages = by_offset(lambda s, c: _page([1], start=s, count=c), count=1, max_pages=5)
    with pytest.raises(PagingError):
        list(pages)


def _cursor_page(number: int, token: str | None) -> Page:
    body = {"elements": [number], "metadata": {"nextPageToken": token} if token else {}}
    return msgspec.json.decode(msgspec.json.encode(body), type=Page)


def test_a_repeated_page_token_raises() -> None:
    with pytest.raises(PagingError, match="twice"):
        list(by_cursor(lambda _token: _cursor_page(1, "same")))


def test_a_cursor_ends_without_a_token() -> None:
    following = {None: "a", "a": "b", "b": None}
    pages = list(by_cursor(lambda token: _cursor_page(1, following[token])))
    assert len(pages) == 3
