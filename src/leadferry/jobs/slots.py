"""Which worker is which: slots, heartbeats, and taking over the slots of the dead."""

import logging
import os
import socket

from django.db import IntegrityError, transaction
from django.db.models import F

from leadferry.jobs import engine, registry
from leadferry.jobs.models import Worker
from leadferry.kit import clock

logger = logging.getLogger("leadferry.jobs")

BEAT_SECONDS = 2.0
# A worker whose count stood still for so long, by the observer's clock, is dead.
DEAD_AFTER_SECONDS = 15.0


def claim_slot() -> Worker:
    """The first slot of this machine that no live process holds."""
    host = socket.gethostname()
    number = 1
    while True:
        worker = _try_slot(f"{host}-{number}", host)
        if worker is not None:
            return worker
        number += 1


def _try_slot(slot: str, host: str) -> Worker | None:
    try:
        with transaction.atomic():
            return Worker.objects.create(slot=slot, host=host, pid=os.getpid())
    except IntegrityError:
        pass
    held = Worker.objects.get(slot=slot)
    if not held.left and held.pid != os.getpid() and _is_alive(held.pid):
        return None
    taken = _raise_epoch(held, pid=os.getpid())
    if taken:
        _release(held)
    return Worker.objects.get(slot=slot) if taken else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _raise_epoch(seen: Worker, *, pid: int) -> bool:
    changed = Worker.objects.filter(
        pk=seen.pk, epoch=seen.epoch, beats=seen.beats
    ).update(epoch=F("epoch") + 1, pid=pid, left=False)
    return changed == 1


def _release(dead: Worker) -> None:
    for release in registry.RELEASES:
        release(str(dead))


def beat(*, slot: str, epoch: int) -> bool:
    """Show life; false where another worker owns the slot now."""
    alive = Worker.objects.filter(slot=slot, epoch=epoch).update(
        beats=F("beats") + 1, beat_at=clock.now()
    )
    return alive == 1


def leave(*, slot: str, epoch: int) -> None:
    """The slot is free for the next worker at once."""
    Worker.objects.filter(slot=slot, epoch=epoch).update(left=True)


class Observer:
    """Sees which of the other workers live, and takes over from those that do not."""

    def __init__(self, *, own_slot: str) -> None:
        self._own_slot = own_slot
        self._seen: dict[str, tuple[int, float]] = {}

    def look(self) -> None:
        """One look at the others; call it every few seconds."""
        self.bury_the_silent()
        living = [str(worker) for worker in Worker.objects.filter(left=False)]
        taken = engine.take_over_orphans(living=living)
        if taken:
            logger.warning("took over unfinished tasks", extra={"tasks": taken})

    def bury_the_silent(self) -> None:
        """Take the slots of those that showed no life for too long."""
        for worker in Worker.objects.exclude(slot=self._own_slot).filter(left=False):
            if self._is_dead(worker):
                _bury(worker)

    def _is_dead(self, worker: Worker) -> bool:
        beats, since = self._seen.get(worker.slot, (-1, 0.0))
        if beats != worker.beats:
            self._seen[worker.slot] = (worker.beats, clock.monotonic())
            return False
        return clock.monotonic() - since > DEAD_AFTER_SECONDS


def _bury(worker: Worker) -> None:
    # From here on the old owner writes nothing: its transactions hold the fence.
    changed = Worker.objects.filter(
        pk=worker.pk, epoch=worker.epoch, beats=worker.beats
    ).update(epoch=F("epoch") + 1, left=True)
    if changed:
        logger.warning("a worker fell silent", extra={"worker": str(worker)})
        _release(worker)
