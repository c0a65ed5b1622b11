import os
from datetime import timedelta

import pytest
from django.db import transaction

from leadferry.jobs import registry, services, slots, worker
from leadferry.jobs.errors import Fenced, KickInTransaction
from leadferry.jobs.models import Schedule, Worker
from leadferry.jobs.tasks import forget_finished_runs
from leadferry.kit import clock

pytestmark = pytest.mark.django_db(databases="__all__")

NO_PID = 2**22 + 1


def test_a_kick_inside_a_transaction_is_refused() -> None:
    with transaction.atomic(), pytest.raises(KickInTransaction):
        services.kick(forget_finished_runs)


def test_a_slot_of_a_living_process_is_left_alone() -> None:
    first = slots.claim_slot()
    Worker.objects.filter(pk=first.pk).update(pid=os.getppid())
    second = slots.claim_slot()
    assert second.slot != first.slot


def test_the_slot_of_a_dead_process_goes_over_with_a_new_epoch() -> None:
    first = slots.claim_slot()
    Worker.objects.filter(pk=first.pk).update(pid=NO_PID)
    released: list[str] = []
    registry.RELEASES.append(released.append)
    try:
        second = slots.claim_slot()
    finally:
        registry.RELEASES.remove(released.append)
    assert (second.slot, second.epoch) == (first.slot, first.epoch + 1)
    assert released == [str(first)]


def test_the_fence_holds_out_whoever_was_taken_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = slots.claim_slot()
    monkeypatch.setattr(services, "_process_identity", [(mine.slot, mine.epoch)])
    services.hold_fence()
    assert slots.beat(slot=mine.slot, epoch=mine.epoch)
    Worker.objects.filter(pk=mine.pk).update(epoch=mine.epoch + 1)
    with pytest.raises(Fenced):
        services.hold_fence()
    assert not slots.beat(slot=mine.slot, epoch=mine.epoch)


def test_silence_is_judged_by_the_observers_own_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: passed[0])
    silent = Worker.objects.create(slot="elsewhere-1", host="elsewhere", pid=1)
    observer = slots.Observer(own_slot="here-1")
    observer.bury_the_silent()
    passed[0] += slots.DEAD_AFTER_SECONDS - 1
    observer.bury_the_silent()
    assert not Worker.objects.get(pk=silent.pk).left
    slots.beat(slot=silent.slot, epoch=silent.epoch)
    passed[0] += 2
    observer.bury_the_silent()
    assert not Worker.objects.get(pk=silent.pk).left, "it showed life in between"
    passed[0] += slots.DEAD_AFTER_SECONDS + 1
    observer.bury_the_silent()
    assert Worker.objects.get(pk=silent.pk).left


def test_a_repetition_is_due_once_among_all_workers() -> None:
    names = sorted(registry.REPETITIONS)
    assert sorted(task.name for task in worker.due_tasks()) == names
    assert worker.due_tasks() == []
    Schedule.objects.update(due_at=clock.now() - timedelta(seconds=1))
    assert sorted(task.name for task in worker.due_tasks()) == names


def test_a_task_on_an_unknown_queue_is_refused() -> None:
    with pytest.raises(ValueError, match="no queue"):
        registry.task(queue="nowhere")
