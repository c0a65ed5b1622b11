"""What follows the leads: the search index, and answers that were settled."""

from leadferry.jobs.registry import (
    HOUSEKEEPING,
    REPLAY,
    every,
    on_release,
    task,
    watch,
)
from leadferry.jobs.services import bulk_works, kick, stopping
from leadferry.kit import clock
from leadferry.leads import answers, duplicate_index, duplicate_runs, search
from leadferry.leads.models import SearchPending

# What is fetched of earlier days can be found a little later; see `search`, where the
# newest leads come first.
_BESIDE_BULK_SECONDS = 2.0
_next_look = 0.0


@task(queue=HOUSEKEEPING)
def index_new_leads() -> None:
    """Index batch after batch until none waits; one alone beside bulk work."""
    while search.index_pending() and not bulk_works():
        pass


@watch(seconds=0.3)
def look_for_unindexed_leads() -> None:
    """Kick the indexing where leads wait for it, seldom beside bulk work."""
    global _next_look  # noqa: PLW0603 - of this process
    if clock.monotonic() < _next_look:
        return
    _next_look = clock.monotonic() + (_BESIDE_BULK_SECONDS if bulk_works() else 0)
    if SearchPending.objects.exists():
        kick(index_new_leads, key="index-new-leads")


@task(queue=HOUSEKEEPING)
def write_settled(answer_id: int) -> None:
    """Bring the leads with this answer in line, batch after batch."""
    while not stopping() and answers.bring_in_line(answer_id):
        pass


@watch(seconds=0.5)
def look_for_due_answers() -> None:
    """Kick the writing where an answer was settled or taken back."""
    for answer_id in answers.due_answers():
        kick(write_settled, answer_id, key=f"answer-{answer_id}")


@every(seconds=60)
@task(queue=HOUSEKEEPING)
def tell_of_waiting_answers() -> None:
    """A message to the role when an answer waits that nobody was told of."""
    answers.tell_of_waiting()


@task(queue=HOUSEKEEPING)
def build_duplicate_indexes() -> None:
    """Batch after batch, then the marks."""
    while not stopping() and duplicate_index.build_indexes():
        pass
    while not stopping() and duplicate_index.sweep_marks():
        pass


@watch(seconds=0.5)
def look_for_unbuilt_indexes() -> None:
    """Kick the building after a rule changed."""
    if duplicate_index.is_work_left():
        kick(build_duplicate_indexes, key="duplicate-indexes")


@task(queue=REPLAY)
def work_on_search(run_id: int) -> None:
    """Look for duplicates among all leads, batch after batch."""
    duplicate_runs.take_up(run_id)


@watch(seconds=0.5)
def look_for_due_searches() -> None:
    """Kick the searches that are due."""
    for run_id in duplicate_runs.due_runs():
        kick(work_on_search, run_id, key=f"duplicates-{run_id}")


@on_release
def release_searches(worker: str) -> None:
    """What a dead worker was at is due at once."""
    duplicate_runs.release(worker)


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def look_after_searches() -> None:
    """Searches that were lost go on; what is over goes."""
    duplicate_runs.look_after_runs()
