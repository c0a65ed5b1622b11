"""Users, roles, settings, email, profile: the pages of System Designer."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from leadferry.accounts import mail, passwords, services
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import AuditRow, Mail, User
from leadferry.alerts.tests.test_alerts import person
from tests.support.smtp import Mailbox, running_smtp

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def ada() -> User:
    return person("ada", services.ADMINISTRATORS)


@pytest.fixture
def admin(client: Client, ada: User, worker_at_once: None) -> Client:
    client.force_login(ada)
    return client


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_smtp() as running:
        yield running


def text_of(client: Client, path: str) -> str:
    return client.get(path, follow=True).content.decode()


def test_settings_are_found_by_code_and_applied(admin: Client) -> None:
    page = text_of(admin, "/system/settings?search=identityserverURL")
    assert "IdentityServerUrl" in page
    assert "IdentityServerClientId" not in page
    assert "NoticeAddressKey" not in text_of(admin, "/system/settings")
    path = "/system/settings/IdentityServerUrl"
    assert admin.post(path, {"value": "no address"}).status_code == 422
    admin.post(path, {"value": "https://id.example.com"})
    assert "https://id.example.com" in text_of(admin, "/system/settings")
    assert admin.get("/system/settings/NoticeAddressKey").status_code == 404
    assert admin.get("/system/settings/Unknown").status_code == 404
    assert AuditRow.objects.filter(verb="setting changed").exists()


def test_a_secret_setting_is_never_shown(admin: Client) -> None:
    path = "/system/settings/IdentityServerClientSecret"
    admin.post(path, {"value": "hush-hush"})
    for page in (text_of(admin, path), text_of(admin, "/system/settings")):
        assert "hush-hush" not in page
        assert "never shown" in page
    admin.post(path, {"value": ""})
    read = system_settings.read
    assert read(system_settings.IDENTITY_SERVER_CLIENT_SECRET) == "hush-hush"
    admin.post(path, {"value": "", "clear": "1"})
    assert read(system_settings.IDENTITY_SERVER_CLIENT_SECRET) == ""


def test_the_time_zone_of_the_instance_and_of_a_person(
    admin: Client, ada: User
) -> None:
    path = "/system/settings/TimeZone"
    assert admin.post(path, {"value": "Mars/Olympus"}).status_code == 422
    admin.post(path, {"value": "Asia/Tokyo"})
    assert "As the instance (Asia/Tokyo)" in text_of(admin, "/profile")
    filled = {"name": "Ada", "email": "", "language": "en", "theme": "dark"}
    admin.post("/profile", filled | {"time_zone": "Europe/Berlin"})
    ada.refresh_from_db()
    assert (ada.time_zone, ada.theme, ada.wants_mail) == (
        "Europe/Berlin",
        "dark",
        False,
    )
    assert 'data-theme="dark"' in text_of(admin, "/profile")
    admin.post("/profile/theme", {"theme": "light"})
    assert 'data-theme="light"' in text_of(admin, "/profile")
    admin.post("/profile/theme", {"theme": "pink"})
    assert 'data-theme="light"' in text_of(admin, "/profile")
    User.objects.update(time_zone="Gone/Away")
    assert admin.get("/profile").status_code == 200


def test_e_mail_is_set_up_and_tested(
    admin: Client, ada: User, mailbox: Mailbox
) -> None:
    filled = {
        "host": "127.0.0.1", "port": mailbox.port, "security": "none", "user": "",
        "password": "", "sender": "",
    }  # fmt: skip
    refused = admin.post("/system/email", filled)
    assert "Say with which address" in refused.content.decode()
    admin.post("/system/email", filled | {"sender": "crm@example.com"})
    admin.post("/system/email/test")
    assert "has no email address" in text_of(admin, "/system/email")
    ada.email = "ada@example.com"
    ada.save()
    admin.post("/system/email/test")
    assert "The SMTP server took the test" in text_of(admin, "/system/email")
    assert len(mailbox.messages) == 1
    Mail.objects.create(person=ada, subject="S", body="B", problem="It is away.")
    page = text_of(admin, "/system/email")
    assert "1 email waits" in page
    assert "It is away." in page


def test_a_person_is_invited_by_hand(admin: Client) -> None:
    system_settings.write(system_settings.URL_TO_GET_LEADS, "https://h", by=None)
    sales = Group.objects.get(name=services.SALES)
    bad = admin.post("/system/users/new", {"username": "a b", "groups": [sales.pk]})
    assert "Letters, digits" in bad.content.decode()
    new = {"username": "sam", "name": "Sam", "email": "", "groups": [sales.pk]}
    page = admin.post("/system/users/new", new).content.decode()
    assert f"https://h{passwords.LINK_PATH}" in page
    again = admin.post("/system/users/new", new)
    assert "already" in again.content.decode()
    sam = User.objects.get(username="sam")
    assert list(sam.groups.all()) == [sales]
    assert "Invited" in text_of(admin, "/system/users")
    link = passwords.link_for(sam).removeprefix("https://h")
    guest = Client()
    assert "For the user sam" in text_of(guest, link)
    wrong = guest.post(link, {"new": "good-long-words", "again": "others"})
    assert wrong.status_code == 422
    weak = guest.post(link, {"new": "short", "again": "short"})
    assert weak.status_code == 422
    done = guest.post(
        link, {"new": "good-long-words", "again": "good-long-words"}, follow=True
    )
    assert "Sign in with it" in done.content.decode()
    assert guest.get(link).status_code == 410
    signed = guest.post("/sign-in", {"username": "sam", "password": "good-long-words"})
    assert signed.status_code == 302


def test_an_invitation_without_an_address_of_the_instance_says_what_is_missing(
    admin: Client,
) -> None:
    new = {"username": "sam", "name": "Sam", "email": ""}
    answer = admin.post("/system/users/new", new)
    assert "Url to get leads" in answer.content.decode()
    assert not User.objects.filter(username="sam").exists()


def test_the_last_administrator_stays(admin: Client, ada: User) -> None:
    path = f"/system/users/{ada.pk}"
    page = admin.post(path, {"name": "", "email": "", "groups": []})
    assert "cannot switch yourself off" in page.content.decode()
    page = admin.post(path, {"name": "", "email": "", "groups": [], "is_active": "on"})
    assert "Nobody would be left who manages users" in page.content.decode()
    ada.refresh_from_db()
    assert ada.is_active
    assert ada.groups.exists()


def test_a_person_is_switched_off(admin: Client) -> None:
    sam = person("sam", services.SALES)
    guest = Client()
    guest.force_login(sam)
    assert guest.get("/leads/").status_code == 200
    admin.post(f"/system/users/{sam.pk}", {"name": "Sam", "email": "", "groups": []})
    assert guest.get("/leads/").status_code == 302
    assert "Off" in text_of(admin, f"/system/users/{sam.pk}")


def test_fifty_people_a_page(admin: Client) -> None:
    User.objects.bulk_create(
        User(username=f"u{number:03}", name="Person") for number in range(120)
    )
    first = text_of(admin, "/system/users")
    assert "u048" in first
    assert "u050" not in first
    assert "u119" in text_of(admin, "/system/users?page=3")
    assert "Nobody matches" in text_of(admin, "/system/users?search=zzz")
    assert "u077" in text_of(admin, "/system/users?search=077+person")


def test_roles_are_made_changed_and_deleted(admin: Client) -> None:
    view = Permission.objects.get(codename="view_lead")
    admin.post("/system/roles/new", {"name": "Readers", "permissions": [view.pk]})
    role = Group.objects.get(name="Readers")
    path = f"/system/roles/{role.pk}"
    assert "see leads" in text_of(admin, path)
    taken = admin.post("/system/roles/new", {"name": "readers"})
    assert "already" in taken.content.decode()
    system_settings.write(system_settings.NOTIFICATION_ROLE, str(role.pk), by=None)
    page = admin.post(f"{path}/delete").content.decode()
    assert "0 people have the role Readers" in page
    refused = admin.post(f"{path}/delete", {"confirmed": "1"}, follow=True)
    assert "receives the notifications" in refused.content.decode()
    system_settings.write(system_settings.NOTIFICATION_ROLE, "", by=None)
    admin.post(f"{path}/delete", {"confirmed": "1"})
    assert not Group.objects.filter(name="Readers").exists()


def test_the_role_of_the_last_administrator_stays(admin: Client) -> None:
    role = Group.objects.get(name=services.ADMINISTRATORS)
    path = f"/system/roles/{role.pk}"
    page = admin.post(path, {"name": role.name, "permissions": []})
    assert "Nobody would be left" in page.content.decode()
    page = admin.post(f"{path}/delete", {"confirmed": "1"}, follow=True)
    assert "Nobody would be left" in page.content.decode()
    assert Group.objects.filter(pk=role.pk).exists()


def test_the_answer_to_a_forgotten_password_tells_nobody_who_exists(
    client: Client, mailbox: Mailbox, ada: User, worker_at_once: None
) -> None:
    assert "sends no email" in text_of(client, "/forgotten-password")
    mail.configure(
        {
            system_settings.SMTP_HOST: "127.0.0.1",
            system_settings.SMTP_PORT: str(mailbox.port),
            system_settings.SMTP_SECURITY: "none",
            system_settings.SMTP_FROM: "crm@example.com",
        },
        by=None,
    )
    system_settings.write(system_settings.URL_TO_GET_LEADS, "https://h", by=None)
    ada.email = "ada@example.com"
    ada.save()
    pages = [
        client.post("/forgotten-password", {"name": name}, follow=True).content
        for name in ("ada", "nobody")
    ]
    shown = [page.partition(b"<h2")[2] for page in pages]
    assert shown[0] == shown[1]
    assert b"If there is such a user" in shown[0]
    assert len(mailbox.messages) == 1
    assert f"https://h{passwords.LINK_PATH}" in mailbox.texts()[0]
