"""What the set-up of a webhook asks for."""

import ipaddress
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leadferry.destinations.kinds import Kind, Setup, SetupField
from leadferry.destinations.webhook.connector import WebhookConnector

_SHORTEST_SECRET = 16


def _check_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        return _("Enter a whole address, as https://crm.example.com/leads.")
    if parts.scheme == "http" and not _is_near(host):
        return _("Leads are personal data: over the internet only https is allowed.")
    return ""


def _is_near(host: str) -> bool:
    """Whether it is in the own network, as far as its name says."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def _check_secret(secret: str) -> str:
    if len(secret) < _SHORTEST_SECRET:
        return _("At least %d characters, so that nobody can guess it.") % (
            _SHORTEST_SECRET
        )
    return ""


def _connect(setup: Setup) -> WebhookConnector:
    return WebhookConnector(
        address=setup.settings["address"], secret=setup.secrets["secret"]
    )


WEBHOOK = Kind(
    code="webhook",
    caption=gettext_lazy("Webhook"),
    description=gettext_lazy(
        "Leads are posted as signed JSON to an address of your own: a CRM, an "
        "automation service, a program."
    ),
    fields=(
        SetupField(
            code="address",
            caption=gettext_lazy("Address"),
            help=gettext_lazy("Where leads are posted to."),
            check=_check_address,
        ),
        SetupField(
            code="secret",
            caption=gettext_lazy("Secret"),
            help=gettext_lazy(
                "Signs each request, so that the receiver knows who sent it. Any text "
                "that only both sides know."
            ),
            is_secret=True,
            check=_check_secret,
        ),
    ),
    connect=_connect,
)
