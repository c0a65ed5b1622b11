"""What is asked of the index while it works on the same lead is not lost."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from leadferry.leads import duplicate_index, search
from leadferry.leads import duplicate_services as rules
from leadferry.leads.duplicate_models import (
    DuplicateIndex,
    DuplicateRule,
    SimilarMark,
    SimilarSweep,
)
from leadferry.leads.duplicate_stock import add_stock_rules
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_response

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.req("R085", "B13"),
]


def index() -> None:
    while search.index_pending():
        pass


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


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)
def test_a_decision_taken_back_while_its_marks_are_written() -> None:
    if not DuplicateRule.objects.exists():  # a test before this one emptied all tables
        add_stock_rules(DuplicateRule, DuplicateIndex, SimilarSweep)
    duplicate_index.build_indexes()
    values = {"Contact": "Ada Byron", "Email": "ada@northwind.example"}
    with transaction.atomic():
        page = [make_response(values=values) for _ in range(2)]
        one, other = sorted(register(page).registered.values())
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
    assert set(SimilarMark.objects.values_list("lead_id", flat=True)) == {one, other}
