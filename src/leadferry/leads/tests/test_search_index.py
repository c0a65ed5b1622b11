"""What is asked of the index while it works on the same lead is not lost."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from leadferry.leads import duplicate_index
from leadferry.leads import duplicate_services as rules
from leadferry.leads.duplicate_models import SimilarMark
from leadferry.leads.tests.builders import keep_stock_rules
from leadferry.leads.tests.test_similar import index, lead_with

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.req("R085", "B13"),
]


def beside(work: Callable[[], object]) -> threading.Thread:
    """The work on a connection of its own."""

    def do() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    return thread


one_writer = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)


@pytest.fixture(autouse=True)
def _rules() -> None:
    keep_stock_rules()
    while duplicate_index.build_indexes():
        pass


def a_lead() -> int:
    return lead_with(name="Ada Byron", email="ada@northwind.example")


def marked() -> set[int]:
    return set(SimilarMark.objects.values_list("lead_id", flat=True))


@one_writer
def test_a_decision_taken_back_while_its_marks_are_written() -> None:
    one, other = a_lead(), a_lead()
    index()
    rules.say_not_duplicate(one, other, by=None)
    with transaction.atomic():
        assert len(SimilarMark.objects.select_for_update()) == 2
        indexing = beside(index)
        # It found the two apart, and waits for their marks.
        indexing.join(timeout=1)
        assert indexing.is_alive()
        beside(lambda: rules.take_not_duplicate_back(one, other, by=None)).join(30)
    indexing.join(timeout=30)
    index()
    assert marked() == {one, other}


@one_writer
def test_a_similar_lead_that_comes_while_all_marks_are_looked_at_again() -> None:
    old = a_lead()
    index()
    SimilarMark.objects.create(lead_id=old)
    duplicate_index.begin_sweep()
    with transaction.atomic():
        assert len(SimilarMark.objects.select_for_update()) == 1
        sweeping = beside(duplicate_index.sweep_marks)
        # It found the lead alone, and waits for its mark.
        sweeping.join(timeout=1)
        assert sweeping.is_alive()
        coming: list[int] = []
        beside(lambda: coming.append(a_lead())).join(30)
        indexing = beside(index)
        indexing.join(timeout=1)
    sweeping.join(timeout=30)
    indexing.join(timeout=30)
    assert marked() == {old, *coming}
