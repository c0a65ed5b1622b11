"""What each end of a sign-in is called, and which step comes next."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from leadferry.accounts.models import User
from leadferry.integrations.models import SignIn
from leadferry.integrations.sign_in import LateReturn, RepeatedReturn, UnknownReturn
from leadferry.web.access import MANAGE_INTEGRATIONS

Fault = SignIn.Fault


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to press or to do; without an address it is only said."""

    caption: str
    href: str = ""
    # A form that leads to LinkedIn; the user whose access is restored, or nobody.
    signs_in: bool = False
    user: int | None = None


def title_of(end: SignIn | Exception) -> str:
    """The heading of the page."""
    match end:
        case UnknownReturn():
            return _("This return from LinkedIn was not expected")
        case RepeatedReturn():
            return _("This return from LinkedIn came before")
        case LateReturn():
            return _("This return from LinkedIn is too old")
        case SignIn(fault=Fault.FEWER_SCOPES):
            return _("LinkedIn granted less than was asked for")
        case SignIn(user=user) if user is not None:
            return _("LinkedIn is connected")
        case SignIn(fault=fault):
            return _titles().get(Fault(fault), _("LinkedIn is not connected"))
    raise TypeError(end)


def _titles() -> dict[Fault, str]:
    return {
        Fault.LOGIN_CANCELLED: _("The sign-in was cancelled"),
        Fault.CONSENT_REFUSED: _("Access was not allowed"),
        Fault.SCOPE_REFUSED: _("The application lacks a scope"),
        Fault.CODE_REFUSED: _("LinkedIn does not accept its code any more"),
        Fault.APPLICATION_REFUSED: _("LinkedIn refuses the application"),
        Fault.UNREACHABLE: _("LinkedIn cannot be reached"),
        Fault.OTHER_MEMBER: _("Another member signed in"),
    }


def next_steps(request: HttpRequest, sign_in: SignIn | None) -> list[Step]:
    """What may be pressed; the first is the one that helps most."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm(MANAGE_INTEGRATIONS):
        return [Step(caption=_("Run leadferry connect once more to try again."))]
    if sign_in is None:
        wizard = reverse("wizard-user")
        return [
            Step(caption=_("Sign in at LinkedIn again"), signs_in=True),
            Step(caption=_("See who is connected"), href=wizard),
        ]
    return _steps_after(sign_in)


def _steps_after(sign_in: SignIn) -> list[Step]:
    settings = Step(caption=_("Open Settings"), href=reverse("social-settings"))
    again = Step(
        caption=_("Sign in at LinkedIn again"),
        signs_in=True,
        user=sign_in.expected.pk if sign_in.expected else None,
    )
    further = Step(caption=_("Connect a further user"), signs_in=True)
    buttons = {
        Fault.SCOPE_REFUSED: [settings, again],
        Fault.APPLICATION_REFUSED: [settings, again],
        Fault.OTHER_MEMBER: [again, further],
        Fault.FEWER_SCOPES: [again, *_go_on(sign_in)],
    }
    if not sign_in.fault:
        return _go_on(sign_in)
    fault = Fault(sign_in.fault)
    hints = [Step(caption=hint) for hint in [_hints().get(fault)] if hint]
    return [*buttons.get(fault, [again, settings]), *hints]


def _hints() -> dict[Fault, str]:
    unchanged = _("Nothing was changed.")
    return {
        Fault.LOGIN_CANCELLED: unchanged,
        Fault.CONSENT_REFUSED: unchanged,
        Fault.SCOPE_REFUSED: _(
            "Request the products Advertising API, Lead Sync API and Sign In with "
            "LinkedIn in the developer portal, or take the scope out of “Settings”."
        ),
        Fault.APPLICATION_REFUSED: _(
            "Compare client ID and secret with the developer portal."
        ),
        Fault.OTHER_MEMBER: _(
            "Nothing was changed. Sign out at LinkedIn first, or choose the other "
            "account there."
        ),
        Fault.FEWER_SCOPES: _(
            "Without them leads may stay out. A sign-in with everything allowed mends "
            "it."
        ),
    }


def _go_on(sign_in: SignIn) -> list[Step]:
    if sign_in.user is None:
        return []
    if sign_in.expected is not None:
        href = reverse("social-settings")
        return [Step(caption=_("Back to Settings"), href=href)]
    href = reverse("wizard-accounts", kwargs={"user_id": sign_in.user.pk})
    return [Step(caption=_("Go on to the ad accounts"), href=href)]
