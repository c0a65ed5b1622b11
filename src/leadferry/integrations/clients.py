"""Clients of LinkedIn, in the name of a user who can reach the ad account."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leadferry.alerts import services as alerts
from leadferry.integrations import api_versions
from leadferry.integrations.models import (
    AdAccountAccess,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.kit.errors import SetupError, TemporaryError
from leadferry.linkedin.client import LinkedInClient
from leadferry.linkedin.errors import TokenDead
from leadferry.linkedin.oauth import OAuth

logger = logging.getLogger("leadferry.integrations")

# LinkedIn calls a token revoked for a while after it was issued.
FRESH = timedelta(minutes=5)
# A renewal must bring more than the difference of two clocks.
_GAIN = timedelta(hours=1)
# Messages about a user, by number.
TOPIC = "linkedin-user-"


def application() -> LinkedInApplication:
    """The application at LinkedIn; raises SetupError while there is none."""
    found = LinkedInApplication.objects.first()
    if found is None:
        raise SetupError("No LinkedIn application is set up yet.")
    return found


def oauth() -> OAuth:
    """LinkedIn's sign-in, for our application."""
    ours = application()
    return oauth_of(ours.client_id, ours.client_secret)


def oauth_of(client_id: str, client_secret: str) -> OAuth:
    """LinkedIn's sign-in, for an application that may not be stored yet."""
    return OAuth(
        client_id=client_id,
        client_secret=client_secret,
        base_url=settings.LINKEDIN_OAUTH,
    )


def client_of(user: LinkedInUser) -> LinkedInClient:
    """A client that speaks for this user; close it."""
    return LinkedInClient(
        user.access_token,
        version=application().api_version,
        base_url=settings.LINKEDIN_API,
        batch_refused=user.reads_singly,
        successor=partial(api_versions.successor, user),
    )


def in_line(ad_account: int) -> list[AdAccountAccess]:
    """Who reaches the ad account with a living token, whoever is asked first first.

    Whose token lasts longest is; those whom LinkedIn refused there lately come last.
    """
    return _in_order(living_accesses().filter(ad_account__account_id=ad_account))


def in_use() -> set[int]:
    """Of each ad account the access through which it is read at present."""
    first: dict[int, int] = {}
    for row in _in_order(living_accesses()):
        first.setdefault(row.ad_account_id, row.pk)
    return set(first.values())


def living_accesses() -> QuerySet[AdAccountAccess]:
    """The ways to ad accounts through users whose token lives."""
    return AdAccountAccess.objects.filter(
        user__state=LinkedInUser.State.ACTIVE, user__expires_at__gt=clock.now()
    )


def _in_order(accesses: QuerySet[AdAccountAccess]) -> list[AdAccountAccess]:
    rows = accesses.select_related("user").order_by("-user__expires_at", "user")
    return sorted(rows, key=lambda row: row.waits)


def user_for(ad_account: int) -> LinkedInUser:
    """The user in whose name the ad account is read; raises SetupError without one."""
    rows = in_line(ad_account)
    if not rows:
        raise SetupError(
            "No connected LinkedIn user reaches this ad account: sign in again."
        )
    return rows[0].user


def was_connected_since(ad_account: int, moment: datetime) -> bool:
    """Whether somebody who reaches the ad account signed in after a moment."""
    return LinkedInUser.objects.filter(
        adaccountaccess__ad_account__account_id=ad_account,
        state=LinkedInUser.State.ACTIVE,
        token_issued_at__gt=moment,
    ).exists()


def can_renew(user: LinkedInUser) -> bool:
    """Whether LinkedIn gives a longer lasting token without anybody signing in."""
    end = user.refresh_expires_at
    if not user.refresh_token or user.state == LinkedInUser.State.REVOKED:
        return False
    # Near the end of the consent a new token would end with the present one.
    return end is None or max(user.expires_at + _GAIN, clock.now()) < end


def note_dead_token(user: LinkedInUser, error: TokenDead) -> None:
    """The token ended; raises TemporaryError where that may mend itself.

    That is so while it is too fresh to believe it, and where a new one is on its way.
    """
    if error.reason == "revoked" and clock.now() - user.token_issued_at < FRESH:
        raise TemporaryError("LinkedIn does not know the new token yet.") from error
    if error.reason != "expired":
        bury(user, LinkedInUser.State.REVOKED)
    elif can_renew(user):
        with_same_token(user).update(expires_at=min(user.expires_at, clock.now()))
        raise TemporaryError("LinkedIn is asked for a new token.") from error
    else:
        bury(user, LinkedInUser.State.EXPIRED)


@transaction.atomic
def bury(user: LinkedInUser, state: LinkedInUser.State) -> None:
    """The user is not used any more, and people are told; only with that very token."""
    hold_fence()
    changed = with_same_token(user).exclude(state=state).update(state=state)
    if changed:
        logger.warning("token ended", extra={"user": user.pk, "state": state})
        alerts.tell(
            topic=f"{TOPIC}{user.pk}",
            title=_("A LinkedIn connection ended"),
            text=_(
                "The access of the LinkedIn user with the number %(number)d ended "
                "(%(state)s). Leads wait and nothing is lost: “Restore access” mends "
                "it."
            )
            % {"number": user.pk, "state": state.label},
        )


def with_same_token(user: LinkedInUser) -> QuerySet[LinkedInUser]:
    """The user, unless somebody signed in again or got a new token meanwhile."""
    return LinkedInUser.objects.filter(pk=user.pk, token_issued_at=user.token_issued_at)


def remember_reading(user: LinkedInUser, client: LinkedInClient) -> None:
    """Keep for the next time that LinkedIn refused this user a batch."""
    if client.batch_refused and not user.reads_singly:
        LinkedInUser.objects.filter(pk=user.pk).update(reads_singly=True)
