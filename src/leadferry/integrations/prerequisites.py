"""What must hold before leads can come, each looked at by itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadferry.accounts import settings as system_settings
from leadferry.integrations import clients, connect
from leadferry.integrations.connect import AdAccountOffer
from leadferry.integrations.models import LinkedInApplication, LinkedInUser
from leadferry.integrations.remedies import HELP
from leadferry.jobs import inquiries
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError

TOPIC = "prerequisites"
_AD_ACCOUNT_HELP = f"{HELP}a426102"
_FORMS_HELP = f"{HELP}a427102"
_FIELDS_HELP = f"{HELP}a425337"
_ACCESS_HELP = f"{HELP}a425731"
_PAGE_ROLES_HELP = f"{HELP}a496077"


class Held(StrEnum):
    """How it stands with one prerequisite."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_NEEDED_YET = "not-needed-yet"


@dataclass(frozen=True, kw_only=True)
class Prerequisite:
    """One thing that must hold, how it stands, what to do, where to read more."""

    title: str
    held: Held
    text: str
    links: Sequence[tuple[str, str]] = ()


def look() -> dict[str, Any]:
    """Ask LinkedIn, in the name of each connected user; for a worker."""
    seen: list[AdAccountOffer] = []
    problems: list[str] = []
    forms: dict[str, Any] | None = None
    for user in _active_users():
        try:
            offers = connect.offers(user)
            forms = forms or _first_forms(user, offers)
        except LeadferryError as exc:
            problems.append(f"{user.name}: {exc}")
            continue
        seen += offers
    return {
        "accounts": [offer.name for offer in seen if offer.role],
        "usable": [offer.name for offer in seen if not offer.problem],
        "refused": [f"{o.name}: {o.problem}" for o in seen if o.problem][:5],
        "forms": forms,
        "problems": problems,
    }


def _active_users() -> list[LinkedInUser]:
    users = LinkedInUser.objects.filter(
        state=LinkedInUser.State.ACTIVE, expires_at__gt=clock.now()
    )
    return list(users.order_by("name"))


def _first_forms(
    user: LinkedInUser, offers: Sequence[AdAccountOffer]
) -> dict[str, Any] | None:
    with clients.client_of(user) as client:
        for offer in offers:
            if offer.problem:
                continue
            count = sum(1 for _form in client.lead_forms(offer.account_id))
            if count:
                return {"account": offer.name, "count": count}
    return None


def prerequisites(*, needed: Collection[str] = ()) -> list[Prerequisite]:
    """All of them, as they were when LinkedIn was asked last.

    `needed` are the codes of system settings that a destination waits for.
    """
    return [_application(), *_at_linkedin(), *_identity_server(needed)]


def _application() -> Prerequisite:
    stored = LinkedInApplication.objects.exists()
    inquiry = inquiries.find(connect.APPLICATION_TOPIC)
    title = _("LinkedIn application")
    if not stored:
        text = _("Enter client ID and secret under “Settings”.")
        return Prerequisite(title=title, held=Held.NO, text=text)
    if inquiry is None or inquiry.answered_at is None:
        text = _("Stored. “Test” under “Settings” asks LinkedIn whether it knows it.")
        return Prerequisite(title=title, held=Held.UNKNOWN, text=text)
    if inquiry.problem:
        return Prerequisite(title=title, held=Held.NO, text=inquiry.problem)
    text = _("LinkedIn accepts client ID and secret.")
    return Prerequisite(title=title, held=Held.YES, text=text)


def _at_linkedin() -> list[Prerequisite]:
    inquiry = inquiries.find(TOPIC)
    found = inquiry.answer if inquiry and inquiry.answer else None
    if found is None or not LinkedInUser.objects.exists():
        return _not_looked_yet()
    told = " ".join(found["problems"])
    forms = found["forms"]
    return [
        _prerequisite(
            _("An ad account with lead forms"),
            yes=_count_of_forms(forms) if forms else "",
            no=told or _("None of the ad accounts has a lead form: create one."),
            links=_form_links(),
        ),
        _prerequisite(
            _("A LinkedIn user with access to the ad account"),
            yes=_("Reached: %s.") % _listed(found["accounts"]),
            no=told or _("No connected user has a role in an ad account."),
            links=_access_links(),
            holds=bool(found["accounts"]),
        ),
        _prerequisite(
            _("Super admin or Lead gen forms manager of the company page"),
            yes=_("Leads can be read from %s.") % _listed(found["usable"]),
            no=" ".join([told, *found["refused"]]).strip() or _no_page_role(),
            links=_role_links(),
            holds=bool(found["usable"]),
        ),
    ]


def _not_looked_yet() -> list[Prerequisite]:
    return [
        Prerequisite(title=title, held=Held.UNKNOWN, text=text, links=links)
        for title, text, links in (
            (
                _("An ad account with lead forms"),
                _("Set up in Campaign Manager; looked at once a user is connected."),
                _form_links(),
            ),
            (
                _("A LinkedIn user with access to the ad account"),
                _("Whoever signs in needs a role in the ad account."),
                _access_links(),
            ),
            (
                _("Super admin or Lead gen forms manager of the company page"),
                _no_page_role(),
                _role_links(),
            ),
        )
    ]


def _prerequisite(
    title: str,
    *,
    yes: str,
    no: str,
    links: Sequence[tuple[str, str]],
    holds: bool | None = None,
) -> Prerequisite:
    if bool(yes) if holds is None else holds:
        return Prerequisite(title=title, held=Held.YES, text=yes, links=links)
    return Prerequisite(title=title, held=Held.NO, text=no, links=links)


def _count_of_forms(forms: dict[str, Any]) -> str:
    text = ngettext(
        "%(account)s has %(count)d lead form.",
        "%(account)s has %(count)d lead forms.",
        forms["count"],
    )
    return text % forms


def _no_page_role() -> str:
    return _("Either role on the page of the ad account suffices.")


def _listed(names: Sequence[str]) -> str:
    # Two users may reach the same ad account.
    several = list(dict.fromkeys(names))
    shown = ", ".join(several[:3])
    return f"{shown}, …" if len(several) > 3 else shown


def _form_links() -> list[tuple[str, str]]:
    return [
        (_("Create an ad account"), _AD_ACCOUNT_HELP),
        (_("Create lead gen forms"), _FORMS_HELP),
        (_("Form fields"), _FIELDS_HELP),
    ]


def _access_links() -> list[tuple[str, str]]:
    return [(_("Roles in an ad account"), _ACCESS_HELP)]


def _role_links() -> list[tuple[str, str]]:
    return [(_("Roles on a page"), _PAGE_ROLES_HELP)]


def _identity_server(needed: Collection[str]) -> list[Prerequisite]:
    wanted = {
        system_settings.IDENTITY_SERVER_URL: _("Identity server Url"),
        system_settings.IDENTITY_SERVER_CLIENT_ID: _("Identity server client id"),
        system_settings.IDENTITY_SERVER_CLIENT_SECRET: _(
            "Identity server client secret"
        ),
    }
    return [
        _setting(code, caption, is_needed=code in needed)
        for code, caption in wanted.items()
    ]


def _setting(code: str, caption: str, *, is_needed: bool) -> Prerequisite:
    title = _("System setting “%s”") % caption
    if system_settings.read(code):
        return Prerequisite(title=title, held=Held.YES, text=_("It has a value."))
    if is_needed:
        text = _(
            "Empty, and a Creatio destination waits for it: contact the administrator "
            "or support."
        )
        return Prerequisite(title=title, held=Held.NO, text=text)
    text = _(
        "Empty. Needed as soon as a Creatio destination is on: then contact the "
        "administrator or support."
    )
    return Prerequisite(title=title, held=Held.NOT_NEEDED_YET, text=text)
