"""What a finding means, who mends it, and with which click."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leadferry.integrations.checks import Check
from leadferry.integrations.models import Finding, LinkedInUser

HELP = "https://www.linkedin.com/help/lms/answer/"
_PORTAL = "https://www.linkedin.com/developers/apps"
_CAMPAIGN_MANAGER = "https://www.linkedin.com/campaignmanager/"
Link = tuple[str, str]
State = Finding.State
# What the administrator of a page mends, and may see of an integration.
OF_THE_PAGE = (Check.PAGE, Check.PAGE_ROLE, Check.LEADS)

TITLES = {
    Check.APPLICATION: lazy("Client ID and secret"),
    Check.VERSION: lazy("API version"),
    Check.TOKEN: lazy("Access token"),
    Check.SCOPES: lazy("Scopes"),
    Check.ACCOUNT_ROLE: lazy("Role in the ad account"),
    Check.PAGE: lazy("Company page of the ad account"),
    Check.PAGE_ROLE: lazy("Role on the company page"),
    Check.LEADS: lazy("Reading leads"),
    Check.SUBSCRIPTION: lazy("Subscription to new leads"),
    Check.VALIDATION: lazy("LinkedIn's check of our address"),
    Check.CLOCK: lazy("Clock"),
    Check.BUDGET: lazy("Calls of today"),
    Check.USERS: lazy("Users who reach the ad account"),
}

_WORKING = {
    Check.APPLICATION: lazy("LinkedIn accepts them."),
    Check.VERSION: lazy("LinkedIn speaks version %s."),
    Check.TOKEN: lazy("LinkedIn accepts it."),
    Check.SCOPES: lazy("Everything that is needed was granted."),
    Check.ACCOUNT_ROLE: lazy("The role is %s."),
    Check.PAGE: lazy("The ad account belongs to page %s."),
    Check.PAGE_ROLE: lazy("The role suffices to read leads of page %s."),
    Check.LEADS: lazy("A call for the leads of the last 24 hours was answered."),
    Check.SUBSCRIPTION: lazy("LinkedIn has our address."),
    Check.VALIDATION: lazy("LinkedIn checked it and got its answer."),
    Check.CLOCK: lazy("It goes as LinkedIn's does."),
    Check.USERS: lazy("%s users reach it: one may lose access."),
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """A finding in words; `who` mends it at the links, or on a page of ours."""

    title: str
    text: str
    who: str = ""
    click: str = ""
    links: Sequence[Link] = ()
    # A page of ours: settings, integration, wizard or calls.
    page: str = ""


@dataclass(frozen=True, kw_only=True)
class _Remedy:
    """What one fault needs; all of it is translated when it is shown."""

    text: object
    who: object = ""
    click: object = ""
    link: tuple[object, str] | None = None
    page: str = ""


_ADMINISTRATOR = lazy("An administrator of this instance")
_APPLICATION_OWNER = lazy("Whoever owns the application at LinkedIn")
_AD_MANAGER = lazy("Whoever manages the ad account at LinkedIn")
_PAGE_ADMIN = lazy("A Super admin of the company page")
_LINKEDIN_USER = lazy("The LinkedIn user who is connected")
_RESTORE = lazy("Settings → menu of the user → sign in at LinkedIn again")
_PAGE_ROLE_LINK = (lazy("Roles on a page"), f"{HELP}a496077")
_ACCOUNT_ROLE_LINK = (lazy("Roles in an ad account"), f"{HELP}a425731")
_PORTAL_LINK = (lazy("LinkedIn's developer portal"), _PORTAL)

_REMEDIES = {
    (Check.APPLICATION, "none"): _Remedy(
        text=lazy("No LinkedIn application is set up."),
        who=_ADMINISTRATOR,
        click=lazy("Settings → client ID and client secret → Apply"),
        page="settings",
    ),
    (Check.APPLICATION, "refused"): _Remedy(
        text=lazy(
            "LinkedIn refuses client ID or secret: the secret was changed, or a digit "
            "is wrong."
        ),
        who=_ADMINISTRATOR,
        click=lazy(
            "Copy the client secret from the developer portal (Auth), then Settings → "
            "client secret → Apply"
        ),
        link=_PORTAL_LINK,
        page="settings",
    ),
    (Check.VERSION, "ends-soon"): _Remedy(
        text=lazy(
            "LinkedIn ends this version soon: %s. Another one takes over by itself."
        ),
        who=_ADMINISTRATOR,
        click=lazy("Settings → API version → choose a newer one → Apply"),
        page="settings",
    ),
    (Check.VERSION, "sunset"): _Remedy(
        text=lazy(
            "LinkedIn does not speak version %s any more, nor any other of this "
            "release; leads wait meanwhile."
        ),
        who=_ADMINISTRATOR,
        click=lazy("Update Leadferry, then Settings → API version → Apply"),
        page="settings",
    ),
    (Check.TOKEN, "no-user"): _Remedy(
        text=lazy("No connected LinkedIn user has access that is still good."),
        who=_LINKEDIN_USER,
        click=_RESTORE,
        page="settings",
    ),
    (Check.TOKEN, "expired"): _Remedy(
        text=lazy("The access ended."),
        who=_LINKEDIN_USER,
        click=_RESTORE,
        page="settings",
    ),
    (Check.TOKEN, "revoked"): _Remedy(
        text=lazy("The access was taken back at LinkedIn."),
        who=_LINKEDIN_USER,
        click=_RESTORE,
        page="settings",
    ),
    (Check.TOKEN, "invalid"): _Remedy(
        text=lazy("LinkedIn does not know the token."),
        who=_LINKEDIN_USER,
        click=_RESTORE,
        page="settings",
    ),
    (Check.TOKEN, "renewing"): _Remedy(
        text=lazy("The access ended; a new token is asked for by itself.")
    ),
    (Check.TOKEN, "fresh"): _Remedy(
        text=lazy("LinkedIn does not know the new token yet; that takes minutes.")
    ),
    (Check.TOKEN, "ends-soon"): _Remedy(
        text=lazy("The access ends on %s and does not renew by itself."),
        who=_LINKEDIN_USER,
        click=_RESTORE,
        page="settings",
    ),
    (Check.SCOPES, "missing"): _Remedy(
        text=lazy("LinkedIn did not grant: %s."),
        who=_LINKEDIN_USER,
        click=lazy("Settings → scopes → Apply, then sign in at LinkedIn again"),
        link=_PORTAL_LINK,
        page="settings",
    ),
    (Check.ACCOUNT_ROLE, "no-role"): _Remedy(
        text=lazy("The connected user has no role in the ad account any more."),
        who=_AD_MANAGER,
        click=lazy("Campaign Manager → Account settings → Manage access → add them"),
        link=_ACCOUNT_ROLE_LINK,
    ),
    (Check.ACCOUNT_ROLE, "refused"): _Remedy(
        text=lazy("LinkedIn does not let the application look at ad accounts."),
        who=_APPLICATION_OWNER,
        click=lazy("Developer portal → Products → Advertising API"),
        link=_PORTAL_LINK,
    ),
    (Check.PAGE, "no-page"): _Remedy(
        text=lazy("The ad account has no company page: LinkedIn gives no leads."),
        who=_AD_MANAGER,
        click=lazy("Campaign Manager → Account settings → add the company page"),
        link=(lazy("Campaign Manager"), _CAMPAIGN_MANAGER),
    ),
    (Check.PAGE, "not-active"): _Remedy(
        text=lazy("LinkedIn does not list the ad account as active."),
        who=_AD_MANAGER,
        click=lazy("Campaign Manager → Account settings → reactivate the account"),
        link=(lazy("Campaign Manager"), _CAMPAIGN_MANAGER),
    ),
    (Check.PAGE_ROLE, "no-role"): _Remedy(
        text=lazy(
            "The connected user needs the role Super admin or Lead gen forms manager "
            "on page %s."
        ),
        who=_PAGE_ADMIN,
        click=lazy("Company page → Settings → Manage admins → Paid media admins"),
        link=_PAGE_ROLE_LINK,
    ),
    (Check.LEADS, "refused"): _Remedy(
        text=lazy(
            "LinkedIn refuses the leads: a role on the company page is missing, or "
            "the application was not granted the product Lead Sync API."
        ),
        who=_PAGE_ADMIN,
        click=lazy(
            "Give the user a role on the page; if the role is there: developer "
            "portal → Products → Lead Sync API"
        ),
        link=_PAGE_ROLE_LINK,
    ),
    (Check.SUBSCRIPTION, "missing"): _Remedy(
        text=lazy(
            "LinkedIn does not have our address for this ad account; leads come by "
            "polling. It is subscribed again by itself within a day."
        ),
        who=_ADMINISTRATOR,
        click=lazy("Settings → Subscribe again"),
        page="settings",
    ),
    (Check.SUBSCRIPTION, "no-address"): _Remedy(
        text=lazy("“Url to get leads” is empty: leads come by polling."),
        who=_ADMINISTRATOR,
        click=lazy("Settings → Url to get leads → Apply"),
        page="settings",
    ),
    (Check.VALIDATION, "never"): _Remedy(
        text=lazy("LinkedIn never checked the address; leads come by polling."),
        who=_ADMINISTRATOR,
        click=lazy("Make the address reachable from the internet, then Refresh"),
        page="integration",
    ),
    (Check.VALIDATION, "late"): _Remedy(
        text=lazy(
            "LinkedIn has stopped to check the address or gets no answer; it blocks "
            "after three failures. Leads come by polling."
        ),
        who=_ADMINISTRATOR,
        click=lazy(
            "Make the address reachable, then start the validation again in the "
            "developer portal under Webhooks"
        ),
        link=_PORTAL_LINK,
        page="settings",
    ),
    (Check.VALIDATION, "not-public"): _Remedy(
        text=lazy("LinkedIn cannot reach our address: leads come by polling."),
        who=_ADMINISTRATOR,
        click=lazy("Settings → Url to get leads"),
        page="settings",
    ),
    (Check.CLOCK, "off"): _Remedy(
        text=lazy(
            "It is %s seconds ahead of LinkedIn's: ends of access and times of leads "
            "are wrong by that."
        ),
        who=_ADMINISTRATOR,
        click=lazy("Let this machine set its clock from the network (NTP)"),
    ),
    (Check.BUDGET, "scarce"): _Remedy(
        text=lazy("%s; what is left is kept for new leads."),
    ),
    (Check.BUDGET, "spent"): _Remedy(
        text=lazy("%s; LinkedIn counts anew at midnight UTC."),
        who=_APPLICATION_OWNER,
        click=lazy("Developer portal → Analytics shows the limits"),
        link=_PORTAL_LINK,
    ),
    (Check.USERS, "single"): _Remedy(
        text=lazy("Only %s reaches it: if that access ends, leads wait."),
        who=_ADMINISTRATOR,
        click=lazy("New → sign in as a second LinkedIn user → tick the ad account"),
        page="wizard",
    ),
    (Check.USERS, "lost-role"): _Remedy(
        text=lazy("Lost their access to the ad account: %s."),
        who=_AD_MANAGER,
        click=lazy("Give the role back, or connect somebody else"),
        link=_ACCOUNT_ROLE_LINK,
        page="settings",
    ),
}
_REFUSED = _Remedy(
    text=lazy("LinkedIn refuses this call: a role, a scope or a product is missing."),
    who=_APPLICATION_OWNER,
    click=lazy("Developer portal → Products: Advertising API and Lead Sync API"),
    link=_PORTAL_LINK,
)
_NOT_KNOWN = {
    "unreachable": lazy("LinkedIn did not answer; it is asked again by itself."),
    "throttled": lazy("LinkedIn's limit is reached; it ends at midnight UTC."),
}


def say(check: str, state: str, reason: str, detail: str) -> Said:
    """The words for what was found."""
    one = Check(check)
    title = str(TITLES[one])
    if reason == "blocked":
        text = _("Cannot be checked before this is mended: %s.")
        return Said(title=title, text=text % TITLES[Check(detail)])
    if reason in _NOT_KNOWN:
        return Said(title=title, text=str(_NOT_KNOWN[reason]))
    if state == State.WORKS:
        return Said(title=title, text=_working(one, detail))
    remedy = _REMEDIES.get((one, reason), _REFUSED)
    return Said(
        title=title,
        text=_filled(remedy.text, _shown(one, detail)),
        who=str(remedy.who),
        click=str(remedy.click),
        links=[(str(remedy.link[0]), remedy.link[1])] if remedy.link else (),
        page=remedy.page,
    )


def say_of(finding: Finding) -> Said:
    """The words for a stored finding."""
    return say(finding.check_name, finding.state, finding.reason, finding.detail)


def _working(check: Check, detail: str) -> str:
    if check == Check.BUDGET:
        return _("%s.") % _budget(detail)
    return _filled(_WORKING[check], detail)


def _filled(text: object, detail: str) -> str:
    words = str(text)
    return words % detail if "%s" in words else words


def _shown(check: Check, detail: str) -> str:
    if check == Check.BUDGET:
        return _budget(detail)
    return _names(detail) if check == Check.USERS else detail


def _budget(detail: str) -> str:
    made, _space, allowed = detail.partition(" ")
    if not allowed:
        return _("%s calls for leads today, no limit is known") % made
    words = _("%(made)s of %(allowed)s calls for leads today")
    return words % {"made": made, "allowed": allowed}


def _names(numbers: str) -> str:
    keys = [int(one) for one in numbers.split(",") if one.isdecimal()]
    names = LinkedInUser.objects.filter(pk__in=keys).values_list("name", flat=True)
    return ", ".join(names.order_by("name"))
