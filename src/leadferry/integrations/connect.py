"""The application at LinkedIn, and what a signed-in user can reach."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.integrations import clients
from leadferry.integrations.models import (
    AdAccount,
    AdAccountAccess,
    Integration,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.jobs.models import Inquiry
from leadferry.kit.errors import RejectedError
from leadferry.linkedin import wire
from leadferry.linkedin.errors import GrantDead

APPLICATION_TOPIC = "application"
_NO_TOKEN = "made-up"  # noqa: S105 - made up, as it says
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


def offers_topic(user: LinkedInUser) -> str:
    """The inquiry after the ad accounts of a user."""
    return f"ad-accounts-{user.pk}"


def offers_in(inquiry: Inquiry) -> list[AdAccountOffer]:
    """The ad accounts that a worker found."""
    return [AdAccountOffer(**row) for row in inquiry.answer.get("offers", [])]


def offers(user: LinkedInUser) -> list[AdAccountOffer]:
    """The ad accounts that LinkedIn shows this user, usable ones first."""
    with clients.client_of(user) as client:
        roles = {
            row.account_id: row.role
            for row in client.ad_account_users()
            if row.account_id is not None
        }
        accounts = list(client.ad_accounts())
        readable = readable_organizations(list(client.organization_acls()))
    made = [_offer(account, roles, readable) for account in accounts]
    return sorted(made, key=lambda offer: (bool(offer.problem), offer.name))


def readable_organizations(acls: list[wire.OrganizationAcl]) -> set[int]:
    """The pages whose leads a member with these roles may read."""
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
        user=user,
        ad_account=account,
        defaults={
            "role": offer.role,
            "refused_at": None,
            "refused_reason": "",
            "ask_again_at": None,
        },
    )
    audit.record("ad account added", subject=str(offer.account_id), by=None)
    return account


@transaction.atomic
def tick(
    user: LinkedInUser,
    offers: Sequence[AdAccountOffer],
    ticked: set[int],
    *,
    by: User | None,
) -> None:
    """Exactly the ticked ad accounts are reached through this user from now on.

    Raises RejectedError where nothing is left, or where an integration would lose its
    only way to its ad account.
    """
    chosen = [o for o in offers if o.account_id in ticked and not o.problem]
    shown = {offer.account_id for offer in offers if not offer.problem}
    held = AdAccountAccess.objects.filter(user=user).select_related("ad_account")
    if not chosen and not held.exclude(ad_account__account_id__in=shown).exists():
        raise RejectedError(_("Tick at least one ad account."))
    for access in held.filter(ad_account__account_id__in=shown - ticked):
        _take_access(access, by=by)
    for offer in chosen:
        give_access(user=user, offer=offer)


def _take_access(access: AdAccountAccess, *, by: User | None) -> None:
    account = access.ad_account
    others = account.accesses.exclude(pk=access.pk).exists()
    integration = Integration.objects.filter(ad_account=account).first()
    if integration is not None and not others:
        raise RejectedError(
            _(
                "%(account)s must stay ticked: %(name)s imports from it, and no other "
                "user reaches it."
            )
            % {"account": account.name, "name": integration.name}
        )
    access.delete()
    audit.record("ad account access removed", subject=str(account.account_id), by=by)
