"""When notices are worked on, and what the door's counts mean."""

from django.utils.translation import gettext as _

from leadferry.alerts import services as alerts
from leadferry.ingest import counting, inbox
from leadferry.ingest.drain import drain
from leadferry.jobs.registry import (
    HOUSEKEEPING,
    NEW_LEADS,
    every,
    on_release,
    task,
    watch,
)
from leadferry.jobs.services import kick

_SUSPICIOUS_REFUSALS = 10


@task(queue=NEW_LEADS)
def drain_account(ad_account: int) -> None:
    """Fetch and register what the account's notices announce."""
    drain(ad_account)


@watch
def look_for_due_notices() -> None:
    """Kick a drain for each ad account with due notices."""
    for ad_account in inbox.accounts_with_due_notices():
        kick(drain_account, ad_account, key=f"drain-{ad_account}")


@on_release
def release_notices(worker: str) -> None:
    """What a dead worker held is due at once."""
    inbox.release(worker=worker)


@every(seconds=60)
@task(queue=HOUSEKEEPING)
def judge_refusals() -> None:
    """Many wrong signatures within an hour: the secret here is not LinkedIn's."""
    if counting.within_an_hour(counting.BAD_SIGNATURE) >= _SUSPICIOUS_REFUSALS:
        alerts.tell(
            topic="bad-signatures",
            title=_("Client secret differs?"),
            text=_(
                "Ten or more notices within an hour carried no or a wrong signature. "
                "If LinkedIn sent them, the client secret of the application differs "
                "from the one stored here: compare it in LinkedIn's developer portal "
                "and enter the right one under “Settings”."
            ),
        )
