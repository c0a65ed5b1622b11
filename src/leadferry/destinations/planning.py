"""From changes and deletions of leads to deliveries, in the order of changes.

On PostgreSQL a change may become visible after another with a higher number: its
transaction took the number earlier and ends later. So each stretch of numbers is
looked at twice: as soon as it is seen, and once more when every transaction is over
that may hold a number in it. Planning a change twice is the same as planning it once.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max

from leadferry.destinations.models import Delivery, Destination
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.leads.models import LeadChange, LeadDeletion

# Changes, or deletions, of one transaction.
_AT_ONCE = 1_000

_COLUMNS = (
    "destination_id, lead_id, state, queue, wanted_change, sending_change, "
    "sent_change, expected_id, remote_id, digests, notes, reason, attempts, due_at, "
    "epoch, receipt"
)
# What a person, or a new submission, changed is worth another try at once.
_UPSERT = (
    "ON CONFLICT (destination_id, lead_id) DO UPDATE SET "
    "wanted_change = excluded.wanted_change, state = excluded.state, "
    "due_at = excluded.due_at, reason = '', attempts = 0, "
    f"queue = CASE WHEN destinations_delivery.queue = {int(Delivery.Queue.ALONE)} "
    "THEN destinations_delivery.queue ELSE excluded.queue END "
    "WHERE destinations_delivery.wanted_change < excluded.wanted_change "
    f"AND destinations_delivery.queue <> {int(Delivery.Queue.ERASE)}"
)


def begin(destination: Destination) -> None:
    """From the next change on leads go there; in the caller's transaction."""
    if connection.vendor == "postgresql":
        # Waits for those who are writing changes: what they number is before us.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE leads_leadchange IN SHARE MODE")
    newest = LeadChange.objects.aggregate(newest=Max("pk"))["newest"] or 0
    destination.planned_to = destination.looked_to = destination.mark = newest


def has_news(destination: Destination) -> bool:
    """Whether there are changes not looked at yet."""
    return LeadChange.objects.filter(pk__gt=destination.looked_to).exists()


def plan(destination_id: int) -> bool:
    """Plan the next stretch of changes; whether there may be more of them."""
    with transaction.atomic():
        hold_fence()
        destination = _held(destination_id)
        if destination is None:
            return False
        end = _end_of_stretch(destination.looked_to)
        if end is None:
            return False
        plan_changes(destination, after=destination.looked_to, until=end)
        destination.looked_to = end
        if connection.vendor != "postgresql":
            # One writer: a number is never seen before a lower one.
            destination.planned_to = end
        destination.save(update_fields=["looked_to", "planned_to"])
        return True


def is_unsettled() -> bool:
    """Whether deleted leads, or stretches planned once, are to be looked at again."""
    late = Destination.objects.exclude(state=Destination.State.DELETING)
    late = late.filter(planned_to__lt=F("looked_to"))
    return LeadDeletion.objects.exists() or late.exists()


def plan_again(destination_id: int) -> bool:
    """Plan for good what no running transaction can add to; whether there is more."""
    found = Destination.objects.filter(pk=destination_id)
    destination = found.defer("secrets").first()
    if destination is None or destination.planned_to >= destination.looked_to:
        return False
    # Read first, numbered afterwards: who holds a number up to `looked_to` wrote, and
    # so got a transaction number, before it was seen.
    looked_to, xid = destination.looked_to, _next_xid()
    with transaction.atomic():
        hold_fence()
        held = _held(destination_id)
        if held is None:
            return False
        if held.mark <= held.planned_to:
            held.mark, held.mark_xid = looked_to, xid
        if held.mark <= held.planned_to or _oldest_xid() < held.mark_xid:
            held.save(update_fields=["mark", "mark_xid"])
            return False
        end = min(_end_of_stretch(held.planned_to) or held.mark, held.mark)
        plan_changes(held, after=held.planned_to, until=end)
        held.planned_to = end
        held.save(update_fields=["mark", "mark_xid", "planned_to"])
        return end < held.looked_to


def _next_xid() -> int:
    # In a transaction of its own: whoever has a number now has a lower one.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def _oldest_xid() -> int:
    """No transaction with a lower number is running."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def _held(destination_id: int) -> Destination | None:
    rows = Destination.objects.select_for_update().filter(pk=destination_id)
    rows = rows.defer("secrets")
    return rows.exclude(state=Destination.State.DELETING).first()


def _end_of_stretch(after: int) -> int | None:
    numbers = LeadChange.objects.filter(pk__gt=after).order_by("pk")
    ids = numbers.values_list("pk", flat=True)
    return ids[_AT_ONCE - 1 : _AT_ONCE].first() or ids.last()


def plan_changes(destination: Destination, *, after: int, until: int) -> int:
    """Plan the changes of a stretch; returns of how many leads something is new."""
    where, values = _chosen(destination)
    return _plan(
        destination,
        queue=Delivery.Queue.NEW,
        leads=(
            "leads_leadchange c JOIN leads_lead l ON l.id = c.lead_id",
            f"c.id > %s AND c.id <= %s{where}",
        ),
        values=[after, until, *values],
    )


def plan_leads(destination: Destination, *, after: int, until: int) -> int:
    """Plan all leads of a stretch of lead ids, as they are now."""
    where, values = _chosen(destination)
    return _plan(
        destination,
        queue=Delivery.Queue.EARLIER,
        leads=(
            "leads_lead l JOIN leads_leadchange c ON c.lead_id = l.id",
            f"l.id > %s AND l.id <= %s{where}",
        ),
        values=[after, until, *values],
    )


def _plan(
    destination: Destination,
    *,
    queue: Delivery.Queue,
    leads: tuple[str, str],
    values: Sequence[Any],
) -> int:
    tables, where = leads
    # In the order of leads, so that no two who write deliveries wait for each other.
    statement = (
        f"INSERT INTO destinations_delivery ({_COLUMNS}) "  # noqa: S608 - ours
        "SELECT %s, l.id, %s, %s, MAX(c.id), 0, 0, '', '', '{}', '[]', '', 0, %s, 0, ''"
        f" FROM {tables} WHERE {where} GROUP BY l.id ORDER BY l.id {_UPSERT}"
    )
    first = [destination.pk, int(Delivery.State.WAITING), int(queue), clock.now_ms()]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*first, *values])
        return max(int(cursor.rowcount), 0)


def _chosen(destination: Destination) -> tuple[str, list[int]]:
    """The leads that the destination is for."""
    where = "" if destination.with_test_leads else " AND NOT l.is_test"
    accounts, forms = destination.ad_accounts, destination.forms
    if not accounts and not forms:
        return where, []
    parts = [
        f"e.{column} IN ({', '.join(['%s'] * len(chosen))})"
        for column, chosen in (("ad_account", accounts), ("form_id", forms))
        if chosen
    ]
    origin = "leads_extendedleadinformation e WHERE e.lead_id = l.id"
    any_of = " OR ".join(parts)
    where += f" AND EXISTS (SELECT 1 FROM {origin} AND ({any_of}))"  # noqa: S608 - ours
    return where, [*accounts, *forms]


def plan_erasures() -> bool:
    """Deleted leads are to be erased wherever they were sent; whether there are more.

    One that is planned only afterwards is found gone by whoever sends it.
    """
    with transaction.atomic():
        hold_fence()
        rows = LeadDeletion.objects.order_by("pk")
        if connection.vendor == "postgresql":
            rows = rows.select_for_update(skip_locked=True)
        gone = list(rows.values_list("pk", flat=True)[:_AT_ONCE])
        if not gone:
            return False
        # Destinations first, as everybody who writes deliveries.
        held = Destination.objects.select_for_update().order_by("pk")
        for destination in list(held.values_list("pk", flat=True)):
            _want_erased(destination, gone)
        LeadDeletion.objects.filter(pk__in=gone).delete()
        return True


def _want_erased(destination: int, leads: Sequence[int]) -> None:
    for start in range(0, len(leads), 500):
        some = Delivery.objects.filter(
            destination=destination, lead_id__in=leads[start : start + 500]
        )
        want_erased(list(some.order_by("lead_id").values_list("pk", flat=True)))


def want_erased(deliveries: Sequence[int]) -> None:
    """The leads are gone: what was sent of them is to go too."""
    Delivery.objects.filter(pk__in=deliveries).exclude(
        queue=Delivery.Queue.ERASE
    ).update(
        queue=Delivery.Queue.ERASE,
        state=Delivery.State.WAITING,
        due_at=clock.now_ms(),
        attempts=0,
        reason="",
        notes=[],
    )
