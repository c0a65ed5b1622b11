"""Sending what is due to a destination until nothing is, one page after another."""

import logging
from collections.abc import Callable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.destinations import claims, condition, registry
from leadferry.destinations.base import (
    Connector,
    Erased,
    Rejected,
    SetupProblem,
    Temporary,
)
from leadferry.destinations.claims import Answer, Page
from leadferry.destinations.models import Delivery, Destination
from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock

logger = logging.getLogger("leadferry.destinations")

State = Destination.State
# Pages of a destination that are on their way at once.
LANES = 2
# Then other destinations have their turn.
_TURN_SECONDS = 10


def due_destinations() -> list[int]:
    """Those that a worker should work on now."""
    now = clock.now_ms()
    ready = Destination.objects.filter(
        state__in=(State.ON, State.PAUSED), due_at__lte=now
    ).defer("secrets")
    return [
        one.pk for one in ready if one.state == State.PAUSED or has_due(one, now=now)
    ]


def has_due(destination: Destination, *, now: int) -> bool:
    """Whether a delivery waits that nobody is at."""
    due = Delivery.objects.filter(
        # Each of them, so that the index leads straight to what is due.
        destination=destination, queue__in=Delivery.Queue.values, due_at__lte=now
    )  # fmt: skip
    return due.exclude(claimed_until__gt=now).exists()


def work_on(destination_id: int, *, more: Callable[[], None] | None = None) -> None:
    """Send what is due for a while; `more` is called when there is work for another."""
    line = _Line(destination_id)
    until = clock.monotonic() + _TURN_SECONDS
    try:
        while not jobs.stopping() and line.send_page():
            if clock.monotonic() > until:
                return
            if line.was_full and more is not None:
                more()
                more = None
    except (Fenced, Destination.DoesNotExist):
        logger.info("left to others", extra={"destination": destination_id})
    finally:
        line.hang_up()


class _Line:
    """The line to a destination, kept open as long as its set-up stays the same."""

    def __init__(self, destination_id: int) -> None:
        self._id = destination_id
        self._connector: Connector | None = None
        self._revision = 0
        self.was_full = False

    def hang_up(self) -> None:
        """Let go of the connector."""
        if self._connector is not None:
            self._connector.close()
            self._connector = None

    def send_page(self) -> bool:
        """Send what is due next; false where nothing is, or nothing can be sent."""
        found = Destination.objects.filter(pk=self._id)
        destination = found.defer("secrets").first()
        if destination is None or not _is_ready(destination):
            return False
        page: Page | None = None
        try:
            connector = self._connect(destination)
            limit = _limit(destination, connector)
            page = claims.claim(destination, connector, limit=limit)
            if page is None:
                return self._look_again(destination, connector)
            self.was_full = len(page.rows) == connector.page_size
            with claims.held(page.rows):
                answers = _hand_over(connector, page)
        except Temporary as exc:
            return self._note_failure(page, exc)
        except SetupProblem as exc:
            return self._note_problem(page, exc)
        except Fenced:
            raise
        except Exception as exc:
            logger.exception("sending failed", extra={"destination": self._id})
            own = _("Leadferry failed at it (%(error)s); the log says more.")
            name = {"error": type(exc).__name__}
            return self._note_failure(page, Temporary(own % name))
        self._note_answers(page, answers)
        return True

    def _connect(self, destination: Destination) -> Connector:
        if self._connector is None or self._revision != destination.revision:
            self.hang_up()
            self._connector = registry.connect(destination)
            self._revision = destination.revision
        return self._connector

    def _look_again(self, destination: Destination, connector: Connector) -> bool:
        """Nothing is due; where it waits for its set-up, find out whether it may."""
        if destination.state != State.PAUSED:
            return False
        for step in connector.examine(writing=False):
            if step.ok is False:
                raise SetupProblem(step.message, step=step.code)
        with transaction.atomic():
            condition.note_success(self._held(), 0)
        return False

    def _held(self) -> Destination:
        """The destination, held until the end of the transaction."""
        jobs.hold_fence()
        rows = Destination.objects.select_for_update().defer("secrets")
        return rows.get(pk=self._id)

    def _note_answers(self, page: Page, answers: Mapping[int, Answer]) -> None:
        with transaction.atomic():
            destination = self._held()
            delivered = claims.write(page, answers)
            was_in_vain = condition.note_success(destination, delivered)
            is_apart = page.rows[0].queue == Delivery.Queue.ALONE
            if was_in_vain or (is_apart and delivered):
                claims.try_those_apart(destination)

    def _note_failure(self, page: Page | None, error: Temporary) -> bool:
        with transaction.atomic():
            destination = self._held()
            if page is not None and len(page.rows) == 1 and not error.retry_after_s:
                claims.set_apart(page, error)
            elif page is not None:
                claims.give_back(page)
            is_apart = page is not None and page.rows[0].queue == Delivery.Queue.ALONE
            if not is_apart or error.retry_after_s:
                condition.note_failure(destination, error)
        # One that is apart says nothing about the others.
        return is_apart

    def _note_problem(self, page: Page | None, problem: SetupProblem) -> bool:
        with transaction.atomic():
            destination = self._held()
            if page is not None:
                claims.give_back(page)
            condition.pause(destination, problem)
        return False


def _is_ready(destination: Destination) -> bool:
    is_working = destination.state in {State.ON, State.PAUSED}
    return is_working and destination.due_at <= clock.now_ms()


def _limit(destination: Destination, connector: Connector) -> int:
    """A single lead tells whether a set-up is mended; halves tell what is in vain."""
    if destination.state == State.PAUSED:
        return 1
    return max(1, connector.page_size >> destination.halvings)


def _hand_over(connector: Connector, page: Page) -> Mapping[int, Answer]:
    if not page.is_erasure:
        return connector.send(list(page.parcels.values()))
    names = {row.lead_id: row.remote_id or row.expected_id for row in page.rows}
    answers: Mapping[str, Erased | Rejected | Temporary] = connector.erase(
        list(names.values())
    )
    return {lead: answers[name] for lead, name in names.items() if name in answers}
