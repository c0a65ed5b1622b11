import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creatio_sandbox.errors import Refused
from creatio_sandbox.faults import Faults
from creatio_sandbox.filters import read_filter
from creatio_sandbox.query import pick
from creatio_sandbox.state import State
from creatio_sandbox.switches import Switches
from creatio_sandbox.view import View
from creatio_sandbox.world import load

VIEW = View(State(load(), Switches(), leads=20), Faults())
LEAD = VIEW.schema["Lead"]
PIECES = st.sampled_from(
    [
        "eq", "ne", "gt", "le", "and", "or", "not", "(", ")", ",", "contains", "null",
        "startswith", "true", "'x'", "'O''Brien'", "1", "-2.5", "2026-03-04",
        "2026-03-04T00:00:00Z", "6c7e2194-0b60-4b1c-a084-20a73d8cb06f", "Contact",
        "Email", "Id", "Budget", "PredictiveScore", "DoNotUseFax", "CreatedOn",
        "LeadSource/Name", "LeadSource/Id", "Owner/Account/Name", "LeadSourceId",
        "Owner",
    ]
)  # fmt: skip
WORDS = st.lists(PIECES, max_size=9).map(" ".join) | st.text(max_size=30)


@given(text=WORDS)
def test_a_filter_is_answered_or_refused(text: str) -> None:
    with contextlib.suppress(Refused):
        rows, count = pick(VIEW, LEAD, {"$filter": text})
        assert count == len(rows) <= 20


@given(text=WORDS)
def test_an_order_is_kept_or_refused(text: str) -> None:
    with contextlib.suppress(Refused):
        _rows, count = pick(VIEW, LEAD, {"$orderby": text})
        assert count == 20


def test_ids_are_looked_up_not_searched_for() -> None:
    one, two, *_ = VIEW.state.rows["Lead"]
    found = read_filter(VIEW, LEAD, f"Id eq {one} or Id eq {two.upper()}")
    assert found.ids == frozenset({one, two})
    both = read_filter(VIEW, LEAD, f"Contact eq 'x' and (Id eq {one})")
    assert both.ids == frozenset({one})
    open_ended = read_filter(VIEW, LEAD, f"Id eq {one} or Contact eq 'x'")
    assert open_ended.ids is None
    rows, _count = pick(VIEW, LEAD, {"$filter": f"not (Id eq {one})"})
    assert len(rows) == 19


@pytest.mark.parametrize(
    "text", ["(" * 5000 + "DoNotUseFax" + ")" * 5000, "not " * 5000 + "DoNotUseFax"]
)
def test_nesting_ends_somewhere(text: str) -> None:
    with pytest.raises(Refused):
        read_filter(VIEW, LEAD, text)
