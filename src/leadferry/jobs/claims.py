"""Long runs, each worked on by one worker at a time; the database is the referee."""

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from django.db.models import F, Q, QuerySet

from leadferry.jobs import services
from leadferry.jobs.models import ClaimedRun
from leadferry.kit import clock

Run = TypeVar("Run", bound=ClaimedRun)


class Claims(Generic[Run]):
    """Who is at which run of a kind: taking up, letting go, what the dead left."""

    def __init__(self, runs: QuerySet[Run], *, at_work: Collection[str]) -> None:
        self._runs = runs
        self._at_work = Q(state__in=list(at_work))
        # Those that threads of this process are at: a claim without one is a leftover.
        self._here: list[int] = []

    def due(self) -> list[int]:
        """Runs that a worker should take up now, the longest waiting first."""
        due = self._runs.filter(due_at__lte=clock.now_ms()).order_by("due_at")
        return list(due.values_list("pk", flat=True))

    def take_up(
        self, run_id: int, work: Callable[[Run], None], **noted: object
    ) -> None:
        """Work on a run until the work lets go of it; nothing where it is not due."""
        self._here.append(run_id)
        try:
            run = self.claim(run_id, **noted)
            if run is not None:
                with services.bulk_work():
                    work(run)
        finally:
            self._here.remove(run_id)

    def claim(self, run_id: int, **noted: object) -> Run | None:
        """The run, ours with what is noted; None where it is not due."""
        now = clock.now_ms()
        claimed = self._runs.filter(pk=run_id, due_at__lte=now).update(
            epoch=F("epoch") + 1,
            claimed_by=services.whoami(),
            due_at=None,
            working_since=now,
            **noted,
        )
        return self._runs.get(pk=run_id) if claimed else None

    def ours(self, run: Run) -> QuerySet[Run]:
        """The run, as long as nobody else owns it and it was not stopped."""
        return self._runs.filter(self._at_work, pk=run.pk, epoch=run.epoch)

    def put_off(self, run: Run, wait_ms: int, **noted: object) -> None:
        """Let go of a run of ours; it is due again in so many milliseconds."""
        due_at = clock.now_ms() + wait_ms
        self.ours(run).update(due_at=due_at, claimed_by="", **noted)

    def release(self, worker: str) -> None:
        """What a dead worker was at is due at once."""
        self._let_go(self._runs.filter(claimed_by=worker))

    def let_go_of_lost(self) -> None:
        """What this worker claimed and no thread of it is at is due at once."""
        mine = self._runs.filter(claimed_by=services.whoami())
        self._let_go(mine.exclude(pk__in=self._here))

    def _let_go(self, claimed: QuerySet[Run]) -> None:
        held = claimed.filter(self._at_work, due_at=None)
        held.update(due_at=clock.now_ms(), claimed_by="")
