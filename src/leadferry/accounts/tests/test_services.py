import pytest
from django.contrib.auth.models import Group

from leadferry.accounts import services
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import AuditRow, User
from leadferry.kit.errors import RejectedError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _roles() -> None:
    services.ensure_roles()


def test_the_first_administrator_is_made_once() -> None:
    password = services.make_first_administrator()
    user = User.objects.get()
    assert password is not None
    assert user.check_password(password)
    assert user.must_change_password
    assert user.has_perm("accounts.manage_users")
    assert services.make_first_administrator() is None


def test_sales_sees_leads_but_changes_no_integration() -> None:
    user = User.objects.create(username="sam")
    user.groups.set(Group.objects.filter(name=services.SALES))
    assert user.has_perm("leads.view_lead")
    assert not user.has_perm("integrations.manage_integrations")


def test_a_role_that_was_changed_stays_changed() -> None:
    group = Group.objects.get(name=services.SALES)
    group.permissions.clear()
    services.ensure_roles()
    assert not group.permissions.exists()


def test_a_reset_password_is_to_be_changed() -> None:
    User.objects.create(username="ada", is_active=False)
    password = services.reset_password(username="ada")
    user = User.objects.get()
    assert user.check_password(password)
    assert user.must_change_password
    assert user.is_active
    with pytest.raises(RejectedError, match="no user named bob"):
        services.reset_password(username="bob")


@pytest.mark.parametrize("new", ["short", "password123", "the-same-one-again"])
def test_a_weak_or_unchanged_password_is_refused(new: str) -> None:
    user = User(username="ada")
    user.set_password("the-same-one-again")
    user.save()
    with pytest.raises(RejectedError):
        services.change_password(user=user, new=new)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(RejectedError, match="Nonsense"):
        system_settings.write("Nonsense", "1", by=None)
    assert system_settings.read(system_settings.TIME_ZONE) == "UTC"


def test_every_change_leaves_an_audit_row() -> None:
    services.make_first_administrator()
    services.reset_password(username="admin")
    user = User.objects.get()
    services.change_password(user=user, new="another-long-password")
    system_settings.write(system_settings.TIME_ZONE, "Europe/Kyiv", by=user)
    verbs = list(AuditRow.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == [
        "user created", "password reset", "password changed", "setting changed",
    ]  # fmt: skip
