"""What follows the leads: the search index, and answers that were settled."""

from leadferry.jobs.registry import HOUSEKEEPING, every, task, watch
from leadferry.jobs.services import kick, stopping
from leadferry.leads import answers, search
from leadferry.leads.models import SearchPending


@task(queue=HOUSEKEEPING)
def index_new_leads() -> None:
    """Index batch after batch until none waits."""
    while search.index_pending():
        pass


@watch
def look_for_unindexed_leads() -> None:
    """Kick the indexing where leads wait for it."""
    if SearchPending.objects.exists():
        kick(index_new_leads, key="index-new-leads")


@task(queue=HOUSEKEEPING)
def write_settled(answer_id: int) -> None:
    """Bring the leads with this answer in line, batch after batch."""
    while not stopping() and answers.bring_in_line(answer_id):
        pass


@watch
def look_for_due_answers() -> None:
    """Kick the writing where an answer was settled or taken back."""
    for answer_id in answers.due_answers():
        kick(write_settled, answer_id, key=f"answer-{answer_id}")


@every(seconds=60)
@task(queue=HOUSEKEEPING)
def tell_of_waiting_answers() -> None:
    """A message to the role when an answer waits that nobody was told of."""
    answers.tell_of_waiting()
