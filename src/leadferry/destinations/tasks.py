"""When leads are planned and sent."""

from leadferry.destinations import (
    delivery,
    earlier,
    examination,
    planning,
    queries,
    services,
)
from leadferry.jobs.registry import (
    DELIVERIES,
    HOUSEKEEPING,
    NEW_LEADS,
    WAITED_FOR,
    every,
    task,
    watch,
)
from leadferry.jobs.services import bulk_work, kick, stopping


@task(queue=DELIVERIES)
def deliver(destination_id: int, lane: int) -> None:
    """Send what is due to a destination."""

    def more() -> None:
        if lane + 1 < delivery.LANES:
            kick_delivery(destination_id, lane + 1)

    delivery.work_on(destination_id, more=more)


def kick_delivery(destination_id: int, lane: int = 0) -> None:
    """Ask for a look at what is due."""
    kick(deliver, destination_id, lane, key=f"deliver-{destination_id}-{lane}")


@task(queue=NEW_LEADS)
def plan(destination_id: int) -> None:
    """Plan new changes of leads."""
    while not stopping() and planning.plan(destination_id):
        pass
    kick_delivery(destination_id)


@watch(seconds=0.3)
def look_for_leads() -> None:
    """Kick planning where leads changed, and sending where something is due."""
    for destination in list(queries.destinations()):
        if planning.has_news(destination):
            kick(plan, destination.pk, key=f"plan-{destination.pk}")
    for destination_id in delivery.due_destinations():
        kick_delivery(destination_id)


@task(queue=NEW_LEADS)
def plan_for_good() -> None:
    """Deleted leads are erased, and changes that became visible late are planned."""
    while not stopping() and planning.plan_erasures():
        pass
    for destination in list(queries.destinations()):
        while not stopping() and planning.plan_again(destination.pk):
            pass


@watch(seconds=2)
def look_for_late_changes() -> None:
    """Kick it where leads were deleted, or a stretch of changes may have grown."""
    if planning.is_unsettled():
        kick(plan_for_good, key="plan-for-good")


@task(queue=NEW_LEADS)
def send_earlier_leads() -> None:
    """Go on with runs of all earlier leads."""
    with bulk_work():
        for destination_id in earlier.destinations_with_runs():
            while not stopping() and earlier.plan_more(destination_id):
                pass


@watch(seconds=1)
def look_for_earlier_leads() -> None:
    """Kick the runs of all earlier leads that were asked for."""
    if earlier.destinations_with_runs():
        kick(send_earlier_leads, key="send-earlier-leads")


@task(queue=WAITED_FOR)
def test_connection(destination_id: int) -> None:
    """Go through the steps of "Test connection"."""
    examination.examine(destination_id)


@task(queue=WAITED_FOR)
def try_rest_again(destination_id: int) -> None:
    """Very many that were not taken are sent again."""
    services.try_rest_again(destination_id)


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def remove_deleted() -> None:
    """What is left of deleted destinations goes."""
    services.remove_what_is_left()
