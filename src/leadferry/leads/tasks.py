"""The search index follows the leads."""

from leadferry.jobs.registry import HOUSEKEEPING, task, watch
from leadferry.jobs.services import kick
from leadferry.leads import search
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
