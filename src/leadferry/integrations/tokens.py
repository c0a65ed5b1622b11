"""Tokens of LinkedIn users: renewed early, looked at daily, buried only when dead."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from leadferry.integrations import calls, clients
from leadferry.integrations.calls import DAY_MS
from leadferry.integrations.models import LinkedInUser
from leadferry.jobs.services import hold_fence, stopping
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, TemporaryError
from leadferry.linkedin import wire
from leadferry.linkedin.errors import DeathReason, GrantDead, GrantRevoked, TokenDead

logger = logging.getLogger("leadferry.integrations")

State = LinkedInUser.State
# So early that LinkedIn, or this instance, may be away for days.
_AHEAD = timedelta(days=10)
_YEAR = timedelta(days=365)
# Longer than a call can take: a refresher that died is followed by another.
_CLAIM_MS = 120_000
_FIRST_WAIT_MS, _LONGEST_WAIT_MS = 60_000, 12 * 3_600_000
_LOOK_AGAIN_MS = 3_600_000
_PATIENCE_SECONDS, _GLANCE_SECONDS = 10, 0.1


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """How long a user's access lasts."""

    user: LinkedInUser
    expires_at: datetime
    # Before its end a new token is got without anybody signing in.
    renews_itself: bool
    refresh_expires_at: datetime | None


def outlooks() -> Sequence[Outlook]:
    """The outlook of each user, by name."""
    return [
        Outlook(
            user=user,
            expires_at=user.expires_at,
            renews_itself=clients.can_renew(user),
            refresh_expires_at=user.refresh_expires_at,
        )
        for user in LinkedInUser.objects.order_by("name", "pk")
    ]


def look_after_tokens() -> None:
    """Renew what ends within days, ask daily what the others are worth."""
    for user in _to_renew():
        if stopping():
            return
        renew(user)
    over = LinkedInUser.objects.filter(state=State.ACTIVE, expires_at__lte=clock.now())
    for user in over:
        if not clients.can_renew(user):
            clients.bury(user, State.EXPIRED)
    now = clock.now_ms()
    for user in LinkedInUser.objects.filter(state=State.ACTIVE, look_due_at__lte=now):
        if stopping():
            return
        _look_at(user)


def _to_renew() -> list[LinkedInUser]:
    ending = Q(expires_at__lte=clock.now() + _AHEAD) | Q(state=State.EXPIRED)
    held = LinkedInUser.objects.filter(
        ending, refresh_due_at__lte=clock.now_ms()
    ).exclude(refresh_token="")
    return [user for user in held if clients.can_renew(user)]


def renew(user: LinkedInUser) -> LinkedInUser:
    """The user with a new token, or as before where LinkedIn gives none now.

    One process asks LinkedIn; another that comes meanwhile waits for its token.
    """
    now = clock.now_ms()
    free = clients.with_same_token(user).filter(refresh_due_at__lte=now)
    if not free.update(refresh_due_at=now + _CLAIM_MS):
        return _await_other(user)
    try:
        calls.note_calls(user, {"accessToken": 1})
        answer = clients.oauth().refresh(refresh_token=user.refresh_token)
    except GrantDead as exc:
        _refused(user, exc)
    except LeadferryError as exc:
        _wait(user, exc)
    else:
        _keep(user, answer)
    return _as_it_is(user)


def _as_it_is(user: LinkedInUser) -> LinkedInUser:
    # Whoever was deleted meanwhile has nothing newer.
    return LinkedInUser.objects.filter(pk=user.pk).first() or user


def _await_other(user: LinkedInUser) -> LinkedInUser:
    until = clock.monotonic() + _PATIENCE_SECONDS
    is_at_it = clients.with_same_token(user).filter(
        refresh_attempts=user.refresh_attempts
    )
    while is_at_it.exists() and clock.monotonic() < until and not stopping():
        clock.sleep(_GLANCE_SECONDS)
    return _as_it_is(user)


@transaction.atomic
def _keep(user: LinkedInUser, answer: wire.TokenAnswer) -> None:
    hold_fence()
    issued_at = clock.now()
    clients.with_same_token(user).update(
        state=State.ACTIVE,
        access_token=answer.access_token,
        refresh_token=answer.refresh_token or user.refresh_token,
        token_issued_at=issued_at,
        expires_at=issued_at + timedelta(seconds=answer.expires_in),
        # LinkedIn does not move it: a year from the consent.
        refresh_expires_at=user.refresh_expires_at or user.connected_at + _YEAR,
        # However short a token LinkedIn gives: not again and again.
        refresh_due_at=clock.now_ms() + min(DAY_MS, answer.expires_in * 500),
        refresh_attempts=0,
    )
    logger.info("token renewed", extra={"user": user.pk})


def _refused(user: LinkedInUser, error: GrantDead) -> None:
    """LinkedIn gives no new token: for good only where it leaves no doubt."""
    end = user.refresh_expires_at
    if end is not None and end <= clock.now():
        clients.bury(user, State.EXPIRED)
    elif isinstance(error, GrantRevoked):
        clients.bury(user, State.REVOKED)
    else:
        _look_behind(user, error)


def _look_behind(user: LinkedInUser, error: GrantDead) -> None:
    # LinkedIn says the same of a request that it does not understand.
    try:
        dead = _death(user)
    except LeadferryError as exc:
        _wait(user, exc)
        return
    if dead is None:
        _wait(user, error)
        return
    clients.with_same_token(user).update(refresh_token="")
    user.refresh_token = ""
    try:
        clients.note_dead_token(user, TokenDead(str(error), reason=dead))
    except TemporaryError as exc:
        _wait(user, exc)


def _wait(user: LinkedInUser, error: LeadferryError) -> None:
    wait = min(_FIRST_WAIT_MS * 2 ** min(user.refresh_attempts, 20), _LONGEST_WAIT_MS)
    logger.warning(
        "token not renewed", extra={"user": user.pk, "why": type(error).__name__}
    )
    clients.with_same_token(user).update(
        refresh_due_at=clock.now_ms() + wait, refresh_attempts=F("refresh_attempts") + 1
    )


def _look_at(user: LinkedInUser) -> None:
    now = clock.now_ms()
    mine = clients.with_same_token(user).filter(look_due_at=user.look_due_at)
    if not mine.update(look_due_at=now + DAY_MS):
        return
    try:
        dead = _death(user)
        if dead is not None:
            clients.note_dead_token(
                user, TokenDead("LinkedIn says that it is over.", reason=dead)
            )
    except LeadferryError as exc:
        logger.warning(
            "token not looked at", extra={"user": user.pk, "why": type(exc).__name__}
        )
        clients.with_same_token(user).update(look_due_at=now + _LOOK_AGAIN_MS)


def _death(user: LinkedInUser) -> DeathReason | None:
    """What LinkedIn says a token died of; none while it is alive."""
    calls.note_calls(user, {"introspectToken": 1})
    said = clients.oauth().introspect(token=user.access_token)
    if said.active:
        return None
    return "expired" if said.status == "expired" else "revoked"
