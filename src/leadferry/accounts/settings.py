"""System settings by code, with the value each has until somebody sets it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from leadferry.accounts import audit
from leadferry.accounts.models import SystemSetting, User
from leadferry.kit.errors import RejectedError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

URL_TO_GET_LEADS = "UrlToGetLeads"
NOTICE_ADDRESS_KEY = "NoticeAddressKey"
TIME_ZONE = "TimeZone"
NOTIFICATION_ROLE = "RoleForReceivingNotifications"
IDENTITY_SERVER_URL = "IdentityServerUrl"
IDENTITY_SERVER_CLIENT_ID = "IdentityServerClientId"
IDENTITY_SERVER_CLIENT_SECRET = "IdentityServerClientSecret"  # noqa: S105 - a code
DAYS_TO_SYNC = "LinkedInDaysToSync"
CALLS_PER_DAY = "LinkedInCallsPerDay"
LATENCY_TARGET_SHARE = "LatencyTargetShare"
LATENCY_TARGET_SECONDS = "LatencyTargetSeconds"
DAYS_TO_KEEP_SUBMISSIONS = "DaysToKeepSubmissions"
DAYS_TO_KEEP_NOTICES = "DaysToKeepNotices"
DAYS_TO_KEEP_LOGS = "DaysToKeepLogs"
SMTP_HOST = "SmtpHost"
SMTP_PORT = "SmtpPort"
SMTP_SECURITY = "SmtpSecurity"
SMTP_USER = "SmtpUser"
SMTP_PASSWORD = "SmtpPassword"  # noqa: S105 - a code
SMTP_FROM = "SmtpFrom"


class Kind(StrEnum):
    """How a value is typed, kept and shown."""

    TEXT = "text"
    ADDRESS = "address"
    ZONE = "zone"
    NUMBER = "number"
    SECRET = "secret"  # noqa: S105 - a kind
    # Set on a page of its own, or by the product itself.
    ELSEWHERE = "elsewhere"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Setting:
    """One setting of the catalogue."""

    code: str
    caption: StrOrPromise
    kind: Kind
    default: str = ""
    hint: StrOrPromise = ""
    # Of a number: its bounds, both included.
    least: int = 0
    most: int = 0


CATALOGUE = (
    Setting(URL_TO_GET_LEADS, _("Url to get leads"), Kind.ELSEWHERE),
    # The id of a role; empty: everybody who manages integrations.
    Setting(NOTIFICATION_ROLE, _("Role for receiving notifications"), Kind.ELSEWHERE),
    Setting(NOTICE_ADDRESS_KEY, "", Kind.HIDDEN),
    Setting(TIME_ZONE, _("Time zone"), Kind.ZONE, "UTC"),
    Setting(
        DAYS_TO_SYNC,
        _("Days of earlier leads that can be synchronised"),
        Kind.NUMBER,
        "90",
        hint=_(
            "LinkedIn keeps the leads of ad accounts for 90 days, of other lead "
            "types for up to 365."
        ),
        least=1,
        most=365,
    ),
    Setting(
        CALLS_PER_DAY,
        _("Calls to LinkedIn per day"),
        Kind.NUMBER,
        hint=_(
            "The limit of lead form responses that LinkedIn's developer portal shows "
            "for the application. Empty: learned when LinkedIn refuses more. 30 % of "
            "it is kept for new leads."
        ),
        least=10,
        most=100_000_000,
    ),
    Setting(
        LATENCY_TARGET_SHARE,
        _("Leads registered in time, per cent"),
        Kind.NUMBER,
        "99",
        hint=_(
            "The target on the page “Latency” of the dashboard: so many of 100 leads "
            "are to be registered in time. The others are the error budget."
        ),
        least=50,
        most=99,
    ),
    Setting(
        LATENCY_TARGET_SECONDS,
        _("Leads registered in time: seconds after LinkedIn's notice"),
        Kind.NUMBER,
        "10",
        hint=_("A lead that takes longer counts as slow."),
        least=1,
        most=86_400,
    ),
    Setting(
        DAYS_TO_KEEP_SUBMISSIONS,
        _("Days to keep submissions"),
        Kind.NUMBER,
        "365",
        hint=_(
            "Counted from when it was submitted. The lead stays; a submission that "
            "still waits for somebody, or whose answers are not all on the lead, is "
            "kept longer. Not less than the days that can be synchronised."
        ),
        least=1,
        most=36_500,
    ),
    Setting(
        DAYS_TO_KEEP_NOTICES,
        _("Days to keep notices"),
        Kind.NUMBER,
        "90",
        hint=_(
            "Notices of LinkedIn that are done with, and what the address for notices "
            "counted."
        ),
        least=30,
        most=36_500,
    ),
    Setting(
        DAYS_TO_KEEP_LOGS,
        _("Days to keep logs"),
        Kind.NUMBER,
        "90",
        hint=_(
            "Messages that were read, syncs that ended, what replays changed, times of "
            "leads, sign-ins at LinkedIn, counts of calls, emails that were given up."
        ),
        least=30,
        most=36_500,
    ),
    Setting(IDENTITY_SERVER_URL, _("Identity server Url"), Kind.ADDRESS),
    Setting(IDENTITY_SERVER_CLIENT_ID, _("Identity server client id"), Kind.TEXT),
    Setting(
        IDENTITY_SERVER_CLIENT_SECRET,
        _("Identity server client secret"),
        Kind.SECRET,
    ),
    Setting(SMTP_HOST, _("SMTP server"), Kind.ELSEWHERE),
    Setting(SMTP_PORT, _("SMTP port"), Kind.ELSEWHERE, "587"),
    Setting(SMTP_SECURITY, _("SMTP encryption"), Kind.ELSEWHERE, "starttls"),
    Setting(SMTP_USER, _("SMTP user"), Kind.ELSEWHERE),
    Setting(SMTP_PASSWORD, _("SMTP password"), Kind.SECRET),
    Setting(SMTP_FROM, _("Sender of emails"), Kind.ELSEWHERE),
)
BY_CODE = {setting.code: setting for setting in CATALOGUE}


def read(code: str) -> str:
    """The value of a system setting; its default when nobody set it."""
    stored = SystemSetting.objects.filter(code=code).values_list("value", flat=True)
    value = stored.first()
    if not value:
        return BY_CODE[code].default
    if BY_CODE[code].kind is Kind.SECRET:
        return settings.KEYRING.decrypt(value)
    return value


def days(code: str) -> int:
    """The value of a setting that is a number of days."""
    return int(read(code))


def write(code: str, value: str, *, by: User | None) -> None:
    """Store a value; raises RejectedError for what does not exist or does not go."""
    if code not in BY_CODE:
        raise RejectedError(f"There is no system setting with the code {code}.")
    _check_what_is_kept(code, value or BY_CODE[code].default)
    if value and BY_CODE[code].kind is Kind.SECRET:
        value = settings.KEYRING.encrypt(value)
    SystemSetting.objects.update_or_create(code=code, defaults={"value": value})
    audit.record("setting changed", subject=code, by=by)


def _check_what_is_kept(code: str, value: str) -> None:
    """What a sync would bring back must not have been purged."""
    if code == DAYS_TO_KEEP_SUBMISSIONS and int(value) < days(DAYS_TO_SYNC):
        raise RejectedError(
            _(
                "Leads of the last %d days can be synchronised: submissions must be "
                "kept at least as long."
            )
            % days(DAYS_TO_SYNC)
        )
    if code == DAYS_TO_SYNC and int(value) > days(DAYS_TO_KEEP_SUBMISSIONS):
        raise RejectedError(
            _(
                "Submissions are kept for %d days: what is older cannot be "
                "synchronised. Raise “Days to keep submissions” first."
            )
            % days(DAYS_TO_KEEP_SUBMISSIONS)
        )
