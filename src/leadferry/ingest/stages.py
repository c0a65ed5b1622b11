"""The stages of a lead's way, named in one place, and how long each of them took."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from leadferry.leads.models import CameBy


class Moment(models.TextChoices):
    """What happens to a lead on its way."""

    SUBMITTED = "submitted", _("Submitted at LinkedIn")
    NOTIFIED = "notified", _("LinkedIn's notice arrived")
    STORED = "stored", _("Fetched and stored")
    REGISTERED = "registered", _("Registered")


class Stage(models.IntegerChoices):
    """From one moment to another; the numbers are stored."""

    SUBMITTED_NOTIFIED = 1, _("LinkedIn's part: submitted → notified")
    NOTIFIED_STORED = 2, _("Notified → fetched and stored")
    STORED_REGISTERED = 3, _("Stored → registered")
    NOTIFIED_REGISTERED = 4, _("Our part: notified → registered")
    SUBMITTED_REGISTERED = 5, _("The whole way: submitted → registered")
    POLLED = 6, _("By polling: submitted → registered")


LINKEDINS, OURS = Stage.SUBMITTED_NOTIFIED, Stage.NOTIFIED_REGISTERED


@dataclass(frozen=True)
class _Ends:
    since: Moment
    until: Moment
    came_by: tuple[CameBy, ...] = (CameBy.NOTICE, CameBy.POLLING)


_ENDS = {
    Stage.SUBMITTED_NOTIFIED: _Ends(Moment.SUBMITTED, Moment.NOTIFIED),
    Stage.NOTIFIED_STORED: _Ends(Moment.NOTIFIED, Moment.STORED),
    Stage.STORED_REGISTERED: _Ends(Moment.STORED, Moment.REGISTERED),
    Stage.NOTIFIED_REGISTERED: _Ends(Moment.NOTIFIED, Moment.REGISTERED),
    Stage.SUBMITTED_REGISTERED: _Ends(
        Moment.SUBMITTED, Moment.REGISTERED, (CameBy.NOTICE,)
    ),
    Stage.POLLED: _Ends(Moment.SUBMITTED, Moment.REGISTERED, (CameBy.POLLING,)),
}


def moments_of(
    *,
    submitted: int,
    notified: int | None,
    stored: int | None,
    registered: int,
    came_by: int | None,
) -> dict[Moment, int]:
    """What is known of a lead's way, in milliseconds since 1970, UTC."""
    moments = {Moment.SUBMITTED: submitted, Moment.REGISTERED: registered}
    if stored is not None:
        moments[Moment.STORED] = stored
    # Polling may be quicker than the notice: then nobody waited for us.
    is_told = came_by == CameBy.NOTICE or (notified or 0) <= registered
    if notified is not None and is_told:
        moments[Moment.NOTIFIED] = notified
    return {moment: moments[moment] for moment in Moment if moment in moments}


def durations(moments: Mapping[Moment, int], came_by: CameBy) -> dict[Stage, int]:
    """Milliseconds of each stage whose both ends are known, of a new lead."""
    return {
        stage: max(0, moments[ends.until] - moments[ends.since])
        for stage, ends in _ENDS.items()
        if came_by in ends.came_by and {ends.since, ends.until} <= moments.keys()
    }
