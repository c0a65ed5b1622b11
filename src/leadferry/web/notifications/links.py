"""Where a message leads: the page on which its matter is mended."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage
from leadferry.destinations import condition
from leadferry.integrations import api_versions, clients, doctor, drift, forecast
from leadferry.web.access import MANAGE_INTEGRATIONS

# By the beginning of a topic that ends with a number.
_PAGES = {
    "not-set-up-": ("integration", "integration_id", lazy("Open the integration")),
    drift.TOPIC: ("form-changes", "form_id", lazy("See what changed")),
    "sync-": ("sync-run", "run_id", lazy("Open the sync")),
    doctor.TOPIC: ("doctor", "integration_id", lazy("Open the doctor")),
    "gap-": ("completeness", "integration_id", lazy("Open Completeness")),
    "polling-": ("where", "integration_id", lazy("See how new leads come")),
    **{
        topic: ("destination", "destination_id", lazy("Open the destination"))
        for topic in (condition.PAUSED, condition.ON_AGAIN, condition.DELAYED)
    },
}
# Beginnings of topics whose matter is seen to under "Settings".
_ABOUT_SETTINGS = (
    "not-subscribed", "bad-signatures", "door-silent", "refused-", "subscription-left-",
    clients.TOPIC, api_versions.TOPIC,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A message with the page that helps, if there is one."""

    message: SystemMessage
    href: str
    caption: str
    # The LinkedIn user whose access is restored from here.
    restores: int | None = None


def with_links(person: User, messages: Sequence[SystemMessage]) -> list[Linked]:
    """The messages, each with the page that the person may open to mend its matter."""
    may = person.has_perm(MANAGE_INTEGRATIONS)
    return [_linked(message, may=may) for message in messages]


def _linked(message: SystemMessage, *, may: bool) -> Linked:
    href, caption = _place(message.topic) if may else ("", "")
    restores = _whose_access(message.topic) if may else None
    return Linked(message=message, href=href, caption=caption, restores=restores)


def _whose_access(topic: str) -> int | None:
    name, dash, number = topic.rpartition("-")
    is_of_user = f"{name}{dash}" == clients.TOPIC and number.isdecimal()
    return int(number) if is_of_user else None


def _place(topic: str) -> tuple[str, str]:
    name, dash, number = topic.rpartition("-")
    page = _PAGES.get(f"{name}{dash}")
    if page is not None and number.isdecimal():
        address, argument, caption = page
        return reverse(address, kwargs={argument: int(number)}), str(caption)
    if topic.startswith(forecast.TOPIC):
        return reverse("connections"), _("See what ends when")
    if topic == "answers-waiting":
        return reverse("answers"), _("Open Answers")
    if topic.startswith(_ABOUT_SETTINGS):
        return reverse("social-settings"), _("Open Settings")
    return "", ""
