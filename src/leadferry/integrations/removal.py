"""Deleting LinkedIn users and ad accounts, and withdrawing at LinkedIn what they made.

Here everything is gone at once; what is still to be done at LinkedIn are rows, which a
worker works off whatever happens to it.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.integrations import clients, subscriptions
from leadferry.integrations.models import (
    AdAccount,
    EndedAccess,
    EndedSubscription,
    Integration,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.jobs.services import hold_fence, stopping
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, RejectedError, TemporaryError
from leadferry.linkedin.client import LinkedInClient

logger = logging.getLogger("leadferry.integrations")

_FIRST_MS, _MOST_MS = 30_000, 3_600_000
# What LinkedIn refuses so often is noted and forgotten; being away, it is waited for.
_ATTEMPTS = 6
_WEEK_MS = 7 * 86_400_000


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What becomes of the integrations that a user reaches, once it is deleted."""

    stopping: Sequence[Integration]
    # With the names of those through whom they go on.
    going_on: Sequence[tuple[Integration, Sequence[str]]]


def effects_of_deleting(user: LinkedInUser) -> Effects:
    """Which integrations lose their last way to LinkedIn, and which keep one."""
    stopping_ones: list[Integration] = []
    going_on: list[tuple[Integration, Sequence[str]]] = []
    reached = Integration.objects.filter(ad_account__accesses__user=user)
    for integration in reached.select_related("ad_account").order_by("name", "pk"):
        others = [
            row.user.name
            for row in clients.in_line(integration.ad_account.account_id)
            if row.user_id != user.pk and row.refused_at is None
        ]
        if others:
            going_on.append((integration, others))
        else:
            stopping_ones.append(integration)
    return Effects(stopping=stopping_ones, going_on=going_on)


@transaction.atomic
def delete_user(user: LinkedInUser, *, by: User | None) -> None:
    """The user reaches nothing any more; its tokens wait to be withdrawn."""
    held = LinkedInUser.objects.select_for_update().filter(pk=user.pk).first()
    if held is None:
        return
    effects = effects_of_deleting(held)
    ended = EndedAccess.objects.create(
        sub=held.sub,
        name=held.name,
        access_token=held.access_token,
        refresh_token=held.refresh_token,
    )
    for integration in effects.stopping:
        end_subscription(integration)
    accounts = held.adaccountaccess_set.values("ad_account__account_id")
    # Through this token they can be removed, perhaps through no other.
    EndedSubscription.objects.filter(through=None, ad_account__in=accounts).update(
        through=ended
    )
    audit.record(
        "LinkedIn user deleted",
        subject=str(held.pk),
        by=by,
        details={"stopped": [one.pk for one in effects.stopping]},
    )
    held.delete()


def end_subscription(integration: Integration) -> None:
    """Its subscription is removed at LinkedIn by a worker, and unknown here."""
    if integration.notification_id:
        subscriptions.end(
            integration.ad_account.account_id,
            integration.notification_id,
            name=integration.name,
        )
    Integration.everything.filter(pk=integration.pk).update(
        notification_id="",
        notification_url="",
        subscribe_problem=_("No connected LinkedIn user reaches this ad account."),
    )


@transaction.atomic
def delete_ad_account(account: AdAccount, *, by: User | None) -> None:
    """Nobody reaches it any more; raises RejectedError while an integration does."""
    held = AdAccount.objects.select_for_update().filter(pk=account.pk).first()
    if held is None:
        return
    refusal = why_it_stays(held)
    if refusal:
        raise RejectedError(refusal)
    audit.record("ad account deleted", subject=str(held.account_id), by=by)
    held.delete()


def why_it_stays(account: AdAccount) -> str:
    """The sentence with which deleting it is refused; empty where it is not."""
    using = Integration.everything.filter(ad_account=account).first()
    if using is None:
        return ""
    if using.deleting_since is not None:
        return _("Its integration is being deleted just now: try again in a moment.")
    return _(
        "“%(name)s” imports from this ad account. Delete that integration first: menu "
        "next to it in the list of integrations."
    ) % {"name": using.name}


def endings() -> list[EndedAccess | EndedSubscription]:
    """What is still to be withdrawn at LinkedIn, oldest first; fifty at most."""
    rows = [*EndedSubscription.objects.order_by("pk")[:50]]
    return [*EndedAccess.objects.order_by("pk")[:50], *rows]


def withdraw() -> None:
    """Remove at LinkedIn what is due: subscriptions first, tokens after them."""
    due = EndedSubscription.objects.filter(due_at__lte=clock.now_ms())
    for subscription in due.select_related("through").order_by("pk"):
        if stopping():
            return
        _remove(subscription)
    tokens = EndedAccess.objects.filter(subscriptions=None)
    for ended in tokens.filter(due_at__lte=clock.now_ms()).order_by("pk"):
        if stopping():
            return
        _revoke(ended)


def _remove(row: EndedSubscription) -> None:
    problem = _try_to_remove(row)
    if problem is None:
        _forget(row, "subscription removed")
    elif _is_hopeless(row, problem):
        _forget(row, "subscription left at LinkedIn", problem)
    else:
        _try_later(row, problem)


def _try_to_remove(row: EndedSubscription) -> LeadferryError | None:
    """None where it is gone; else why nobody could remove it."""
    problem: LeadferryError = RejectedError(
        "No LinkedIn user is connected who could remove it."
    )
    for token in _tokens_for(row):
        try:
            with clients.client_of(token) as client:
                _remove_through(client, row)
        except LeadferryError as exc:
            problem = exc
            if isinstance(exc, TemporaryError):
                break
        else:
            return None
    return problem


def _tokens_for(row: EndedSubscription) -> Iterator[LinkedInUser]:
    """Who reaches the ad account, then the deleted user, then everybody else."""
    reaching = [access.user for access in clients.in_line(row.ad_account)]
    yield from reaching
    if row.through is not None:
        yield LinkedInUser(access_token=row.through.access_token)
    others = LinkedInUser.objects.filter(
        state=LinkedInUser.State.ACTIVE, expires_at__gt=clock.now()
    )
    yield from others.exclude(pk__in=[user.pk for user in reaching]).order_by("pk")


def _remove_through(client: LinkedInClient, row: EndedSubscription) -> None:
    held = {str(one.id) for one in client.notifications(row.ad_account)}
    if row.notification_id in held:
        subscriptions.remove(client, row.notification_id)


def _is_hopeless(row: EndedSubscription, problem: LeadferryError) -> bool:
    if isinstance(problem, TemporaryError):
        began = int(row.ended_at.timestamp() * 1000)
        return clock.now_ms() - began > _WEEK_MS
    return row.attempts + 1 >= _ATTEMPTS


def _forget(
    row: EndedSubscription, verb: str, problem: LeadferryError | None = None
) -> None:
    with transaction.atomic():
        hold_fence()
        deleted, _rows = EndedSubscription.objects.filter(pk=row.pk).delete()
        if not deleted:
            # Another worker was quicker, or an integration uses it again.
            return
        audit.record(verb, subject=row.notification_id, by=None)
        # Should it be one that an integration has adopted meanwhile: look it up.
        Integration.objects.filter(notification_id=row.notification_id).update(
            subscription_seen_at=0
        )
        if problem is not None:
            _tell_of_left(row, problem)


def _tell_of_left(row: EndedSubscription, problem: LeadferryError) -> None:
    alerts.tell(
        topic=f"subscription-left-{row.notification_id}",
        title=_("A subscription stays at LinkedIn"),
        text=_(
            "%(name)s: LinkedIn's subscription %(id)s could not be removed: %(why)s "
            "It is not tried again. Its notices are ignored here; LinkedIn blocks it "
            "once the address no longer answers."
        )
        % {"name": row.name, "id": row.notification_id, "why": problem},
    )


def _try_later(row: EndedSubscription | EndedAccess, problem: LeadferryError) -> None:
    wait = min(_FIRST_MS * 2**row.attempts, _MOST_MS)
    # Nothing is written where it is gone meanwhile.
    type(row).objects.filter(pk=row.pk).update(
        due_at=clock.now_ms() + wait,
        attempts=row.attempts + 1,
        reason=str(problem)[:500],
    )


def _revoke(ended: EndedAccess) -> None:
    """Ask LinkedIn to end the tokens, and erase them here whatever it says."""
    verb = "LinkedIn token revoked"
    try:
        _ask_to_revoke(ended)
    except TemporaryError as exc:
        if ended.attempts + 1 < _ATTEMPTS:
            _try_later(ended, exc)
            return
        verb = "LinkedIn token erased, not revoked"
    except LeadferryError:
        verb = "LinkedIn token erased, not revoked"
    with transaction.atomic():
        hold_fence()
        if EndedAccess.objects.filter(pk=ended.pk).delete()[0]:
            audit.record(verb, subject=str(ended.pk), by=None)
            # Whether a subscription outlives its maker's token nobody knows.
            Integration.objects.update(subscription_seen_at=0)


def _ask_to_revoke(ended: EndedAccess) -> None:
    if LinkedInUser.objects.filter(sub=ended.sub).exists():
        # Connected again: LinkedIn might end the new tokens with the old ones.
        return
    if not LinkedInApplication.objects.exists():
        return
    oauth = clients.oauth()
    for token in (ended.refresh_token, ended.access_token):
        if token:
            oauth.revoke(token=token)
