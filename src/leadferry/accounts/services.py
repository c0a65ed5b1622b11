"""Every write to people and roles."""

from collections.abc import Sequence

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from leadferry.accounts import audit, mail, passwords, settings
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
    _check_password(new, user)
    if user.check_password(new):
        raise RejectedError(_("The new password must differ from the present one."))
    user.set_password(new)
    user.must_change_password = False
    user.save()
    audit.record("password changed", subject=user.username, by=user)


def _check_password(new: str, user: User) -> None:
    try:
        validate_password(new, user)
    except ValidationError as exc:
        raise RejectedError(" ".join(exc.messages)) from exc


@transaction.atomic
def set_password(*, username: str, password: str) -> None:
    """Set a known password, for a demonstration on this machine only."""
    user = User.objects.get(username=username)
    user.set_password(password)
    user.must_change_password = False
    user.save()
    audit.record("password set", subject=username, by=None)


@transaction.atomic
def choose_password(*, token: str, new: str) -> User:
    """The password of whoever holds the link; raises RejectedError with the reasons."""
    person = passwords.person_of(token)
    _check_password(new, person)
    person.set_password(new)
    person.must_change_password = False
    person.save()
    audit.record("password chosen", subject=person.username, by=person)
    return person


def forgot_password(*, name: str) -> None:
    """An email with a link to everybody with this user name or email address."""
    people = User.objects.filter(Q(username=name) | Q(email__iexact=name))
    for person in people.filter(is_active=True).exclude(email="")[:5]:
        mail.post(
            person,
            subject=_("Choose a new password for Leadferry"),
            body=_(
                "Somebody, probably you, asked for a new password of the user "
                "%(name)s. The link is good for two hours and for one use. If it was "
                "not you, nothing needs to be done."
            )
            % {"name": person.username},
            with_link=True,
        )


@transaction.atomic
def invite(
    *, username: str, name: str, email: str, roles: Sequence[Group], by: User
) -> tuple[User, str]:
    """A new person; the link to a first password, empty where it went by email."""
    if User.objects.filter(username__iexact=username).exists():
        raise RejectedError(_("There is a user with this name already."))
    person = User(username=username, name=name, email=email)
    person.set_unusable_password()
    person.save()
    person.groups.set(roles)
    audit.record("user invited", subject=username, by=by)
    return person, invite_again(person, by=by)


def invite_again(person: User, *, by: User) -> str:
    """The link to choose a password, empty where it went by email."""
    posted = mail.post(
        person,
        subject=_("You are invited to Leadferry"),
        body=_("%(by)s made a user for you: %(name)s. Choose a password here.")
        % {"by": by, "name": person.username},
        with_link=True,
    )
    audit.record("password link made", subject=person.username, by=by)
    return "" if posted else passwords.link_for(person)


@transaction.atomic
def change_person(
    person: User,
    *,
    name: str,
    email: str,
    roles: Sequence[Group],
    is_active: bool,
    by: User,
) -> None:
    """Name, address, roles and whether the person may sign in."""
    if person == by and not is_active:
        raise RejectedError(_("You cannot switch yourself off."))
    person.name, person.email, person.is_active = name, email, is_active
    person.save(update_fields=["name", "email", "is_active"])
    person.groups.set(roles)
    _keep_an_administrator()
    audit.record("user changed", subject=person.username, by=by)


def _keep_an_administrator() -> None:
    managing = Permission.objects.filter(codename="manage_users")
    left = User.objects.filter(is_active=True, groups__permissions__in=managing)
    if not left.exists():
        raise RejectedError(
            _("Nobody would be left who manages users: give somebody that right first.")
        )


@transaction.atomic
def save_role(
    role: Group | None, *, name: str, permissions: Sequence[str], by: User
) -> Group:
    """A role and what it opens; permissions by their ids."""
    others = Group.objects.exclude(pk=role.pk) if role else Group.objects.all()
    if others.filter(name__iexact=name).exists():
        raise RejectedError(_("There is a role with this name already."))
    kept = role or Group()
    kept.name = name
    kept.save()
    kept.permissions.set(role_permissions().filter(pk__in=permissions))
    _keep_an_administrator()
    audit.record("role saved", subject=str(kept.pk), by=by)
    return kept


@transaction.atomic
def delete_role(role: Group, *, by: User) -> None:
    """Its people lose what only it opened; raises RejectedError where it is needed."""
    if settings.read(settings.NOTIFICATION_ROLE) == str(role.pk):
        raise RejectedError(
            _("This role receives the notifications: choose another one first.")
        )
    audit.record("role deleted", subject=str(role.pk), by=by)
    role.delete()
    _keep_an_administrator()


def role_permissions() -> QuerySet[Permission]:
    """What a role can open, in the order of the catalogue."""
    codes = [code.partition(".")[2] for code in ROLE_PERMISSIONS[ADMINISTRATORS]]
    return Permission.objects.filter(codename__in=codes).order_by("codename")
