"""System settings by code, with the value each has until somebody sets it."""

from leadferry.accounts import audit
from leadferry.accounts.models import SystemSetting, User
from leadferry.kit.errors import RejectedError

URL_TO_GET_LEADS = "UrlToGetLeads"
NOTICE_ADDRESS_KEY = "NoticeAddressKey"
TIME_ZONE = "TimeZone"
NOTIFICATION_ROLE = "RoleForReceivingNotifications"

DEFAULTS = {
    URL_TO_GET_LEADS: "",
    NOTICE_ADDRESS_KEY: "",
    TIME_ZONE: "UTC",
    # The id of a role; empty: everybody who manages integrations.
    NOTIFICATION_ROLE: "",
}


def read(code: str) -> str:
    """The value of a system setting; its default when nobody set it."""
    stored = SystemSetting.objects.filter(code=code).values_list("value", flat=True)
    return stored.first() or DEFAULTS[code]


def write(code: str, value: str, *, by: User | None) -> None:
    """Store a value; raises RejectedError for a code that does not exist."""
    if code not in DEFAULTS:
        raise RejectedError(f"There is no system setting with the code {code}.")
    SystemSetting.objects.update_or_create(code=code, defaults={"value": value})
    audit.record("setting changed", subject=code, by=by)
