"""Every write to people and roles."""

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.kit.secrets import random_token

ADMINISTRATORS = "Administrators"
MARKETERS = "Marketers"
SALES = "Sales"

ROLE_PERMISSIONS: dict[str, tuple[str, ...]] = {
    ADMINISTRATORS: (
        "accounts.manage_users",
        "accounts.manage_settings",
        "integrations.manage_integrations",
        "leads.view_lead",
        "leads.change_lead",
    ),
    MARKETERS: (
        "integrations.manage_integrations",
        "leads.view_lead",
        "leads.change_lead",
    ),
    SALES: ("leads.view_lead", "leads.change_lead"),
}


def ensure_roles() -> None:
    """The roles that come with the product, each with its permissions."""
    for role, codes in ROLE_PERMISSIONS.items():
        group, made = Group.objects.get_or_create(name=role)
        if made:
            group.permissions.set(_permissions(codes))


def _permissions(codes: tuple[str, ...]) -> list[Permission]:
    found = []
    for code in codes:
        app, codename = code.split(".")
        found.append(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return found


@transaction.atomic
def make_first_administrator() -> str | None:
    """The random password of a new administrator, or none where people exist."""
    if User.objects.exists():
        return None
    password = random_token(12)
    user = User(username="admin", name="Administrator", must_change_password=True)
    user.set_password(password)
    user.save()
    user.groups.add(Group.objects.get(name=ADMINISTRATORS))
    audit.record("user created", subject="admin", by=None)
    return password


@transaction.atomic
def reset_password(*, username: str) -> str:
    """A new random password, to be changed at the next sign-in."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise RejectedError(f"There is no user named {username}.")
    password = random_token(12)
    user.set_password(password)
    user.must_change_password = True
    user.is_active = True
    user.save()
    audit.record("password reset", subject=username, by=None)
    return password


@transaction.atomic
def change_password(*, user: User, new: str) -> None:
    """Store a password of the person's own; raises RejectedError with the reasons."""
    try:
        validate_password(new, user)
    except ValidationError as exc:
        raise RejectedError(" ".join(exc.messages)) from exc
    if user.check_password(new):
        raise RejectedError(_("The new password must differ from the present one."))
    user.set_password(new)
    user.must_change_password = False
    user.save()
    audit.record("password changed", subject=user.username, by=user)


@transaction.atomic
def set_password(*, username: str, password: str) -> None:
    """Set a known password, for a demonstration on this machine only."""
    user = User.objects.get(username=username)
    user.set_password(password)
    user.must_change_password = False
    user.save()
    audit.record("password set", subject=username, by=None)
