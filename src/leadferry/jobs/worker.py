"""The worker's life: claim a slot, start the engine, look, beat, leave."""

import gc
import logging
import os
import threading
from datetime import timedelta

from django.db import connections

from leadferry.jobs import engine, registry, services, slots
from leadferry.jobs.models import Schedule
from leadferry.kit import clock

logger = logging.getLogger("leadferry.jobs")

_ROUND_SECONDS = 0.1
_SCHEDULE_SECONDS = 1.0
_OBSERVE_SECONDS = 5.0
_STOP_SECONDS = 5
_FENCED_EXIT = 75


def run(*, stop: threading.Event) -> None:
    """Work until `stop` is set; returns once the engine has stopped."""
    _settle_memory()
    worker = slots.claim_slot()
    services.become(slot=worker.slot, epoch=worker.epoch)
    # The epoch in the name: what an earlier owner of the slot left is an orphan.
    engine.launch(executor=str(worker))
    heart = threading.Thread(
        target=_beat, args=(worker.slot, worker.epoch, stop), daemon=True
    )
    heart.start()
    logger.info("worker started", extra={"slot": worker.slot, "epoch": worker.epoch})
    try:
        _look_around(stop=stop, observer=slots.Observer(own_slot=worker.slot))
    finally:
        services.ask_to_stop()
        engine.stop(seconds=_STOP_SECONDS)
        slots.leave(slot=worker.slot, epoch=worker.epoch)
        connections.close_all()


def _settle_memory() -> None:
    # What is loaded now stays: looking for garbage in it, and after every few hundred
    # objects of a page of leads, cost a fifth of the time of a sync.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _beat(slot: str, epoch: int, stop: threading.Event) -> None:
    while not stop.wait(slots.BEAT_SECONDS):
        try:
            if not slots.beat(slot=slot, epoch=epoch):
                # Taken over while it was stopped or cut off: nothing of it may go on.
                logger.error("another worker took this slot over", extra={"slot": slot})
                os._exit(_FENCED_EXIT)
        except Exception:
            logger.exception("heartbeat not written")
            connections.close_all()
    connections.close_all()


def _look_around(*, stop: threading.Event, observer: slots.Observer) -> None:
    rounds = (
        *registry.WATCHES,
        (_SCHEDULE_SECONDS, run_due_schedules),
        (_OBSERVE_SECONDS, observer.look),
    )
    due = [0.0] * len(rounds)
    while not stop.wait(_ROUND_SECONDS):
        for index, (seconds, look) in enumerate(rounds):
            if clock.monotonic() < due[index]:
                continue
            due[index] = clock.monotonic() + seconds * 0.9
            try:
                look()
            except Exception:
                logger.exception("a look around failed")
                connections.close_all()


def run_due_schedules() -> None:
    """Kick each repeated task whose time has come."""
    for task in due_tasks():
        services.kick(task, key=task.name)


def due_tasks() -> list[registry.Task]:
    """The repeated tasks that are due, each told to one worker only."""
    now = clock.now()
    known = dict(Schedule.objects.values_list("name", "due_at"))
    due = []
    for name, repetition in registry.REPETITIONS.items():
        if name not in known:
            Schedule.objects.get_or_create(name=name, defaults={"due_at": now})
        elif known[name] > now:
            continue
        due_next = now + timedelta(seconds=repetition.seconds)
        won = Schedule.objects.filter(name=name, due_at__lte=now).update(
            due_at=due_next
        )
        if won:
            due.append(repetition.task)
    return due
