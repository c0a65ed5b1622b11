"""When notices are worked on, and what the door's counts mean."""

from django.utils.translation import gettext as _

from leadferry.alerts import services as alerts
from leadferry.ingest import counting, inbox, latency, queries
from leadferry.ingest.drain import drain
from leadferry.ingest.models import TimesPending
from leadferry.integrations import doctor, examination, forecast
from leadferry.integrations.services import find_integration
from leadferry.jobs import inquiries
from leadferry.jobs.registry import (
    HOUSEKEEPING,
    NEW_LEADS,
    every,
    on_release,
    task,
    watch,
)
from leadferry.jobs.services import kick, stopping

_SUSPICIOUS_REFUSALS = 10
# Together they are counted at less cost, and nobody watches each second of a chart.
_TIMES_SECONDS = 1.0


@task(queue=NEW_LEADS)
def drain_account(ad_account: int) -> None:
    """Fetch and register what the account's notices announce."""
    drain(ad_account)


@watch(seconds=0.1)
def look_for_due_notices() -> None:
    """Kick a drain for each ad account with due notices."""
    for ad_account in inbox.accounts_with_due_notices():
        kick(drain_account, ad_account, key=f"drain-{ad_account}")


@on_release
def release_notices(worker: str) -> None:
    """What a dead worker held is due at once."""
    inbox.release(worker=worker)


@task(queue=HOUSEKEEPING)
def count_times() -> None:
    """Count how long new leads took, batch after batch."""
    while not stopping() and latency.count_pending():
        pass


@watch(seconds=_TIMES_SECONDS)
def look_for_uncounted_times() -> None:
    """Kick the counting where new leads wait for it."""
    if TimesPending.objects.exists():
        kick(count_times, key="count-times")


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


@task(queue=HOUSEKEEPING)
def examine(integration_id: int) -> None:
    """Make every check of an integration and keep what was found."""
    integration = find_integration(integration_id)
    if integration is None:
        return

    def work() -> dict[str, int]:
        found = examination.examine(integration, checked_at=queries.last_challenge())
        doctor.record(integration, found)
        return {"checks": len(found)}

    inquiries.answer(doctor.topic(integration_id), work)


@every(seconds=300)
@task(queue=HOUSEKEEPING)
def examine_what_is_due() -> None:
    """Ask for an examination of each integration once a day."""
    for integration_id in doctor.due():
        topic = doctor.topic(integration_id)
        inquiries.ask_unless_fresh(topic, examine, integration_id, fresh=doctor.PAUSE)


@every(seconds=3600)
@task(queue=HOUSEKEEPING)
def tell_endings() -> None:
    """Tell what will end soon."""
    forecast.tell_endings(checked_at=queries.last_challenge())
