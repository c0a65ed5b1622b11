"""What pages and monitoring read of destinations."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from leadferry.destinations.models import Delivery, Destination
from leadferry.kit import clock
from leadferry.leads.models import Lead

COUNTED_TO = 10_000
_PAGE = 50
_MINUTE_MS = 60_000
State = Delivery.State


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many leads are in which state; each counted to `COUNTED_TO` at most."""

    waiting: int
    delivered: int
    parked: int
    erased: int


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A delivery that was not taken; `name` is empty where the lead is gone."""

    delivery: Delivery
    name: str


def destinations() -> QuerySet[Destination]:
    """Those that nobody deleted, by name."""
    rows = Destination.objects.exclude(state=Destination.State.DELETING)
    return rows.defer("secrets").order_by("name", "pk")


def find_destination(destination_id: int) -> Destination | None:
    """The destination, unless somebody deleted it."""
    return destinations().filter(pk=destination_id).first()


def counts_of(destination: Destination) -> Counts:
    """What the lines of its page say."""
    return Counts(
        waiting=_capped(destination, State.WAITING),
        delivered=_capped(destination, State.SENT),
        parked=_capped(destination, State.PARKED),
        erased=_capped(destination, State.ERASED),
    )


def _capped(destination: Destination, state: State) -> int:
    rows = Delivery.objects.filter(destination=destination, state=state)
    # One more than is told, so that "10,000+" is known from 10,000.
    return rows.values("pk")[: COUNTED_TO + 1].count()


def count_exactly(destination: Destination, state: State) -> int:
    """For monitoring, which wants to see a change of one among many."""
    return Delivery.objects.filter(destination=destination, state=state).count()


def rate_of(destination: Destination) -> int:
    """How many leads were delivered within the last whole minute."""
    minute = clock.now_ms() // _MINUTE_MS
    if destination.minute == minute:
        return max(destination.in_minute, destination.in_minute_before)
    return destination.in_minute if destination.minute == minute - 1 else 0


def deliveries_of(lead_id: int) -> list[Delivery]:
    """Where a lead goes, by the destinations' names."""
    ids = destinations().values("pk")
    rows = Delivery.objects.filter(destination__in=ids, lead_id=lead_id)
    return list(rows.select_related("destination").order_by("destination__name"))


def parked_page(
    destination: Destination, *, before: int | None = None
) -> tuple[list[Parked], int | None]:
    """The newest that were not taken, and where the next page begins."""
    rows = Delivery.objects.filter(destination=destination, state=State.PARKED)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: _PAGE + 1])
    page = found[:_PAGE]
    names = _names([row.lead_id for row in page])
    parked = [Parked(delivery=row, name=names.get(row.lead_id, "")) for row in page]
    return parked, page[-1].pk if len(found) > _PAGE else None


def _names(ids: Sequence[int]) -> dict[int, str]:
    leads = Lead.objects.only("contact", "account", "email").in_bulk(ids)
    return {pk: str(lead) for pk, lead in leads.items()}
