"""LinkedIn's notices: subscribed, looked up each day, moved, made anew."""

import contextlib
import logging

from django.db import transaction
from django.db.models import F, Q, QuerySet

from leadferry.accounts import audit
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.integrations import access, clients
from leadferry.integrations.models import EndedSubscription, Integration
from leadferry.integrations.services import notices_url
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError
from leadferry.linkedin.client import LinkedInClient
from leadferry.linkedin.errors import ChallengeFailed, NotFound

logger = logging.getLogger("leadferry.integrations")

_AGAIN_MS, _AGAIN_MOST_MS = 600_000, 4 * 3_600_000
_LOOKED_UP_MS = 86_400_000


def subscribe(integration: Integration) -> str:
    """LinkedIn notifies the door of this account's leads; returns the subscription id.

    The new subscription is made first, what we had before goes after.
    """
    return access.as_any_user(
        integration.ad_account.account_id,
        lambda client, _user: _Subscribing(integration, client).run(),
    )


class _Subscribing:
    """One look at the subscriptions of an ad account, and what it takes."""

    def __init__(self, integration: Integration, client: LinkedInClient) -> None:
        self._integration = integration
        self._client = client
        self._account = integration.ad_account.account_id
        self._url = notices_url()

    def run(self) -> str:
        """Returns the id of the one subscription that is left."""
        held = list(self._client.notifications(self._account))
        ours = [str(row.id) for row in held if row.webhook == self._url]
        if self._integration.renews_subscription:
            # LinkedIn takes no second one for an address: the old one goes first.
            for old in ours:
                remove(self._client, old)
            ours = []
        kept = ours[0] if ours else self._make()
        self._store(kept, is_new=not ours)
        for row in held:
            if str(row.id) != kept and self._is_ours(row.webhook):
                self._drop(str(row.id))
        return kept

    def _make(self) -> str:
        try:
            return self._client.create_notification(self._account, webhook=self._url)
        except ChallengeFailed:
            # Somebody else of us may have been quicker.
            rows = self._client.notifications(self._account)
            made = next((str(row.id) for row in rows if row.webhook == self._url), None)
            if made is None:
                raise
            return made

    @transaction.atomic
    def _store(self, kept: str, *, is_new: bool) -> None:
        integration, now = self._integration, clock.now_ms()
        values: dict[str, object] = {
            "notification_id": kept,
            "notification_url": self._url,
            "subscription_seen_at": now,
            "subscribe_due_at": 0,
            "subscribe_attempts": 0,
            "subscribe_problem": "",
            "renews_subscription": False,
        }
        if is_new:
            values["subscribed_at"] = now
        if not Integration.objects.filter(pk=integration.pk).update(**values):
            end(self._account, kept, name=integration.name)
            return
        # It may be the one of an integration that was deleted before.
        EndedSubscription.objects.filter(notification_id=kept).delete()
        if is_new or integration.notification_url != self._url:
            audit.record("subscribed", subject=str(integration.pk), by=None)

    def _is_ours(self, webhook: str) -> bool:
        key = self._url.rpartition("/")[2]
        held = self._integration.notification_url
        return webhook == held or webhook.endswith(f"/{key}")

    def _drop(self, notification_id: str) -> None:
        try:
            remove(self._client, notification_id)
        except LeadferryError:
            # Until then it brings a second copy of each notice, which is left out.
            logger.warning("old subscription waits", extra={"id": notification_id})
            end(self._account, notification_id, name=self._integration.name)


def remove(client: LinkedInClient, notification_id: str) -> None:
    """It is gone at LinkedIn, by us or before."""
    with contextlib.suppress(NotFound):
        client.delete_notification(notification_id)


def end(ad_account: int, notification_id: str, *, name: str) -> None:
    """A worker removes the subscription at LinkedIn."""
    EndedSubscription.objects.get_or_create(
        notification_id=notification_id,
        defaults={"ad_account": ad_account, "name": name},
    )


def keep_all() -> list[str]:
    """Subscribe what is not, and look each one up once a day; returns problems.

    What LinkedIn refused is asked for less and less often: polling brings the leads.
    """
    problems = []
    for integration in _due().select_related("ad_account"):
        try:
            subscribe(integration)
        except LeadferryError as exc:
            _ask_later(integration, exc)
            if clients.in_line(integration.ad_account.account_id):
                # That nobody reaches the ad account is told where leads are read.
                problems.append(f"{integration.name}: {exc}")
    return problems


def _due() -> QuerySet[Integration]:
    now = clock.now_ms()
    wanted = (
        ~Q(notification_url=notices_url())
        | Q(renews_subscription=True)
        | Q(subscription_seen_at__lte=now - _LOOKED_UP_MS)
    )
    return Integration.objects.filter(wanted, subscribe_due_at__lte=now)


def _ask_later(integration: Integration, error: LeadferryError) -> None:
    wait = min(_AGAIN_MS * 2**integration.subscribe_attempts, _AGAIN_MOST_MS)
    Integration.objects.filter(pk=integration.pk).update(
        subscribe_due_at=clock.now_ms() + wait,
        subscribe_attempts=F("subscribe_attempts") + 1,
        subscribe_problem=str(error)[:500],
    )


def renew_all(*, by: User | None) -> None:
    """Every subscription is removed and made again; LinkedIn checks each then."""
    _renew(Integration.objects.all())
    audit.record("subscriptions renewed", subject="all", by=by)


def renew(integration: Integration) -> None:
    """The same for one integration."""
    _renew(Integration.objects.filter(pk=integration.pk))
    audit.record("subscription renewed", subject=str(integration.pk), by=None)


def _renew(integrations: QuerySet[Integration]) -> None:
    integrations.update(
        renews_subscription=True,
        subscribe_due_at=0,
        subscribe_attempts=0,
        subscribe_problem="",
    )


def waiting() -> QuerySet[Integration]:
    """Integrations of which LinkedIn does not notify the present address (yet)."""
    if not system_settings.read(system_settings.URL_TO_GET_LEADS):
        return Integration.objects.none()
    lacking = ~Q(notification_url=notices_url()) | Q(renews_subscription=True)
    return Integration.objects.filter(lacking).order_by("name", "pk")
