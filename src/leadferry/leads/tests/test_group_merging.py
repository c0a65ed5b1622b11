"""Groups are merged by a rule, and taken back, whatever happens in between."""

from itertools import count

import pytest

from leadferry.jobs.errors import Fenced
from leadferry.leads import duplicate_index, duplicate_runs, group_merging
from leadferry.leads import duplicate_services as rules
from leadferry.leads.duplicate_models import (
    DuplicateGroup,
    DuplicateRun,
    LeadMerge,
    NotDuplicate,
)
from leadferry.leads.models import Lead
from leadferry.leads.tests.builders import keep_stock_rules
from leadferry.leads.tests.test_duplicate_runs import groups_of, searched
from leadferry.leads.tests.test_merging import dump
from leadferry.leads.tests.test_similar import edit, lead_with
from tests.support.aborts import Abort, dying_at

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("R086", "B13"),
]
State = DuplicateGroup.State


def found() -> tuple[DuplicateRun, list[int]]:
    """A search that found three groups, and the leads that would be kept."""
    kept = []
    for number in range(3):
        kept.append(lead_with(email=f"{number}@gmail.com"))
        lead_with(email=f"{number}@gmail.com", name=f"Ada {number}")
    return searched(), kept


def merge_all(run: DuplicateRun, least: int = 90) -> None:
    assert group_merging.begin_merging(run, least=least, by=None)
    duplicate_runs.take_up(run.pk)
    run.refresh_from_db()


def alone() -> list[int]:
    rows = Lead.objects.filter(merged_into=None).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def test_the_older_is_kept_and_its_gaps_are_filled() -> None:
    run, kept = found()
    weak = [lead_with(phone="+491712345678") for _ in range(2)]
    run = searched()
    told = group_merging.preview(run, least=90)
    assert (told.groups, told.absorbed) == (3, 3)
    merge_all(run)
    assert alone() == [*kept, *weak]
    assert Lead.objects.get(pk=kept[1]).contact == "Ada 1"
    assert (run.state, run.merged, run.skipped) == ("ready", 3, 0)
    assert [certainty for certainty, _leads in groups_of(run)] == [95, 95, 95, 70]


def test_all_of_it_is_taken_back() -> None:
    run, _kept = found()
    before = dump()
    merge_all(run)
    assert group_merging.begin_undoing(run, by=None)
    duplicate_runs.take_up(run.pk)
    run.refresh_from_db()
    assert dump() == before
    assert (run.state, run.merged) == ("ready", 3)
    assert set(DuplicateGroup.objects.values_list("state", flat=True)) == {State.OPEN}


def test_a_group_that_changed_since_is_left_alone() -> None:
    run, kept = found()
    edit(kept[0], Email="other@gmail.com")
    rules.say_not_duplicate(kept[1], kept[1] + 1, by=None)
    merge_all(run)
    assert (run.merged, run.skipped) == (1, 2)
    assert LeadMerge.objects.get().lead_id == kept[2]


def test_not_duplicates_of_a_whole_group() -> None:
    leads = [lead_with(email="a@gmail.com") for _ in range(3)]
    run = searched()
    group = DuplicateGroup.objects.get(run=run)
    group_merging.say_not_duplicates(group, by=None)
    assert NotDuplicate.objects.count() == len(leads)
    assert groups_of(searched()) == []


def test_merging_is_stopped_and_what_was_merged_stays() -> None:
    run, _kept = found()
    assert group_merging.begin_merging(run, least=90, by=None)
    assert not group_merging.begin_merging(run, least=90, by=None)
    claimed = duplicate_runs.CLAIMS.claim(run.pk)
    assert claimed is not None
    steps = group_merging.merge_groups(claimed)
    next(steps)
    assert duplicate_runs.cancel(run, by=None)
    run.refresh_from_db()
    assert (run.state, LeadMerge.objects.count()) == ("ready", 1)
    with pytest.raises(Fenced):
        next(steps)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_it_goes_on_wherever_the_worker_dies() -> None:
    keep_stock_rules()
    while duplicate_index.build_indexes():
        pass
    run, kept = found()
    before = dump()
    for number in count(1):
        deaths = [Abort(number, after=False), Abort(number, after=True)]
        for is_undoing in (False, True):
            if is_undoing:
                assert group_merging.begin_undoing(run, by=None)
            else:
                assert group_merging.begin_merging(run, least=90, by=None)
            for death in deaths:
                with dying_at(death):
                    duplicate_runs.take_up(run.pk)
                duplicate_runs.release("")
            duplicate_runs.take_up(run.pk)
            assert is_undoing or alone() == kept
        assert dump() == before
        if not any(death.reached for death in deaths):
            break
    assert number > 4
