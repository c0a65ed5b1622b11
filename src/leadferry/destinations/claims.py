"""Which deliveries a worker is at; the database is the referee.

A claim ends by itself: killed at any moment, another worker takes its deliveries up.
Whoever lost a claim finds another epoch and writes nothing.
"""

import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, connections, transaction

from leadferry.destinations.base import (
    Connector,
    Delivered,
    Erased,
    Parcel,
    Rejected,
    Temporary,
)
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.parcels import parcels_of
from leadferry.destinations.planning import want_erased
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.leads import bulk

CLAIM_MS = 60_000
_RENEW_SECONDS = 20
_FIRST_WAIT_S, _LONGEST_WAIT_S = 15, 900
# About six days.
_MOST_ATTEMPTS = 600
_LONGEST_REASON = 1_000
_random = random.Random()  # noqa: S311 - spreads load, guards nothing
State = Delivery.State
Queue = Delivery.Queue

Answer = Delivered | Erased | Rejected | Temporary


@dataclass(frozen=True, kw_only=True)
class Page:
    """Deliveries that are this worker's for a minute, and what is to be sent."""

    rows: Sequence[Delivery]
    parcels: Mapping[int, Parcel] = field(default_factory=dict)

    @property
    def is_erasure(self) -> bool:
        """Whether all of them are to be erased; a page is never mixed."""
        return self.rows[0].is_erasure


def spread(seconds: float) -> int:
    """So many milliseconds, a little more or less, so that not all come at once."""
    return round(seconds * 1_000 * _random.uniform(0.8, 1.2))


def wait_ms(attempts: int, *, longest: int = _LONGEST_WAIT_S) -> int:
    """How long to wait after so many attempts in vain."""
    return spread(min(_FIRST_WAIT_S * 2 ** min(attempts - 1, 20), longest))


def claim(destination: Destination, connector: Connector, *, limit: int) -> Page | None:
    """The next deliveries that are due; erasures first, then new leads."""
    for queue in Queue.values:
        page = _claim_of(destination, connector, queue, limit)
        if page is not None:
            return page
    return None


def _claim_of(
    destination: Destination, connector: Connector, queue: int, limit: int
) -> Page | None:
    size = 1 if queue == Queue.ALONE else limit
    while rows := _take(destination, queue, size):
        # Read once they are ours: a later change is one more on its way.
        page = _to_erase(rows) if queue == Queue.ERASE else _to_send(rows, connector)
        if page.rows:
            return page
    return None


def _to_erase(rows: Sequence[Delivery]) -> Page:
    """Of those that were never sent nothing is there: they are erased already."""
    never = [row for row in rows if not (row.remote_id or row.expected_id)]
    if never:
        with transaction.atomic():
            hold_fence()
            _many(_ERASED, [("", clock.now_ms(), row.pk, row.epoch) for row in never])
    return Page(rows=[row for row in rows if row not in never])


def _to_send(rows: Sequence[Delivery], connector: Connector) -> Page:
    parcels = parcels_of(rows)
    # Deleted before it was sent, or between two looks.
    gone = [row for row in rows if row.lead_id not in parcels]
    here = [row for row in rows if row.lead_id in parcels]
    new = [row for row in here if not (row.remote_id or row.expected_id)]
    for row in new:
        # Before it is sent: it can be erased even if nobody hears the answer.
        row.expected_id = connector.id_for(parcels[row.lead_id])
    if gone or new:
        with transaction.atomic():
            hold_fence()
            _many("expected_id = %s", [(r.expected_id, r.pk, r.epoch) for r in new])
            _many("claimed_until = NULL", [(row.pk, row.epoch) for row in gone])
            want_erased([row.pk for row in gone])
    return Page(rows=here, parcels=parcels)


def _take(destination: Destination, queue: int, limit: int) -> list[Delivery]:
    now = clock.now_ms()
    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with transaction.atomic(), connection.cursor() as cursor:
        hold_fence()
        cursor.execute(
            "UPDATE destinations_delivery SET claimed_until = %s, epoch = epoch + 1, "  # noqa: S608 - ours
            "sending_change = wanted_change WHERE id IN ("
            "SELECT id FROM destinations_delivery WHERE destination_id = %s "
            "AND queue = %s AND due_at <= %s "
            "AND (claimed_until IS NULL OR claimed_until <= %s) "
            f"ORDER BY due_at, id LIMIT %s{lock}) RETURNING id",
            [now + CLAIM_MS, destination.pk, queue, now, now, limit],
        )
        ids = [row[0] for row in cursor.fetchall()]
        return list(Delivery.objects.filter(pk__in=ids).order_by("lead_id"))


@contextmanager
def held(rows: Sequence[Delivery]) -> Iterator[None]:
    """The claim is renewed as long as the block takes and this process lives."""
    done = threading.Event()
    renewer = threading.Thread(target=_renew, args=(rows, done), daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()


def _renew(rows: Sequence[Delivery], done: threading.Event) -> None:
    try:
        while not done.wait(_RENEW_SECONDS):
            until = clock.now_ms() + CLAIM_MS
            _many("claimed_until = %s", [(until, row.pk, row.epoch) for row in rows])
    finally:
        connections.close_all()


# Something happened to the lead while it was on its way.
_GOES_ON = f"(queue = {int(Queue.ERASE)} OR wanted_change > sending_change)"
_WAITING, _PARKED = int(State.WAITING), int(State.PARKED)
_DELIVERED = (
    "remote_id = %s, digests = %s, notes = %s, sent_at = %s, "
    "sent_change = sending_change, reason = '', attempts = 0, claimed_until = NULL, "
    f"state = CASE WHEN {_GOES_ON} THEN {_WAITING} ELSE {int(State.SENT)} END, "
    f"due_at = CASE WHEN {_GOES_ON} THEN due_at ELSE NULL END, "
    f"queue = CASE WHEN queue = {int(Queue.ERASE)} THEN queue ELSE {int(Queue.NEW)} END"
)
_NOT_TAKEN = (
    "reason = %s, attempts = 0, claimed_until = NULL, "
    f"state = CASE WHEN {_GOES_ON} THEN {_WAITING} ELSE {_PARKED} END, "
    f"due_at = CASE WHEN {_GOES_ON} THEN due_at ELSE NULL END"
)
_NOT_ERASED = (
    f"reason = %s, attempts = 0, claimed_until = NULL, state = {_PARKED}, due_at = NULL"
)
_LATER = "reason = %s, attempts = attempts + 1, claimed_until = NULL, due_at = %s"
_ERASED = (
    "receipt = %s, erased_at = %s, reason = '', digests = '{}', notes = '[]', "
    f"claimed_until = NULL, state = {int(State.ERASED)}, due_at = NULL"
)
_ALONE = (
    f"queue = CASE WHEN queue = {int(Queue.ERASE)} THEN queue "
    f"ELSE {int(Queue.ALONE)} END"
)


def write(page: Page, answers: Mapping[int, Answer]) -> int:
    """Keep what became of each; returns how many arrived. In a transaction.

    A lead without an answer is tried again.
    """
    nothing = Temporary("Nothing was said about this lead.")
    changes: dict[str, list[bulk.Row]] = {}
    for row in page.rows:
        assignments, values = _change(page, row, answers.get(row.lead_id, nothing))
        changes.setdefault(assignments, []).append((*values, row.pk, row.epoch))
    _lock(page)
    for assignments, rows in changes.items():
        _many(assignments, rows)
    return len(changes.get(_DELIVERED, ()))


def _lock(page: Page) -> None:
    # In the order of leads, as everybody who writes deliveries.
    if connection.vendor == "postgresql":
        rows = Delivery.objects.filter(pk__in=[row.pk for row in page.rows])
        list(rows.order_by("lead_id").select_for_update().values_list("pk"))


def _change(page: Page, row: Delivery, answer: Answer) -> tuple[str, bulk.Row]:
    if isinstance(answer, Temporary):
        if row.attempts + 1 < _MOST_ATTEMPTS:
            return _LATER, (_short(answer), clock.now_ms() + _pause(row, answer))
        answer = Rejected(f"Given up after {_MOST_ATTEMPTS} attempts: {answer}")
    if isinstance(answer, Rejected):
        return (_NOT_ERASED if page.is_erasure else _NOT_TAKEN), (_short(answer),)
    if isinstance(answer, Erased):
        return _ERASED, (answer.answer[:_LONGEST_REASON], clock.now_ms())
    notes = [
        {"column": note.column, "kind": note.kind, "text": note.text}
        for note in answer.notes
    ]
    return _DELIVERED, (
        answer.remote_id,
        json.dumps(dict(answer.digests)),
        json.dumps(notes, ensure_ascii=False),
        clock.now_ms(),
    )


def _pause(row: Delivery, answer: Temporary) -> int:
    if answer.retry_after_s is not None:
        return spread(answer.retry_after_s)
    return wait_ms(row.attempts + 1)


def _short(error: Exception) -> str:
    return str(error)[:_LONGEST_REASON]


def give_back(page: Page) -> None:
    """Nothing of the page was sent: another claims it. In a transaction."""
    _lock(page)
    _many("claimed_until = NULL", [(row.pk, row.epoch) for row in page.rows])


def set_apart(page: Page, error: Temporary) -> None:
    """A page of one failed: from now on that lead holds up no other."""
    write(page, {row.lead_id: error for row in page.rows})
    _many(_ALONE, [(row.pk, row.epoch) for row in page.rows])


def try_those_apart(destination: Destination) -> None:
    """It answers again: what was put off need not wait longer. In a transaction."""
    now = clock.now_ms()
    apart = Delivery.objects.filter(
        destination=destination, queue=Queue.ALONE, due_at__gt=now
    )
    keys = list(apart.order_by("lead_id").values_list("pk", flat=True)[:500])
    if keys:
        Delivery.objects.filter(pk__in=keys).update(due_at=now)


def _many(assignments: str, values: Sequence[bulk.Row]) -> None:
    if not values:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE destinations_delivery SET {assignments} "  # noqa: S608 - ours
            "WHERE id = %s AND epoch = %s",
            values,
        )
