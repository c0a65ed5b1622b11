"""Everything that will stop on a date, or may, and the leads that hang on it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadferry.alerts import services as alerts
from leadferry.integrations import remedies
from leadferry.integrations.checks import CHECKED_WITHIN
from leadferry.integrations.models import (
    AdAccountAccess,
    EndingTold,
    Finding,
    Integration,
    LeadForm,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.integrations.sunsets import renews_until, sunset_of
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.leads import counts
from leadferry.leads.counts import By

# A message this many days before.
DAYS_BEFORE = (30, 14, 7, 3, 1)
TOPIC = "ends-"
_DAY_MS = 86_400_000
_COUNTED_DAYS = 30
_ONE_DAY = timedelta(days=1)
# The third check in a row that got no answer blocks the address.
_BLOCKED_AFTER = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Something that ends; `at` is not known of a risk, and past of what has ended."""

    # Names it together with its day: what is renewed is another matter.
    key: str
    title: str
    text: str
    at: datetime | None
    has_ended: bool = False
    # A page of ours: settings, wizard, or doctor of the first integration.
    page: str = "settings"
    integrations: Sequence[Integration] = ()
    leads_per_day: float = 0.0

    @property
    def days_left(self) -> int | None:
        """Whole days until then, a part of one counts; none where no day is known."""
        if self.at is None:
            return None
        return max(0, math.ceil((self.at - clock.now()) / _ONE_DAY))


@dataclass(kw_only=True)
class _Ways:
    """Who reaches which integration, and until when."""

    integrations: list[Integration]
    users: dict[int, LinkedInUser]
    # By integration: the users that were given its ad account.
    reached: dict[int, list[int]] = field(default_factory=dict)

    def good(self, user: LinkedInUser) -> bool:
        """Whether the user's access works now."""
        is_active = user.state == LinkedInUser.State.ACTIVE
        return is_active and _good_until(user) > clock.now()

    def of(self, user: LinkedInUser) -> list[Integration]:
        """The integrations that are reached through the user."""
        return [one for one in self.integrations if user.pk in self.reached[one.pk]]

    def hanging_on(self, user: LinkedInUser) -> list[Integration]:
        """Those for which nobody else's access is good for longer."""
        return [one for one in self.of(user) if not self._outlived(user, one)]

    def _outlived(self, user: LinkedInUser, integration: Integration) -> bool:
        others = (self.users[pk] for pk in self.reached[integration.pk])
        return any(
            other.pk != user.pk
            and self.good(other)
            and (not self.good(user) or _good_until(other) > _good_until(user))
            for other in others
        )


def _good_until(user: LinkedInUser) -> datetime:
    return renews_until(user) or user.expires_at


def endings(*, checked_at: datetime | None) -> list[Ending]:
    """All of them, what ended or ends first on top; what has no day comes last."""
    ways = _ways()
    per_day = leads_per_day(ways.integrations)
    found = [
        *_of_users(ways, per_day),
        *_unreached(ways, per_day),
        *_of_version(ways, per_day),
        *_of_validation(ways, per_day, checked_at),
        *_of_roles(per_day),
        *_single(ways, per_day),
    ]
    return sorted(found, key=_order)


def _order(ending: Ending) -> tuple[bool, bool, float, str]:
    at = ending.at.timestamp() if ending.at is not None else 0.0
    return not ending.has_ended, ending.at is None, at, ending.key


def _ways() -> _Ways:
    rows = list(
        AdAccountAccess.objects.filter(
            ad_account__integration__isnull=False
        ).select_related("user", "ad_account__integration")
    )
    integrations = list(Integration.objects.order_by("name", "pk"))
    ways = _Ways(
        integrations=integrations, users={row.user_id: row.user for row in rows}
    )
    ways.reached = {one.pk: [] for one in integrations}
    for row in rows:
        ways.reached[row.ad_account.integration.pk].append(row.user_id)
    return ways


def leads_per_day(integrations: Sequence[Integration]) -> Mapping[int, float]:
    """The leads of each integration a day, of the last thirty days."""
    now = clock.now_ms()
    spans = [
        (now - (number + 1) * _DAY_MS, now - number * _DAY_MS)
        for number in range(_COUNTED_DAYS)
    ]
    owner = {one.ad_account_id: one.pk for one in integrations}
    forms = LeadForm.objects.filter(ad_account__in=owner)
    of_form = dict(forms.values_list("lookup_value_id", "ad_account_id"))
    total = dict.fromkeys(owner.values(), 0)
    for counted in counts.count_by(By.FORM, spans):
        for value, number in counted.leads.items():
            if value in of_form:
                total[owner[of_form[value]]] += number
    return {pk: number / _COUNTED_DAYS for pk, number in total.items()}


def _sum(integrations: Sequence[Integration], per_day: Mapping[int, float]) -> float:
    return sum(per_day.get(one.pk, 0.0) for one in integrations)


def _of_users(ways: _Ways, per_day: Mapping[int, float]) -> list[Ending]:
    return [_of_user(user, ways, per_day) for user in ways.users.values()]


def _of_user(user: LinkedInUser, ways: _Ways, per_day: Mapping[int, float]) -> Ending:
    has_ended = not ways.good(user)
    renewed = renews_until(user)
    at = _good_until(user)
    hanging = ways.hanging_on(user)
    if has_ended:
        text = _("It has ended: sign in at LinkedIn again.")
    elif renewed is not None:
        text = _("Until then it renews by itself; then sign in at LinkedIn again.")
    else:
        text = _("It does not renew by itself: sign in at LinkedIn again before.")
    is_revoked = user.state == LinkedInUser.State.REVOKED
    return Ending(
        key=f"user-{user.pk}-{at:%Y%m%d}",
        title=_("Access of %s") % user.name,
        text=text,
        # When it was taken back, LinkedIn does not tell.
        at=None if is_revoked else at,
        has_ended=has_ended,
        integrations=hanging,
        leads_per_day=_sum(hanging, per_day),
    )


def _unreached(ways: _Ways, per_day: Mapping[int, float]) -> list[Ending]:
    # Where users are known, their access tells when it ended.
    return [
        Ending(
            key=f"unreached-{one.pk}",
            title=_("Nobody reaches %s") % one.name,
            text=_("Its LinkedIn users were deleted: leads wait at LinkedIn."),
            at=None,
            has_ended=True,
            page="wizard",
            integrations=[one],
            leads_per_day=per_day.get(one.pk, 0.0),
        )
        for one in ways.integrations
        if one.is_on and not ways.reached[one.pk]
    ]


def _of_version(ways: _Ways, per_day: Mapping[int, float]) -> list[Ending]:
    ours = LinkedInApplication.objects.first()
    at = sunset_of(ours.api_version) if ours is not None else None
    if ours is None or at is None or not ways.integrations:
        return []
    return [
        Ending(
            key=f"version-{ours.api_version}-{at:%Y%m%d}",
            title=_("API version %s") % ours.api_version,
            text=_(
                "LinkedIn ends it. Another version that LinkedIn answers to takes "
                "over by itself then; choose one before under “Settings”."
            ),
            at=at,
            has_ended=at <= clock.now(),
            integrations=ways.integrations,
            leads_per_day=_sum(ways.integrations, per_day),
        )
    ]


def _of_validation(
    ways: _Ways, per_day: Mapping[int, float], checked_at: datetime | None
) -> list[Ending]:
    subscribed = [one for one in ways.integrations if one.notification_id]
    if checked_at is None or not subscribed:
        return []
    if clock.now() - checked_at <= CHECKED_WITHIN:
        return []
    at = checked_at + _BLOCKED_AFTER
    return [
        Ending(
            key=f"validation-{at:%Y%m%d}",
            title=_("LinkedIn's check of our address"),
            text=_(
                "LinkedIn has not checked it for long and blocks it after three "
                "failures; leads come by polling meanwhile."
            ),
            at=at,
            has_ended=at <= clock.now(),
            page="doctor",
            integrations=subscribed,
            leads_per_day=_sum(subscribed, per_day),
        )
    ]


def _of_roles(per_day: Mapping[int, float]) -> list[Ending]:
    lost = Finding.objects.filter(
        until=None, reason__in=["lost-role", "no-role"]
    ).select_related("integration")
    return [_of_role(finding, per_day) for finding in lost.order_by("since", "pk")]


def _of_role(finding: Finding, per_day: Mapping[int, float]) -> Ending:
    said = remedies.say_of(finding)
    # Where somebody else still reaches it, nothing stops yet.
    stops = finding.state == Finding.State.BROKEN
    return Ending(
        key=f"role-{finding.pk}",
        title=said.title,
        text=said.text,
        at=finding.since,
        has_ended=True,
        page="doctor",
        integrations=[finding.integration],
        leads_per_day=per_day.get(finding.integration_id, 0.0) if stops else 0.0,
    )


def _single(ways: _Ways, per_day: Mapping[int, float]) -> list[Ending]:
    found = []
    for one in ways.integrations:
        good = [pk for pk in ways.reached[one.pk] if ways.good(ways.users[pk])]
        if len(good) != 1:
            continue
        found.append(
            Ending(
                key=f"single-{one.pk}",
                title=_("One user only"),
                text=_("Only %s reaches the ad account: connect a second user.")
                % ways.users[good[0]].name,
                at=None,
                page="wizard",
                integrations=[one],
                leads_per_day=per_day.get(one.pk, 0.0),
            )
        )
    return found


def tell_endings(*, checked_at: datetime | None) -> int:
    """A message for what ends within some days, once for each; returns how many."""
    told = 0
    for ending in endings(checked_at=checked_at):
        days = _reached(ending)
        if days is not None and _tell(ending, days):
            told += 1
    return told


def _reached(ending: Ending) -> int | None:
    """The nearest of the marks that the days left have come under."""
    if ending.at is None or ending.has_ended:
        return None
    left = ending.at - clock.now()
    reached = [days for days in DAYS_BEFORE if left <= days * _ONE_DAY]
    return min(reached, default=None)


def _tell(ending: Ending, days: int) -> bool:
    with transaction.atomic():
        hold_fence()
        _row, made = EndingTold.objects.get_or_create(
            key=ending.key, days=days, defaults={"told_at": clock.now()}
        )
        if made:
            # In the same transaction: a message that was not sent was not told.
            alerts.tell(
                topic=f"{TOPIC}{days}-{ending.key}",
                title=ngettext(
                    "%(what)s ends within %(days)d day",
                    "%(what)s ends within %(days)d days",
                    days,
                )
                % {"what": ending.title, "days": days},
                text=_message(ending),
            )
    return made


def _message(ending: Ending) -> str:
    names = ", ".join(one.name for one in ending.integrations[:5])
    words = _("On %(day)s. %(text)s At stake: %(names)s, about %(leads)s leads a day.")
    if not names:
        words = _("On %(day)s. %(text)s Others reach the same ad accounts.")
    return words % {
        "day": ending.at.date().isoformat() if ending.at else "",
        "text": ending.text,
        "names": names,
        "leads": f"{ending.leads_per_day:.1f}",
    }
