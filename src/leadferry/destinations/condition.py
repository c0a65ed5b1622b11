"""How a destination does: it goes on, is in vain for now, or waits for its set-up.

Each function changes a destination that its caller holds in a transaction.
"""

import logging

from django.utils.translation import gettext as _

from leadferry.alerts import services as alerts
from leadferry.destinations.base import SetupProblem, Temporary
from leadferry.destinations.claims import spread
from leadferry.destinations.models import Destination
from leadferry.kit import clock

logger = logging.getLogger("leadferry.destinations")

LOOK_AGAIN_MS = 60_000
_LONGEST_WAIT_S = 120
# In vain for so long is worth a message.
_TELL_AFTER_MS = 3_600_000
_MINUTE_MS = 60_000
# Of the largest page one lead is left.
_MOST_HALVINGS = 10
# Beginnings of the topics of messages; each ends with the destination's number.
PAUSED, ON_AGAIN, DELAYED = (
    "destination-paused-", "destination-on-", "destination-delayed-",
)  # fmt: skip
State = Destination.State


def note_success(destination: Destination, delivered: int) -> bool:
    """Something was answered; whether it was in vain before."""
    was_in_vain = destination.failures > 0
    if destination.state == State.PAUSED:
        go_on(destination)
    elif was_in_vain:
        destination.reason = ""
    if was_in_vain:
        destination.failures, destination.due_at = 0, 0
        destination.failing_since, destination.is_told = None, False
    destination.halvings = max(0, destination.halvings - 1)
    _count(destination, delivered)
    destination.save()
    return was_in_vain


def _count(destination: Destination, delivered: int) -> None:
    minute = clock.now_ms() // _MINUTE_MS
    if minute != destination.minute:
        follows = minute == destination.minute + 1
        destination.in_minute_before = destination.in_minute if follows else 0
        destination.in_minute, destination.minute = 0, minute
    destination.in_minute += delivered
    destination.delivered += delivered


def note_failure(destination: Destination, error: Temporary) -> None:
    """It was in vain: again a little later, each time after a longer while."""
    now = clock.now_ms()
    destination.failures += 1
    destination.halvings = min(destination.halvings + 1, _MOST_HALVINGS)
    destination.failing_since = destination.failing_since or now
    pause = min(2 ** min(destination.failures - 1, 20), _LONGEST_WAIT_S)
    if error.retry_after_s is not None:
        pause = max(pause, round(error.retry_after_s))
    if destination.state == State.PAUSED:
        destination.due_at = now + LOOK_AGAIN_MS
    else:
        destination.due_at = now + spread(pause)
        destination.reason = str(error)
    if now - destination.failing_since > _TELL_AFTER_MS and not destination.is_told:
        destination.is_told = True
        _tell_of_delay(destination)
    destination.save()


def pause(destination: Destination, problem: SetupProblem) -> None:
    """Nothing is sent until the set-up is mended; the role is told once."""
    is_new = destination.state == State.ON
    if is_new:
        destination.state, destination.since = State.PAUSED, clock.now_ms()
        _tell_of_pause(destination, problem)
        logger.warning("destination paused", extra={"destination": destination.pk})
    if destination.state == State.PAUSED:
        destination.reason, destination.step = str(problem), problem.step
        destination.due_at = clock.now_ms() + spread(LOOK_AGAIN_MS / 1_000)
    destination.save()


def go_on(destination: Destination) -> None:
    """The set-up was mended: it goes on by itself, and the role is told."""
    destination.state, destination.since = State.ON, clock.now_ms()
    destination.reason = destination.step = ""
    destination.failures, destination.due_at = 0, 0
    destination.failing_since, destination.is_told = None, False
    logger.info("destination goes on", extra={"destination": destination.pk})
    alerts.tell(
        topic=f"{ON_AGAIN}{destination.pk}",
        title=_("“%(name)s” takes leads again") % {"name": destination.name},
        text=_(
            "What kept leads from this destination is mended. Those that waited are "
            "sent now; nothing has to be done."
        ),
    )


def _tell_of_pause(destination: Destination, problem: SetupProblem) -> None:
    alerts.tell(
        topic=f"{PAUSED}{destination.pk}",
        title=_("“%(name)s” gets no leads: its set-up has to be mended")
        % {"name": destination.name},
        text=_(
            "%(reason)s Leads wait meanwhile and none is lost. It is looked at again "
            "about once a minute, and goes on by itself once it is mended. “Settings” "
            "of social lead generation → “%(name)s” → “Test connection” shows each "
            "step."
        )
        % {"reason": str(problem), "name": destination.name},
    )


def _tell_of_delay(destination: Destination) -> None:
    alerts.tell(
        topic=f"{DELAYED}{destination.pk}",
        title=_("“%(name)s” has not answered for an hour") % {"name": destination.name},
        text=_(
            "%(reason)s Leads wait meanwhile and none is lost; it is tried again by "
            "itself. Ask those who run that system."
        )
        % {"reason": destination.reason},
    )
