"""Email by the instance's SMTP server: an outbox, and who sends it."""

from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from leadferry.accounts import passwords, settings
from leadferry.accounts.models import Mail, User
from leadferry.kit import clock
from leadferry.kit.errors import (
    LeadferryError,
    RejectedError,
    SetupError,
    TemporaryError,
)

_TIMEOUT_SECONDS = 15
_PAUSES = (1, 5, 15, 60)
_PATIENCE = timedelta(hours=24)


def is_set_up() -> bool:
    """Whether the instance can send email at all."""
    return bool(settings.read(settings.SMTP_HOST) and settings.read(settings.SMTP_FROM))


def post(
    person: User, *, subject: str, body: str, with_link: bool = False
) -> Mail | None:
    """Put an email into the outbox; none where it could never be sent."""
    if not (person.email and person.is_active and is_set_up()):
        return None
    return Mail.objects.create(
        person=person, subject=subject[:250], body=body, with_link=with_link
    )


def send_waiting() -> None:
    """Send what is due; what fails waits longer each time, for a day."""
    due = Mail.objects.filter(given_up=False, due_at__lte=clock.now())
    for mail in due.select_related("person").order_by("pk")[:200]:
        # Whoever claims it sends it: another worker sees a later due time.
        claimed = Mail.objects.filter(pk=mail.pk, due_at=mail.due_at).update(
            due_at=clock.now() + timedelta(minutes=_pause(mail.attempts)),
            attempts=mail.attempts + 1,
        )
        if claimed:
            _send_claimed(mail)


def _pause(attempts: int) -> int:
    return _PAUSES[min(attempts, len(_PAUSES) - 1)]


def _send_claimed(mail: Mail) -> None:
    try:
        with translation.override(mail.person.language or None):
            body = mail.body
            if mail.with_link:
                body = f"{body}\n\n{passwords.link_for(mail.person)}\n"
            send(mail.person.email, subject=mail.subject, body=body)
    except LeadferryError as exc:
        late = clock.now() - mail.created_at > _PATIENCE
        over = late or isinstance(exc, RejectedError)
        Mail.objects.filter(pk=mail.pk).update(problem=str(exc)[:500], given_up=over)
    else:
        mail.delete()


def send_test(person: User) -> str:
    """Send an email to this person now; returns the address, or raises what failed."""
    if not person.email:
        raise SetupError(_("Your own user has no email address: enter one first."))
    send(
        person.email,
        subject=_("Leadferry can send email"),
        body=_("This is the test that you asked for. Nothing needs to be done."),
    )
    return person.email


def send(to: str, *, subject: str, body: str) -> None:
    """Hand one email to the SMTP server; raises what its answer means."""
    if not is_set_up():
        raise SetupError(_("No SMTP server is set up."))
    backend = _backend()
    message = EmailMessage(
        subject=subject,
        body=body,
        from_email=settings.read(settings.SMTP_FROM),
        to=[to],
        connection=backend,
    )
    try:
        message.send()
    except SMTPRecipientsRefused as exc:
        code = next((code for code, _text in exc.recipients.values()), 0)
        refusal = _("The SMTP server refuses the recipient (%d).") % code
        # 4xx: it may take it later.
        kind = RejectedError if code >= 500 else TemporaryError
        raise kind(refusal) from exc
    except SMTPException as exc:
        said = str(getattr(exc, "smtp_code", type(exc).__name__))
        raise TemporaryError(_("The SMTP server answered: %s.") % said) from exc
    except (OSError, ValueError) as exc:
        raise TemporaryError(
            _("The SMTP server cannot be reached: %s.") % _reason(exc)
        ) from exc
    finally:
        # After a refused sign-in it would stay open.
        backend.close()


def _reason(exc: Exception) -> str:
    return str(getattr(exc, "strerror", None) or exc or type(exc).__name__)


def _backend() -> EmailBackend:
    security = settings.read(settings.SMTP_SECURITY)
    return EmailBackend(
        host=settings.read(settings.SMTP_HOST),
        port=int(settings.read(settings.SMTP_PORT)),
        username=settings.read(settings.SMTP_USER),
        password=settings.read(settings.SMTP_PASSWORD),
        use_tls=security == "starttls",
        use_ssl=security == "tls",
        timeout=_TIMEOUT_SECONDS,
    )


@transaction.atomic
def configure(values: dict[str, str], *, by: User | None) -> None:
    """Store the SMTP settings; an empty password keeps the stored one."""
    for code, value in values.items():
        if code == settings.SMTP_PASSWORD and not value:
            continue
        settings.write(code, value, by=by)
