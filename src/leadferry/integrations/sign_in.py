"""Signing in at LinkedIn: there, back, and what went wrong on the way.

Coming back only stores what LinkedIn sent; a worker asks LinkedIn for the token, so
that no page waits for it.
"""

import html
import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.integrations import clients
from leadferry.integrations.models import AdAccountAccess, LinkedInUser, SignIn
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, RejectedError
from leadferry.kit.secrets import random_token
from leadferry.linkedin import wire
from leadferry.linkedin.errors import (
    ClientRefused,
    GrantDead,
    MissingRight,
    RedirectRefused,
    Unavailable,
)

logger = logging.getLogger("leadferry.integrations")

RETURN_PATH = "/linkedin/return"
Fault = SignIn.Fault
# As long as a code of LinkedIn lives.
_LIFE = timedelta(minutes=30)
_PAUSES = (0.5, 1.0)
_YEAR_SECONDS, _FEWEST_SECONDS = 365 * 24 * 3600, 1_000_000
_LIKELY_CAUSES: tuple[tuple[type[LeadferryError], Fault], ...] = (
    (RedirectRefused, Fault.CODE_REFUSED),
    (GrantDead, Fault.CODE_REFUSED),
    (ClientRefused, Fault.APPLICATION_REFUSED),
    (MissingRight, Fault.FEWER_SCOPES),
)
_ERRORS = {
    "user_cancelled_login": Fault.LOGIN_CANCELLED,
    "user_cancelled_authorize": Fault.CONSENT_REFUSED,
    "unauthorized_scope_error": Fault.SCOPE_REFUSED,
}


class UnknownReturn(RejectedError):
    """Nobody here began this sign-in."""


class RepeatedReturn(RejectedError):
    """This sign-in came back before."""


class LateReturn(RejectedError):
    """This sign-in was begun too long ago."""


class _OtherMember(RejectedError):
    """Somebody else signed in than the one whose access is restored."""


def begin_sign_in(
    *, redirect_uri: str, expected: LinkedInUser | None = None
) -> tuple[SignIn, str]:
    """A sign-in that was begun, and the address at LinkedIn where it goes on."""
    application = clients.application()
    sign_in = SignIn.objects.create(
        state=random_token(32),
        redirect_uri=redirect_uri,
        scopes=application.scopes,
        expected=expected,
    )
    address = clients.oauth().authorization_url(
        redirect_uri=redirect_uri,
        state=sign_in.state,
        scopes=application.scopes.split(),
    )
    return sign_in, address


def come_back(*, state: str, code: str, error: str, description: str) -> SignIn:
    """The member is back; raises UnknownReturn, RepeatedReturn or LateReturn."""
    sign_in = _take(state)
    if error or not code:
        sign_in.fault = _ERRORS.get(error, Fault.OTHER_ERROR)
        # LinkedIn sends its quotation marks as HTML entities.
        sign_in.problem = _explain(sign_in.fault, html.unescape(description) or error)
        sign_in.finished_at = clock.now()
    else:
        sign_in.code = code
    sign_in.save()
    return sign_in


def _take(state: str) -> SignIn:
    known = SignIn.objects.filter(state=state)
    oldest = clock.now() - _LIFE
    unused = known.filter(returned_at=None)
    if unused.filter(started_at__gte=oldest).update(returned_at=clock.now()):
        return known.get()
    if unused.exists():
        raise LateReturn(
            _("This sign-in was begun more than half an hour ago. Start again.")
        )
    if known.exists():
        raise RepeatedReturn(
            _("This return from LinkedIn came before; a second one changes nothing.")
        )
    raise UnknownReturn(
        _("This return from LinkedIn was not asked for by this instance.")
    )


def _explain(fault: str, detail: str) -> str:
    known = {
        Fault.LOGIN_CANCELLED: _("The sign-in at LinkedIn was cancelled."),
        Fault.CONSENT_REFUSED: _("The permissions were refused at LinkedIn."),
        Fault.SCOPE_REFUSED: _(
            "LinkedIn has not granted one of the scopes to the application: %s."
        )
        % detail[:300].rstrip("."),
    }
    return known.get(
        Fault(fault), _("LinkedIn answered with an error: %s") % detail[:300]
    )


def left_behind() -> QuerySet[SignIn]:
    """Sign-ins that came back some seconds ago and that no worker took up."""
    before = clock.now() - timedelta(seconds=5)
    waiting = SignIn.objects.filter(finished_at=None, returned_at__lt=before)
    return waiting.exclude(code="")


def finish_sign_in(sign_in: SignIn) -> None:
    """Turn the code into a connected user, or store what is wrong."""
    try:
        sign_in.user, missing = _connect_user(sign_in)
        if missing:
            sign_in.fault = Fault.FEWER_SCOPES
            sign_in.problem = _(
                "LinkedIn granted fewer scopes than were asked for. Missing: %s."
            ) % " ".join(missing)
    except _OtherMember as exc:
        sign_in.fault, sign_in.problem = Fault.OTHER_MEMBER, str(exc)
    except LeadferryError as exc:
        fits = (fault for kind, fault in _LIKELY_CAUSES if isinstance(exc, kind))
        sign_in.fault = next(fits, Fault.UNREACHABLE)
        sign_in.problem = str(exc)[:500]
    sign_in.code = ""
    sign_in.finished_at = clock.now()
    sign_in.save()


def _connect_user(sign_in: SignIn) -> tuple[LinkedInUser, list[str]]:
    issued_at = clock.now()
    token = _exchange(sign_in)
    probe = LinkedInUser(access_token=token.access_token)
    with clients.client_of(probe) as client:
        info = client.userinfo()
    expected = sign_in.expected
    if expected is not None and info.sub != expected.sub:
        raise _OtherMember(
            _("%(name)s signed in, but the access of %(expected)s is to be restored.")
            % {"name": info.name or info.sub, "expected": expected.name}
        )
    asked = sign_in.scopes.split()
    granted = token.scopes or asked
    values = {
        "name": info.name or info.sub,
        "email": info.email or "",
        "state": LinkedInUser.State.ACTIVE,
        "access_token": token.access_token,
        "refresh_token": token.refresh_token or "",
        "scopes": " ".join(granted),
        "token_issued_at": issued_at,
        "expires_at": issued_at + timedelta(seconds=token.expires_in),
        "refresh_expires_at": _refresh_end(token, issued_at),
        "refresh_due_at": 0,
        "refresh_attempts": 0,
        "look_due_at": clock.to_ms(issued_at + timedelta(days=1)),
        "connected_at": issued_at,
    }
    with transaction.atomic():
        user, _made = LinkedInUser.objects.update_or_create(
            sub=info.sub, defaults=values
        )
        # With the new token everything is tried anew.
        AdAccountAccess.objects.filter(user=user).update(
            refused_at=None, refused_reason="", ask_again_at=None
        )
        audit.record("LinkedIn user connected", subject=str(user.pk), by=None)
    return user, [scope for scope in asked if scope not in granted]


def _exchange(sign_in: SignIn) -> wire.TokenAnswer:
    def ask() -> wire.TokenAnswer:
        return clients.oauth().exchange_code(
            code=sign_in.code, redirect_uri=sign_in.redirect_uri
        )

    for pause in _PAUSES:
        try:
            return ask()
        except Unavailable:
            clock.sleep(pause)
    return ask()


def _refresh_end(token: wire.TokenAnswer, issued_at: datetime) -> datetime | None:
    if not token.refresh_token:
        return None
    seconds = token.refresh_token_expires_in or 0
    # LinkedIn never extends a consent beyond a year, and may count it in minutes.
    is_told = _FEWEST_SECONDS <= seconds <= _YEAR_SECONDS
    if not is_told:
        logger.warning("odd end of a refresh token", extra={"seconds": seconds})
    return issued_at + timedelta(seconds=seconds if is_told else _YEAR_SECONDS)
