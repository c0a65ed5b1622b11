"""Several users reach one ad account: what LinkedIn refuses one, another may do."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from leadferry.alerts import services as alerts
from leadferry.integrations import clients
from leadferry.integrations.models import AdAccountAccess, LinkedInUser
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, TemporaryError
from leadferry.linkedin.client import LinkedInClient
from leadferry.linkedin.errors import MissingRight, TokenDead

logger = logging.getLogger("leadferry.integrations")
Found = TypeVar("Found")

# So long others are asked first; then whether it works again is tried.
REFUSED_FOR = timedelta(hours=1)
_FRESH_TOKEN_WAITS = timedelta(minutes=1)


def as_any_user(
    ad_account: int, work: Callable[[LinkedInClient, LinkedInUser], Found]
) -> Found:
    """What the work brings, in the name of the first user whom LinkedIn lets do it.

    Raises SetupError without a user, and what the last one was refused with.
    """
    first = clients.user_for(ad_account)
    others = [row.user for row in clients.in_line(ad_account) if row.user != first]
    line = [first, *others]
    while True:
        user = line.pop(0)
        try:
            with clients.client_of(user) as client:
                found = work(client, user)
        except (TokenDead, MissingRight) as exc:
            refusal = note_refusal(user, ad_account, exc)
            if not line:
                raise refusal from exc
        else:
            note_success(user, ad_account)
            return found


def note_refusal(
    user: LinkedInUser, ad_account: int, error: TokenDead | MissingRight
) -> LeadferryError:
    """Remember it, so that others are asked first; returns what it means."""
    now = clock.now()
    rows = AdAccountAccess.objects.filter(user=user, ad_account__account_id=ad_account)
    if isinstance(error, TokenDead):
        try:
            clients.note_dead_token(user, error)
        except TemporaryError as exc:
            rows.update(ask_again_at=now + _FRESH_TOKEN_WAITS)
            return exc
        return error
    is_new = rows.filter(refused_at=None).exists()
    rows.update(
        refused_at=Coalesce(F("refused_at"), now),
        refused_reason=str(error)[:500],
        ask_again_at=now + REFUSED_FOR,
    )
    logger.warning(
        "user refused", extra={"user": user.pk, "account": ad_account, "new": is_new}
    )
    if is_new and has_another(ad_account, but=user):
        _tell_of_another(user, ad_account)
    return error


def _tell_of_another(user: LinkedInUser, ad_account: int) -> None:
    alerts.tell(
        topic=f"refused-{user.pk}-{ad_account}",
        title=_("LinkedIn refuses a user, another one took over"),
        text=_(
            "LinkedIn refuses the user with the number %(number)d on the ad account "
            "%(account)d. Leads come through another connected user. Give the role "
            "back in Campaign Manager and on the company page: it is tried again "
            "every hour. “Settings” shows whom LinkedIn refuses, and why."
        )
        % {"number": user.pk, "account": ad_account},
    )


def note_success(user: LinkedInUser, ad_account: int) -> None:
    """What was refused once works again."""
    refused = AdAccountAccess.objects.filter(
        user=user, ad_account__account_id=ad_account, refused_at__isnull=False
    )
    # Looked at first: nearly always there is nothing to write.
    if refused.exists():
        refused.update(refused_at=None, refused_reason="", ask_again_at=None)


def has_another(ad_account: int, *, but: LinkedInUser) -> bool:
    """Whether somebody else can be asked at once."""
    return any(
        row.user_id != but.pk and not row.waits for row in clients.in_line(ad_account)
    )
