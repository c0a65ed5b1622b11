"""Signing in at LinkedIn, and what a signed-in user can reach."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.integrations import clients
from leadferry.integrations.models import (
    AdAccount,
    AdAccountAccess,
    LinkedInApplication,
    LinkedInUser,
    SignIn,
)
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, RejectedError
from leadferry.kit.secrets import random_token
from leadferry.linkedin import wire
from leadferry.linkedin.errors import GrantDead

RETURN_PATH = "/linkedin/return"
_NO_TOKEN = "made-up"  # noqa: S105 - made up, as it says
_SIGN_IN_LIFE = timedelta(minutes=30)
# Pages roles with which LinkedIn lets a member read leads; the last two are tried.
READING_ROLES = frozenset(
    {
        "ADMINISTRATOR",
        "LEAD_GEN_FORMS_MANAGER",
        "CONTENT_ADMINISTRATOR",
        "CURATOR",
        "ANALYST",
    }
)


@dataclass(frozen=True, kw_only=True)
class AdAccountOffer:
    """An ad account that a user can see, and why it cannot be used, if so."""

    account_id: int
    name: str
    role: str
    organization_id: int | None
    problem: str


@transaction.atomic
def save_application(
    *,
    client_id: str,
    client_secret: str,
    scopes: str,
    api_version: str,
    second_secret: str = "",
    by: User | None,
) -> LinkedInApplication:
    """Store the application; the former secret still verifies notices."""
    held = LinkedInApplication.objects.select_for_update().first()
    application = held or LinkedInApplication()
    if second_secret:
        application.second_secret = second_secret
    elif held is not None and held.client_secret != client_secret:
        application.second_secret = held.client_secret
    application.client_id = client_id
    application.client_secret = client_secret
    application.scopes = scopes
    application.api_version = api_version
    application.save()
    audit.record("LinkedIn application saved", subject=client_id, by=by)
    return application


def try_application(*, client_id: str, client_secret: str) -> None:
    """Raise what LinkedIn has against id and secret; a made-up token tells enough."""
    try:
        clients.oauth_of(client_id, client_secret).introspect(token=_NO_TOKEN)
    except GrantDead:
        # LinkedIn knows the application and, as it should, not the token.
        return


def begin_sign_in(*, redirect_uri: str) -> tuple[SignIn, str]:
    """A sign-in that was begun, and the address at LinkedIn where it goes on."""
    application = clients.application()
    sign_in = SignIn.objects.create(state=random_token(32), redirect_uri=redirect_uri)
    address = clients.oauth().authorization_url(
        redirect_uri=redirect_uri,
        state=sign_in.state,
        scopes=application.scopes.split(),
    )
    return sign_in, address


def finish_sign_in(*, state: str, code: str, error: str) -> SignIn:
    """The user came back from LinkedIn; raises RejectedError for a foreign return."""
    sign_in = _take_sign_in(state)
    try:
        if error:
            raise RejectedError(_explain(error))
        sign_in.user = _connect_user(code=code, redirect_uri=sign_in.redirect_uri)
    except LeadferryError as exc:
        sign_in.problem = str(exc)[:500]
    sign_in.finished_at = clock.now()
    sign_in.save()
    return sign_in


def _take_sign_in(state: str) -> SignIn:
    oldest = clock.now() - _SIGN_IN_LIFE
    taken = SignIn.objects.filter(
        state=state, finished_at=None, started_at__gte=oldest
    ).update(finished_at=clock.now())
    if not taken:
        raise RejectedError(
            _(
                "This return from LinkedIn was not asked for, or is too old. "
                "Start again."
            )
        )
    sign_in = SignIn.objects.get(state=state)
    sign_in.finished_at = None
    return sign_in


def _explain(error: str) -> str:
    known = {
        "user_cancelled_login": _("The sign-in at LinkedIn was cancelled."),
        "user_cancelled_authorize": _("The permissions were refused at LinkedIn."),
        "unauthorized_scope_error": _(
            "LinkedIn has not granted one of the scopes to the application: request "
            "its products Advertising API, Lead Sync API and Sign In with LinkedIn."
        ),
    }
    return known.get(error, _("LinkedIn answered with an error: %s") % error[:100])


def _connect_user(*, code: str, redirect_uri: str) -> LinkedInUser:
    issued_at = clock.now()
    token = clients.oauth().exchange_code(code=code, redirect_uri=redirect_uri)
    probe = LinkedInUser(access_token=token.access_token)
    with clients.client_of(probe) as client:
        info = client.userinfo()
    values = {
        "name": info.name or info.sub,
        "email": info.email or "",
        "state": LinkedInUser.State.ACTIVE,
        "access_token": token.access_token,
        "refresh_token": token.refresh_token or "",
        "scopes": " ".join(token.scopes),
        "token_issued_at": issued_at,
        "expires_at": issued_at + timedelta(seconds=token.expires_in),
        "refresh_expires_at": _refresh_end(token, issued_at),
        "connected_at": issued_at,
    }
    with transaction.atomic():
        user, _made = LinkedInUser.objects.update_or_create(
            sub=info.sub, defaults=values
        )
        audit.record("LinkedIn user connected", subject=str(user.pk), by=None)
    return user


def _refresh_end(token: wire.TokenAnswer, issued_at: datetime) -> datetime | None:
    if not token.refresh_token or not token.refresh_token_expires_in:
        return None
    # LinkedIn never extends a consent beyond a year.
    seconds = min(token.refresh_token_expires_in, 365 * 24 * 3600)
    return issued_at + timedelta(seconds=seconds)


def offers(user: LinkedInUser) -> list[AdAccountOffer]:
    """The ad accounts that LinkedIn shows this user, usable ones first."""
    with clients.client_of(user) as client:
        roles = {
            row.account_id: row.role
            for row in client.ad_account_users()
            if row.account_id is not None
        }
        accounts = list(client.ad_accounts())
        readable = _readable_organizations(list(client.organization_acls()))
    made = [_offer(account, roles, readable) for account in accounts]
    return sorted(made, key=lambda offer: (bool(offer.problem), offer.name))


def _readable_organizations(acls: list[wire.OrganizationAcl]) -> set[int]:
    return {
        acl.organization_id
        for acl in acls
        if acl.role in READING_ROLES and acl.organization_id is not None
    }


def _offer(
    account: wire.AdAccount, roles: dict[int, str], readable: set[int]
) -> AdAccountOffer:
    organization = account.organization_id
    problem = ""
    if account.id not in roles:
        problem = _("You have no role in this ad account.")
    elif organization is None:
        problem = _("The ad account has no company page: add one in Campaign Manager.")
    elif organization not in readable:
        problem = _(
            "You need the role Super admin or Lead gen forms manager on its company "
            "page."
        )
    return AdAccountOffer(
        account_id=account.id,
        name=account.name or str(account.id),
        role=roles.get(account.id, ""),
        organization_id=organization,
        problem=problem,
    )


@transaction.atomic
def give_access(*, user: LinkedInUser, offer: AdAccountOffer) -> AdAccount:
    """The user ticked this ad account; raises RejectedError where it cannot be used."""
    if offer.problem:
        raise RejectedError(f"{offer.name}: {offer.problem}")
    account, _made = AdAccount.objects.update_or_create(
        account_id=offer.account_id,
        defaults={"name": offer.name, "organization_id": offer.organization_id},
    )
    AdAccountAccess.objects.update_or_create(
        user=user, ad_account=account, defaults={"role": offer.role}
    )
    audit.record("ad account added", subject=str(offer.account_id), by=None)
    return account
