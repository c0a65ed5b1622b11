"""What a person has been told."""

from django.db.models import QuerySet

from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage


def messages_of(person: User) -> QuerySet[SystemMessage]:
    """The person's messages, newest first."""
    return SystemMessage.objects.filter(person=person).order_by("-at", "-id")


def unread_count(person: User) -> int:
    """How many messages the person has not opened."""
    return SystemMessage.objects.filter(person=person, read_at=None).count()
