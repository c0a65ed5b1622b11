"""The steps from a fresh instance to the first lead, each looked at for real."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from leadferry.accounts import settings as system_settings
from leadferry.integrations import connect
from leadferry.integrations.models import (
    Integration,
    LeadForm,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.jobs import inquiries
from leadferry.kit import clock
from leadferry.leads import queries as leads


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """One step: whether it is done, what was seen or is to be done, and where."""

    title: str
    is_done: bool
    text: str
    href: str = ""
    caption: str = ""


def first_steps() -> list[FirstStep]:
    """All steps in their order."""
    return [_application(), _address(), _user(), _integration(), _notices(), _lead()]


def _application() -> FirstStep:
    asked = inquiries.find(connect.APPLICATION_TOPIC)
    stored = LinkedInApplication.objects.first()
    accepted = bool(
        stored
        and asked
        and asked.answered_at
        and not asked.problem
        and asked.answer.get("client_id") == stored.client_id
    )
    if accepted:
        text = _("LinkedIn accepts client ID and secret.")
    elif asked and asked.problem:
        text = asked.problem
    elif stored:
        text = _("Stored; LinkedIn has not been asked yet whether it knows it.")
    else:
        text = _("Enter client ID and secret of your LinkedIn application.")
    return _step(_("LinkedIn application"), text, is_done=accepted)


def _address() -> FirstStep:
    url = system_settings.read(system_settings.URL_TO_GET_LEADS)
    text = url or _("The address at which LinkedIn delivers to this instance.")
    return _step(_("Url to get leads"), text, is_done=bool(url))


def _user() -> FirstStep:
    users = LinkedInUser.objects.filter(
        state=LinkedInUser.State.ACTIVE, expires_at__gt=clock.now()
    )
    names = ", ".join(users.order_by("name").values_list("name", flat=True)[:3])
    text = names or _("Somebody with access to the ad account signs in at LinkedIn.")
    return FirstStep(
        title=_("LinkedIn user"), is_done=bool(names), text=text,
        href=reverse("wizard-user"), caption=_("Sign in at LinkedIn"),
    )  # fmt: skip


def _integration() -> FirstStep:
    count = LeadForm.objects.filter(ad_account__integration__isnull=False).count()
    first = Integration.objects.order_by("pk").first()
    if first is None:
        text = _("“New” makes one: from then on leads of its forms are registered.")
    elif count:
        text = _("%(name)s; %(count)d forms are known.") % {
            "name": first.name, "count": count,
        }  # fmt: skip
    else:
        text = _("%s; its forms are not read yet.") % first.name
    return FirstStep(
        title=_("Integration of an ad account"), is_done=bool(first and count),
        text=text, href=reverse("social-leads"), caption=_("Open the integrations"),
    )  # fmt: skip


def _notices() -> FirstStep:
    notified = Integration.objects.exclude(notification_id="").exists()
    text = (
        _("LinkedIn checked the webhook address and notifies it of new leads.")
        if notified
        else _("LinkedIn does not notify this instance yet.")
    )
    return _step(_("Notices from LinkedIn"), text, is_done=notified)


def _step(title: str, text: str, *, is_done: bool) -> FirstStep:
    return FirstStep(
        title=title, is_done=is_done, text=text,
        href=reverse("social-settings"), caption=_("Open Settings"),
    )  # fmt: skip


def _lead() -> FirstStep:
    has_leads = leads.has_leads()
    text = (
        _("Leads are registered.")
        if has_leads
        else _("Send a test lead below, and see it arrive.")
    )
    return FirstStep(
        title=_("First lead"), is_done=has_leads, text=text,
        href=reverse("leads") if has_leads else "#test-lead",
        caption=_("See the leads") if has_leads else _("Send a test lead"),
    )  # fmt: skip
