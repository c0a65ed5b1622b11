"""Email through a real SMTP server, and what happens when it fails."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from leadferry.accounts import mail, passwords, services, settings
from leadferry.accounts.models import Mail, SystemSetting, User
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError, SetupError, TemporaryError
from tests.support.ports import free_port
from tests.support.smtp import Mailbox, running_smtp

pytestmark = pytest.mark.django_db

BASE = "https://crm.example.com"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_smtp() as running:
        configure(running.port)
        yield running


def configure(port: int, **more: str) -> None:
    mail.configure(
        {
            settings.SMTP_HOST: "127.0.0.1",
            settings.SMTP_PORT: str(port),
            settings.SMTP_SECURITY: "none",
            settings.SMTP_FROM: "leadferry@example.com",
            **more,
        },
        by=None,
    )


def person(email: str = "mia@example.com") -> User:
    services.ensure_roles()
    return User.objects.create(username="mia", email=email)


def due_again() -> None:
    Mail.objects.update(due_at=clock.now() - timedelta(seconds=1))


def test_what_is_posted_is_sent_and_forgotten(mailbox: Mailbox) -> None:
    assert mail.post(person(), subject="Größe", body="Zwölf 你好")
    mail.send_waiting()
    assert mailbox.texts() == ["Zwölf 你好"]
    assert mailbox.messages[0]["To"] == "mia@example.com"
    assert not Mail.objects.exists()
    mail.send_waiting()
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("email", ["", "mia@example.com"])
def test_without_address_or_server_nothing_waits(email: str) -> None:
    assert mail.post(person(email), subject="S", body="B") is None
    assert not Mail.objects.exists()


def test_a_server_that_is_away_is_asked_again_later(mailbox: Mailbox) -> None:
    mail.post(person(), subject="S", body="B")
    configure(free_port())
    mail.send_waiting()
    waiting = Mail.objects.get()
    assert "cannot be reached" in waiting.problem
    assert waiting.due_at > clock.now() + timedelta(seconds=50)
    mail.send_waiting()
    configure(mailbox.port)
    mail.send_waiting()
    assert mailbox.messages == []
    due_again()
    mail.send_waiting()
    assert len(mailbox.messages) == 1


def test_after_a_day_it_is_given_up(mailbox: Mailbox) -> None:
    mail.post(person(), subject="S", body="B")
    configure(free_port())
    Mail.objects.update(created_at=clock.now() - timedelta(hours=25))
    mail.send_waiting()
    assert Mail.objects.get().given_up
    configure(mailbox.port)
    due_again()
    mail.send_waiting()
    assert mailbox.messages == []


@pytest.mark.parametrize(
    ("refusal", "is_over"), [("550 No such user", True), ("451 Try later", False)]
)
def test_a_refused_recipient(
    mailbox: Mailbox,
    refusal: str,
    *,
    is_over: bool,
) -> None:
    mail.post(person(), subject="S", body="B")
    mailbox.refusal = refusal
    mail.send_waiting()
    assert Mail.objects.get().given_up is is_over


def test_a_sign_in_at_the_server() -> None:
    with running_smtp(password="right") as running:
        configure(
            running.port, **{settings.SMTP_USER: "u", settings.SMTP_PASSWORD: "wrong"}
        )
        with pytest.raises(TemporaryError, match="535"):
            mail.send_test(person())
        configure(running.port, **{settings.SMTP_PASSWORD: "right"})
        configure(running.port, **{settings.SMTP_PASSWORD: ""})
        assert mail.send_test(User.objects.get()) == "mia@example.com"
        assert len(running.messages) == 1


def test_a_test_without_an_address_says_so() -> None:
    with pytest.raises(SetupError, match="no email address"):
        mail.send_test(person(""))


def test_the_password_of_the_server_is_not_readable_in_the_database() -> None:
    configure(25, **{settings.SMTP_PASSWORD: "very-secret"})
    stored = SystemSetting.objects.get(code=settings.SMTP_PASSWORD)
    assert "very-secret" not in stored.value
    assert settings.read(settings.SMTP_PASSWORD) == "very-secret"


def link_in(text: str) -> str:
    return text.strip().splitlines()[-1].removeprefix(f"{BASE}{passwords.LINK_PATH}")


def test_a_forgotten_password(mailbox: Mailbox) -> None:
    settings.write(settings.URL_TO_GET_LEADS, BASE, by=None)
    mia = person()
    mia.set_password("old-password-here")
    mia.save()
    services.forgot_password(name="MIA@example.com")
    services.forgot_password(name="nobody")
    mail.send_waiting()
    (text,) = mailbox.texts()
    token = link_in(text)
    with pytest.raises(RejectedError, match="too short"):
        services.choose_password(token=token, new="short")
    services.choose_password(token=token, new="another-fine-word")
    mia.refresh_from_db()
    assert mia.check_password("another-fine-word")
    with pytest.raises(RejectedError, match="used already"):
        services.choose_password(token=token, new="and-once-more-here")


def test_links_end(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.write(settings.URL_TO_GET_LEADS, BASE, by=None)
    mia = person()
    mia.set_password("old-password-here")
    mia.save()
    real = clock.now_ms
    token = passwords.link_for(mia).rpartition("/")[2]
    assert passwords.person_of(token) == mia
    monkeypatch.setattr(clock, "now_ms", lambda: real() + 3 * 3600 * 1000)
    with pytest.raises(RejectedError):
        passwords.person_of(token)
    mia.set_unusable_password()
    mia.save()
    invited = passwords.link_for(mia).rpartition("/")[2]
    monkeypatch.setattr(clock, "now_ms", lambda: real() + 6 * 86_400_000)
    assert passwords.person_of(invited) == mia
    User.objects.update(is_active=False)
    with pytest.raises(RejectedError):
        passwords.person_of(invited)
    with pytest.raises(RejectedError):
        passwords.person_of("forged")


def test_an_invitation_goes_by_e_mail_or_by_hand(mailbox: Mailbox) -> None:
    settings.write(settings.URL_TO_GET_LEADS, BASE, by=None)
    boss = person()
    new, link = services.invite(
        username="sam", name="Sam", email="sam@example.com", roles=[], by=boss
    )
    assert link == ""
    mail.send_waiting()
    assert passwords.person_of(link_in(mailbox.texts()[0])) == new
    _other, link = services.invite(username="kim", name="", email="", roles=[], by=boss)
    assert link.startswith(f"{BASE}{passwords.LINK_PATH}")
    with pytest.raises(RejectedError, match="already"):
        services.invite(username="KIM", name="", email="", roles=[], by=boss)
