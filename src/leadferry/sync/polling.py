"""New leads without being told of them: the way in with no door, and its net."""

import logging

from django.db.models import Max, Min
from django.utils.translation import gettext as _

from leadferry.accounts import settings as system_settings
from leadferry.alerts import services as alerts
from leadferry.ingest import queries as ingest
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.identity import identity_of
from leadferry.ingest.import_page import PageOutcome, import_page
from leadferry.ingest.models import Notice
from leadferry.ingest.prepare import prepare
from leadferry.ingest.retry import wait_seconds
from leadferry.integrations import access, calls, clients, services
from leadferry.integrations.models import (
    Integration,
    LinkedInUser,
    RegistrationWindow,
)
from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, SetupError, TemporaryError
from leadferry.leads.models import CameBy
from leadferry.linkedin.client import RESPONSE_FIELDS
from leadferry.linkedin.errors import MissingRight, TokenDead
from leadferry.linkedin.walk import Mark
from leadferry.sync.models import Polling
from leadferry.sync.rhythm import BEHIND_THE_DOOR_MS, next_poll_ms
from leadferry.sync.services import start_gap

logger = logging.getLogger("leadferry.sync")

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
# LinkedIn's clock may differ from ours, and a lead may show up a little late.
_OVERLAP_MS = 10 * _MINUTE_MS
_SWEEP_MS, _SWEPT_BACK_MS = _HOUR_MS, 2 * _HOUR_MS
_AHEAD_MS = _HOUR_MS
# A longer rest is handed to a run: it keeps its marks.
_MOST_PAGES = 10
# LinkedIn checks the door's address every two hours, and blocks it after three.
_CHECKED_WITHIN_MS = 5 * _HOUR_MS
_DOUBTED_MS = 6 * _HOUR_MS
_NOTICE_DUE_MS = 60_000
_SETUP_WAIT_SECONDS = 300.0
_LONGEST_WAIT_SECONDS = 900.0
_OWN_FAULT_WAIT_SECONDS = 60.0


def due_pollings() -> list[int]:
    """The integrations that should be polled now."""
    due = Polling.objects.filter(due_at__lte=clock.now_ms())
    return list(due.values_list("integration_id", flat=True))


def look_for_new_integrations() -> None:
    """Each integration is polled, from when it was made."""
    for integration in Integration.objects.filter(polling=None):
        made = int(integration.created_at.timestamp() * 1000)
        Polling.objects.get_or_create(
            integration=integration,
            defaults={"high_water": made, "last_lead_at": clock.now_ms()},
        )


def poll(integration_id: int) -> None:
    """Read what was submitted since the last time; register what was on."""
    polling = (
        Polling.objects.select_related("integration__ad_account")
        .filter(integration=integration_id, due_at__lte=clock.now_ms())
        .first()
    )
    if polling is None:
        return
    if _is_settled(polling):
        _schedule(polling, seconds=BEHIND_THE_DOOR_MS / 1000)
        return
    user = None
    try:
        account = polling.integration.ad_account.account_id
        user = clients.user_for(account)
        _Poll(polling, user).run()
        access.note_success(user, account)
    except Fenced:
        logger.info("poll left", extra={"integration": integration_id})
    except LeadferryError as exc:
        _put_off(polling, user, exc)
    except Exception:
        _schedule(polling, seconds=_OWN_FAULT_WAIT_SECONDS)
        raise


def _is_settled(polling: Polling) -> bool:
    """Whether it is switched off, and all of the time before was read."""
    windows = RegistrationWindow.objects.filter(integration=polling.integration)
    if windows.filter(on_until=None).exists():
        return False
    last: int | None = windows.aggregate(last=Max("on_until"))["last"]
    return last is None or polling.high_water > last + _OVERLAP_MS


def door_works(integration: Integration, *, missed_at: int | None) -> bool:
    """Whether notices can be relied on: subscribed, checked lately, none missed."""
    if not system_settings.read(system_settings.URL_TO_GET_LEADS):
        return False
    if integration.notification_url != services.notices_url():
        return False
    if integration.renews_subscription:
        return False
    now = clock.now_ms()
    if missed_at is not None and now - missed_at < _DOUBTED_MS:
        return False
    checked = ingest.last_challenge()
    if checked is None:
        return False
    return now - int(checked.timestamp() * 1000) < _CHECKED_WITHIN_MS


class _Poll:
    """One poll of one integration."""

    def __init__(self, polling: Polling, user: LinkedInUser) -> None:
        self._polling = polling
        self._integration = polling.integration
        self._user = user
        self._now = clock.now_ms()
        self._is_sweep = self._now - polling.swept_at >= _SWEEP_MS
        self._pages = 0
        self._registered = 0
        self._missed = False

    def run(self) -> None:
        """Read, register, and move the mark once all of it is done."""
        back = _SWEPT_BACK_MS if self._is_sweep else _OVERLAP_MS
        start = max(self._polling.high_water - back, self._set_up() - _OVERLAP_MS, 0)
        mark = Mark(start, self._now + _AHEAD_MS)
        with clients.client_of(self._user) as client:
            try:
                while not mark.is_done and self._pages < _MOST_PAGES:
                    if jobs.stopping():
                        return
                    mark, fresh = client.next_responses(
                        self._integration.ad_account.account_id,
                        mark,
                        fields=RESPONSE_FIELDS,
                        # Each hour a sweep does without.
                        trusts_total=not self._is_sweep,
                    )
                    self._pages += 1
                    page = ResponsePage(
                        integration=self._integration,
                        elements=[one.raw for one in fresh],
                        came_by=CameBy.POLLING,
                    )
                    prepare(page, client=client)
                    self._note(page, import_page(page))
            finally:
                calls.note_calls(self._user, client.take_calls())
        if not mark.is_done:
            start_gap(self._integration, start=mark.start, end=mark.end)
        self._finish()

    def _set_up(self) -> int:
        windows = RegistrationWindow.objects.filter(integration=self._integration)
        first: int | None = windows.aggregate(first=Min("on_from"))["first"]
        return first or 0

    def _note(self, page: ResponsePage, outcome: PageOutcome) -> None:
        born = outcome.outcome.registered
        self._registered += len(born)
        if not born or self._polling.polled_at is None:
            return
        late = [
            response.id
            for response in page.responses
            if response.submitted_at < self._now - _NOTICE_DUE_MS
            and identity_of(response.id)[0] in born
        ]
        announced = Notice.objects.filter(response_id__in=late)
        if len(set(announced.values_list("response_id", flat=True))) < len(late):
            self._missed = True

    def _finish(self) -> None:
        polling = self._polling
        values: dict[str, object] = {
            "high_water": self._now,
            "polled_at": self._now,
            "attempts": 0,
            "reason": "",
        }
        if self._is_sweep:
            values["swept_at"] = self._now
        if self._registered:
            values["last_lead_at"] = polling.last_lead_at = self._now
        if self._missed:
            values["missed_at"] = polling.missed_at = self._now
        wait = next_poll_ms(
            quiet_ms=self._now - polling.last_lead_at,
            door_works=door_works(self._integration, missed_at=polling.missed_at),
            pages=self._pages,
            calls_per_day=calls.allowed_per_day(self._user, calls.RESPONSES),
        )
        # Only from where this poll began: another one may have been quicker.
        Polling.objects.filter(pk=polling.pk, high_water=polling.high_water).update(
            due_at=clock.now_ms() + wait, **values
        )


def _schedule(polling: Polling, *, seconds: float) -> None:
    Polling.objects.filter(pk=polling.pk).update(
        due_at=clock.now_ms() + int(seconds * 1000)
    )


def _put_off(
    polling: Polling, user: LinkedInUser | None, error: LeadferryError
) -> None:
    wait = wait_seconds(polling.attempts + 1)
    if isinstance(error, (TokenDead, MissingRight)) and user is not None:
        account = polling.integration.ad_account.account_id
        error = access.note_refusal(user, account, error)
        if access.has_another(account, but=user):
            _schedule(polling, seconds=0)
            return
    if isinstance(error, SetupError) and not isinstance(error, TokenDead):
        wait = max(wait, _SETUP_WAIT_SECONDS)
        alerts.tell(
            topic=f"polling-{polling.integration_id}",
            title=_("New leads cannot be looked for"),
            text=_(
                "%(name)s: %(why)s Nothing is lost: what was submitted meanwhile is "
                "read once that is mended."
            )
            % {"name": polling.integration.name, "why": error},
        )
    elif isinstance(error, TemporaryError) and error.retry_after is not None:
        wait = error.retry_after
    logger.warning(
        "not polled",
        extra={"integration": polling.integration_id, "why": type(error).__name__},
    )
    Polling.objects.filter(pk=polling.pk).update(
        due_at=clock.now_ms() + int(min(wait, _LONGEST_WAIT_SECONDS) * 1000),
        attempts=polling.attempts + 1,
        reason=str(error)[:500],
    )
