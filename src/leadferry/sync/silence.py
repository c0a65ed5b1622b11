"""LinkedIn blocks an address without a word: it is noticed by what does not come.

LinkedIn checks a webhook about every two hours and blocks it after three failures;
then neither checks nor notices come, until the subscription is made again.
"""

from django.utils.translation import gettext as _

from leadferry.accounts import settings as system_settings
from leadferry.alerts import services as alerts
from leadferry.ingest import queries as ingest
from leadferry.ingest.models import Notice
from leadferry.integrations import services, subscriptions
from leadferry.integrations.models import Integration
from leadferry.kit import clock
from leadferry.sync.models import Polling

_HOUR_MS = 3_600_000
# Three checks and a little more.
_UNCHECKED_MS = 7 * _HOUR_MS
_UNNOTIFIED_MS = _HOUR_MS


def look_for_silence() -> None:
    """Subscriptions that seem blocked are made again, and the role is told."""
    if not system_settings.read(system_settings.URL_TO_GET_LEADS):
        return
    subscribed = Integration.objects.filter(
        notification_url=services.notices_url(), renews_subscription=False
    )
    checked = ingest.last_challenge()
    checked_ms = int(checked.timestamp() * 1000) if checked is not None else 0
    silent = [one for one in subscribed if _is_silent(one, checked_ms)]
    for integration in silent:
        subscriptions.renew(integration)
    if silent:
        _tell([one.name for one in silent])


def _is_silent(integration: Integration, checked_ms: int) -> bool:
    now = clock.now_ms()
    if now - max(checked_ms, integration.subscribed_at) > _UNCHECKED_MS:
        return True
    return _is_unnotified(integration, now)


def _is_unnotified(integration: Integration, now: int) -> bool:
    """Whether polling brought an unannounced lead, and no notice came ever since."""
    polling = Polling.objects.filter(integration=integration).first()
    missed_at = polling.missed_at if polling is not None else None
    if missed_at is None or missed_at < integration.subscribed_at:
        return False
    if now - missed_at < _UNNOTIFIED_MS:
        return False
    account = integration.ad_account.account_id
    since = Notice.objects.filter(ad_account=account, received_at__gt=missed_at)
    # Waiting ones and those that are over each have an index.
    return not (
        since.filter(state=Notice.State.PENDING).exists()
        or since.filter(state__gt=Notice.State.PENDING).exists()
    )


def _tell(names: list[str]) -> None:
    alerts.tell(
        topic="door-silent",
        title=_("LinkedIn may have blocked the webhook address"),
        text=_(
            "%(names)s: LinkedIn has not checked the address for more than six hours, "
            "or sends no notices any more. It does so after three failed checks. The "
            "subscriptions are made again by themselves; new leads are looked for "
            "meanwhile. If this comes again, see that the address can be reached from "
            "the internet and answers within three seconds, then press “Subscribe "
            "again” under “Settings”."
        )
        % {"names": ", ".join(names[:10])},
    )
