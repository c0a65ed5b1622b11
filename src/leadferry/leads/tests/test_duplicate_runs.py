"""Searches for duplicates among all leads, and trials of a rule."""

from datetime import timedelta
from itertools import count

import pytest
from django.db.models import F

from leadferry.accounts import services as accounts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person as alerted
from leadferry.jobs.errors import Fenced
from leadferry.leads import duplicate_queries as queries
from leadferry.leads import duplicate_runs, duplicate_work
from leadferry.leads import duplicate_services as rules
from leadferry.leads.duplicate_models import (
    DuplicateGroup,
    DuplicateIndex,
    DuplicatePair,
    DuplicateRule,
    DuplicateRun,
    SimilarMark,
)
from leadferry.leads.models import Lead
from leadferry.leads.tests.builders import keep_stock_rules
from leadferry.leads.tests.test_similar import (
    index,
    lead_with,
    person,
    work,
)
from tests.support.aborts import Abort, dying_at

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("R086", "B13"),
]
State = DuplicateRun.State


def searched() -> DuplicateRun:
    work()
    run = duplicate_runs.start_search(by=None)
    duplicate_runs.take_up(run.pk)
    run.refresh_from_db()
    return run


def groups_of(run: DuplicateRun) -> list[tuple[int, list[int]]]:
    rows = DuplicateGroup.objects.filter(run=run).order_by("-certainty", "pk")
    return [(row.certainty, row.leads) for row in rows]


def test_groups_come_surest_first() -> None:
    phone = [lead_with(phone="+491712345678", name=name) for name in ("Ada B", "Bob C")]
    mail = [lead_with(email="ada@gmail.com") for _ in range(3)]
    both = [
        lead_with(email="eve@nw.example", name="Eve Li", company=company)
        for company in ("Northwind", "Northwind GmbH")
    ]
    lead_with(email="alone@gmail.com")
    run = searched()
    assert run.state == State.READY
    assert groups_of(run) == [(99, both), (95, mail), (70, phone)]
    assert (run.groups, run.leads, run.pairs) == (3, 7, 4)


@pytest.mark.req("R050")
def test_whoever_waited_long_is_told_of_the_end() -> None:
    alerted("mia", accounts.MARKETERS)
    for _ in range(2):
        lead_with(email="ada@gmail.com")
    searched()
    assert not SystemMessage.objects.exists()
    run = duplicate_runs.start_search(by=None)
    DuplicateRun.objects.update(started_at=F("started_at") - timedelta(minutes=2))
    duplicate_runs.take_up(run.pk)
    told = SystemMessage.objects.get()
    assert told.title == "The search for duplicates is done"
    assert told.text == "Groups: 1, leads in them: 2."


def test_what_a_person_told_apart_is_found_no_more() -> None:
    first, second = lead_with(email="a@gmail.com"), lead_with(email="a@gmail.com")
    rules.say_not_duplicate(first, second, by=None)
    assert groups_of(searched()) == []
    third = lead_with(email="a@gmail.com")
    assert groups_of(searched()) == [(95, [first, second, third])]


def test_alike_names_hang_together_within_a_block() -> None:
    names = ("Jon Smith", "John Smith", "John Smith", "Ada Byron")
    leads = [lead_with(name=name, web="nw.example") for name in names]
    assert groups_of(searched()) == [(81, leads[:3])]


def test_large_blocks_are_cut_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_work, "LARGEST_BLOCK", 3)
    leads = [lead_with(email="shop@gmail.com") for _ in range(5)]
    run = searched()
    assert groups_of(run) == [(95, leads[:3])]
    assert run.too_big == [[1, 5, leads[0]]]
    assert queries.too_big_of(run)[0].columns == "Email"


def test_a_group_grows_no_larger_than_a_person_can_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(duplicate_work, "LARGEST_GROUP", 3)
    for number in range(6):
        lead_with(
            email=f"{number // 2}@gmail.com",
            phone=f"+49171234567{(number + 1) // 2}",
        )
    run = searched()
    assert max(len(leads) for _certainty, leads in groups_of(run)) <= 3


def test_a_search_is_cancelled_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_work, "BLOCKS", 2)
    for number in range(10):
        lead_with(email=f"{number % 5}@gmail.com")
    work()
    run = duplicate_runs.start_search(by=None)
    assert duplicate_runs.start_search(by=None) == run
    steps = duplicate_work.steps(_claimed(run))
    next(steps)
    assert duplicate_runs.cancel(run, by=None)
    with pytest.raises(Fenced):
        next(steps)
    assert not duplicate_runs.cancel(run, by=None)
    assert duplicate_runs.resume(run, by=None)
    duplicate_runs.take_up(run.pk)
    assert [size for _certainty, size in _sizes(run)] == [2] * 5


def _claimed(run: DuplicateRun) -> DuplicateRun:
    claimed = duplicate_runs.CLAIMS.claim(run.pk)
    assert claimed is not None
    return claimed


def _sizes(run: DuplicateRun) -> list[tuple[int, int]]:
    return [(certainty, len(leads)) for certainty, leads in groups_of(run)]


def test_a_rule_that_changes_meanwhile_does_not_touch_the_search() -> None:
    first, second = lead_with(email="a@gmail.com"), lead_with(email="a@gmail.com")
    work()
    run = duplicate_runs.start_search(by=None)
    for rule in DuplicateRule.objects.all():
        rules.change_rule(
            rule,
            rules.Draft(
                name=rule.name,
                conditions=rule.conditions,
                certainty=50,
                for_new=False,
                for_search=False,
            ),
            by=None,
        )
    work()
    duplicate_runs.take_up(run.pk)
    run.refresh_from_db()
    assert groups_of(run) == [(95, [first, second])]
    assert queries.rules_changed(run)
    with pytest.raises(rules.RuleRefused, match="switch one on"):
        duplicate_runs.start_search(by=None)


def test_a_search_waits_for_the_index_of_a_new_rule() -> None:
    lead_with(name="Ada Byron"), lead_with(name="Ada Byron")
    work()
    rules.add_rule(
        rules.Draft(
            name="Same name",
            conditions=[["name", "same"]],
            certainty=60,
            for_new=False,
            for_search=True,
        ),
        by=None,
    )
    run = duplicate_runs.start_search(by=None)
    duplicate_runs.take_up(run.pk)
    run.refresh_from_db()
    assert (run.state, run.due_at is None) == (State.WAITING, False)
    work()
    DuplicateRun.objects.update(due_at=1)
    duplicate_runs.take_up(run.pk)
    assert _sizes(run) == [(60, 2)]


def test_a_rule_is_tried_before_it_counts() -> None:
    known = [lead_with(name="Ada B", email="a@gmail.com") for _ in range(2)]
    new = [lead_with(name="Eve Li", company=f"Of {number}") for number in range(2)]
    work()
    rule = rules.add_rule(
        rules.Draft(
            name="Same name",
            conditions=[["name", "same"]],
            certainty=60,
            for_new=False,
            for_search=False,
        ),
        by=person(),
    )
    run = duplicate_runs.try_rule(rule, by=None)
    work()
    duplicate_runs.take_up(run.pk)
    run.refresh_from_db()
    assert groups_of(run) == [(60, known), (60, new)]
    assert (run.pairs, run.added) == (2, 1)
    added = DuplicateGroup.objects.filter(run=run, is_added=True)
    assert [group.leads for group in added] == [new]
    work()
    # What only the trial needed is gone, and nobody is marked by it.
    assert DuplicateIndex.objects.filter(mask=4).count() == 0
    index()
    assert not set(new) & {mark.lead_id for mark in SimilarMark.objects.all()}


def test_pages_of_groups_are_walked_by_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    for number in range(3):
        lead_with(email=f"{number}@gmail.com"), lead_with(email=f"{number}@gmail.com")
    lead_with(phone="+491712345678"), lead_with(phone="+491712345678")
    lead_with(phone="+491712345679"), lead_with(phone="+491712345679")
    run = searched()
    pages, start = [], ""
    while True:
        page = queries.group_page(run, start=start)
        pages.append([row.group.certainty for row in page.rows])
        start = page.next
        if not start:
            break
    assert pages == [[95, 95], [95, 70], [70]]


def test_what_is_over_goes() -> None:
    lead_with(email="a@gmail.com"), lead_with(email="a@gmail.com")
    first, second = searched(), searched()
    assert DuplicatePair.objects.count() == 2
    for _ in range(3):
        duplicate_runs.look_after_runs()
    assert DuplicatePair.objects.count() == 0
    assert (groups_of(first), len(groups_of(second))) == ([], 1)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_it_goes_on_wherever_the_worker_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_work, "BLOCKS", 2)
    monkeypatch.setattr(duplicate_work, "GROUPS", 2)
    keep_stock_rules()
    for number in range(10):
        lead_with(email=f"{number % 5}@gmail.com")
    undisturbed = groups_of(searched())
    assert len(undisturbed) == 5
    for number in count(1):
        run = duplicate_runs.start_search(by=None)
        deaths = [Abort(number, after=False), Abort(number, after=True)]
        for death in deaths:
            with dying_at(death):
                duplicate_runs.take_up(run.pk)
            duplicate_runs.release("")
        duplicate_runs.take_up(run.pk)
        assert groups_of(run) == undisturbed
        if not any(death.reached for death in deaths):
            break
    assert number > 8
    assert Lead.objects.count() == 10
