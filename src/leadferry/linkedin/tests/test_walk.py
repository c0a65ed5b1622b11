"""Walking a period, against lists that behave as LinkedIn's may."""

import json
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadferry.linkedin.errors import PagingError
from leadferry.linkedin.walk import Element, Mark, halves, look_at, step

Lead = tuple[int, str]


def element(lead: Lead) -> Element:
    at, key = lead
    return look_at(json.dumps({"id": key, "submittedAt": at}).encode())


class Listing:
    """LinkedIn's list, newest first unless told; it may change between two pages."""

    def __init__(self, leads: Sequence[Lead], *, count: int = 3) -> None:
        self.leads = list(leads)
        self.count = count
        self.asked = 0
        self.between: Callable[[Listing], None] = lambda _listing: None
        self.order: Callable[[list[Lead]], list[Lead]] = lambda rows: sorted(
            rows, reverse=True
        )
        self.end_is_exclusive = False
        self.shortens = False

    def page(self, mark: Mark) -> list[Element]:
        """The page that a mark asks for, one millisecond wider at both ends."""
        if self.asked:
            self.between(self)
        self.asked += 1
        last = mark.end + (0 if self.end_is_exclusive else 1)
        held = [lead for lead in self.leads if mark.start - 1 <= lead[0] <= last]
        rows = self.order(held)[mark.offset : mark.offset + self.count]
        if self.shortens and len(rows) > 1:
            rows = rows[:-1]
        return [element(lead) for lead in rows]


def walk(listing: Listing, mark: Mark) -> list[str]:
    found: list[str] = []
    while not mark.is_done:
        mark, fresh = step(mark, listing.page(mark))
        found += [one.key for one in fresh]
        assert listing.asked < 2_000
    return found


def named(times: Sequence[int]) -> list[Lead]:
    return [(at, f"lead-{number}") for number, at in enumerate(times)]


@given(
    st.lists(st.integers(0, 12), max_size=40),
    st.integers(1, 7),
    st.booleans(),
    st.booleans(),
)
def test_each_lead_of_the_period_is_read_once(
    times: list[int],
    count: int,
    end_is_exclusive: bool,  # noqa: FBT001 - drawn
    shortens: bool,  # noqa: FBT001 - drawn
) -> None:
    listing = Listing(named(times), count=count)
    listing.end_is_exclusive = end_is_exclusive
    listing.shortens = shortens
    wanted = sorted(key for at, key in named(times) if 2 <= at <= 10)
    assert sorted(walk(listing, Mark(2, 10))) == wanted


@given(st.lists(st.integers(0, 12), max_size=40), st.randoms(use_true_random=False))
def test_what_comes_and_goes_between_pages_loses_no_other(
    times: list[int], luck: random.Random
) -> None:
    listing = Listing(named(times), count=4)
    stay = {key for at, key in named(times) if 2 <= at <= 10 and int(key[5:]) % 3}

    def change(listing: Listing) -> None:
        going = [lead for lead in listing.leads if lead[1] not in stay]
        if going and luck.random() < 0.5:
            listing.leads.remove(luck.choice(going))
        if luck.random() < 0.3 and listing.asked < 50:
            # Above the end that was fixed: it shifts every offset.
            listing.leads.append((11, f"new-{listing.asked}"))

    listing.between = change
    found = walk(listing, Mark(2, 10))
    assert stay <= set(found)
    assert len(found) == len(set(found))


def test_what_vanishes_after_a_page_of_known_leads_loses_no_other() -> None:
    listing = Listing([(5, f"f{number}") for number in range(4)], count=4)
    listing.leads += [(4, "e1"), (4, "e0"), (2, "d")]
    # The page of the moment 4 begins with leads of 5, all known by then.
    listing.between = lambda listing: (
        listing.leads.remove((4, "e0")) if listing.asked == 4 else None
    )
    assert set(walk(listing, Mark(2, 5))) >= {"f0", "f1", "f2", "f3", "e1", "d"}
    assert (4, "e0") not in listing.leads


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(2, 7))
def test_a_list_that_is_oldest_first_is_read_too(times: list[int], count: int) -> None:
    listing = Listing(named(times), count=count)
    listing.order = sorted
    wanted = {key for at, key in named(times) if 2 <= at <= 10}
    found = walk(listing, Mark(2, 10))
    assert set(found) == wanted


def test_a_moment_that_fills_pages_is_read_by_offset() -> None:
    listing = Listing(named([5] * 50 + [4, 6]), count=10)
    assert len(set(walk(listing, Mark(0, 9)))) == 52


def test_elements_that_cannot_be_read_are_handed_on() -> None:
    odd = [look_at(b"{"), look_at(b"[]"), look_at(b'{"id": 7, "submittedAt": "x"}')]
    rest, fresh = step(Mark(0, 9), [element((5, "a")), *odd, element((4, "b"))])
    assert len(fresh) == 5
    assert rest.end == 4


def test_a_list_that_repeats_itself_is_given_up() -> None:
    page = [element((5, "a")), element((5, "b"))]
    mark = Mark(0, 5)
    for _number in range(7):
        mark, _fresh = step(mark, page)
    with pytest.raises(PagingError):
        step(mark, page)


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 4))
def test_the_halves_of_a_rest_hold_what_the_rest_held(
    times: list[int], after: int
) -> None:
    listing = Listing(named(times), count=4)
    mark, found = Mark(0, 30), []
    for _number in range(after):
        mark, fresh = step(mark, listing.page(mark))
        found += [one.key for one in fresh]
    parts = halves(mark) or (mark,)
    for part in parts:
        found += walk(listing, part)
    assert sorted(found) == sorted(key for _at, key in named(times))
