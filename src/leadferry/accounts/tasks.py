"""Email goes out in a worker."""

from leadferry.accounts import mail
from leadferry.accounts.models import User
from leadferry.jobs import inquiries
from leadferry.jobs.registry import HOUSEKEEPING, WAITED_FOR, every, task


@every(seconds=30)
@task(queue=HOUSEKEEPING)
def send_mails() -> None:
    """Send what waits in the outbox."""
    mail.send_waiting()


@task(queue=WAITED_FOR)
def send_test_mail(user_id: int) -> None:
    """Send a test to the person who asked for it."""

    def work() -> dict[str, str]:
        return {"to": mail.send_test(User.objects.get(pk=user_id))}

    inquiries.answer(mail_test_topic(user_id), work)


def mail_test_topic(user_id: int) -> str:
    """The inquiry after a test email to this person."""
    return f"mail-test-{user_id}"
