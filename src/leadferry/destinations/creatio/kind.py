"""What the set-up of a Creatio asks for."""

import ipaddress

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leadferry.accounts import settings as system_settings
from leadferry.destinations.base import SetupProblem
from leadferry.destinations.creatio.client import tidy_address
from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.kinds import Kind, Setup, SetupField


def _check_address(address: str) -> str:
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL:
        return _no_address()
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        return _no_address()
    if url.scheme == "http" and not _is_near(url.host):
        return _("Leads are personal data: over the internet only https is allowed.")
    return ""


def _is_near(host: str) -> bool:
    """Whether it is in the own network, as far as its name says."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def _check_identity(address: str) -> str:
    return _check_address(address) if address.strip() else ""


def _no_address() -> str:
    return _("Enter a whole address, as https://northlake.creatio.com.")


def _suggest(code: str) -> str:
    return system_settings.read(code)


def _secret_of(client_id: str) -> str:
    """The secret among the system settings, where it is that client's."""
    if client_id != system_settings.read(system_settings.IDENTITY_SERVER_CLIENT_ID):
        return ""
    return system_settings.read(system_settings.IDENTITY_SERVER_CLIENT_SECRET)


def _connect(setup: Setup) -> CreatioConnector:
    client_id = setup.settings.get("client_id", "").strip()
    secret = setup.secrets.get("client_secret") or _secret_of(client_id)
    if not (client_id and secret):
        raise SetupProblem(
            _(
                "The set-up is not complete. Ask your administrator, or support, for "
                "the identity server's client id and client secret."
            ),
            step="client",
        )
    return CreatioConnector(
        key=setup.key,
        address=tidy_address(setup.settings["address"]),
        identity_url=setup.settings.get("identity_url", "").strip(),
        client_id=client_id,
        client_secret=secret,
    )


CREATIO = Kind(
    code="creatio",
    caption=gettext_lazy("Creatio"),
    description=gettext_lazy(
        "Leads are registered in the section Leads of a Creatio, with campaign, ad and "
        "form, and follow what changes here."
    ),
    fields=(
        SetupField(
            code="address",
            caption=gettext_lazy("Address of Creatio"),
            help=gettext_lazy("As in the browser: https://northlake.creatio.com."),
            check=_check_address,
        ),
        SetupField(
            code="client_id",
            caption=gettext_lazy("Identity server client id"),
            help=gettext_lazy(
                "Of the application under System Designer, “OAuth 2.0 integrated "
                "applications”, in Creatio."
            ),
            suggest=lambda: _suggest(system_settings.IDENTITY_SERVER_CLIENT_ID),
        ),
        SetupField(
            code="client_secret",
            caption=gettext_lazy("Identity server client secret"),
            help=gettext_lazy(
                "Empty: that of the system settings, where the client id is theirs, "
                "too."
            ),
            is_secret=True,
            is_required=False,
        ),
        SetupField(
            code="identity_url",
            caption=gettext_lazy("Identity server Url"),
            help=gettext_lazy(
                "Leave it empty: it is found beside the address of Creatio. On site "
                "it may be elsewhere."
            ),
            is_required=False,
            check=_check_identity,
            suggest=lambda: _suggest(system_settings.IDENTITY_SERVER_URL),
        ),
    ),
    connect=_connect,
    pages={
        "creatio-lookups": gettext_lazy("Lookup values"),
        "creatio-columns": gettext_lazy("Columns of Creatio"),
    },
)
