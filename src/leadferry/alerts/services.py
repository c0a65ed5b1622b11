"""Telling people what needs them."""

from django.contrib.auth.models import Permission

from leadferry.accounts import settings
from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage
from leadferry.kit import clock

RECEIVERS_PERMISSION = "manage_integrations"


def tell(*, topic: str, title: str, text: str) -> int:
    """A message to the people of the role in the settings; returns how many are new.

    While a person has not read the last message of a topic, no second is made.
    """
    messages = [
        SystemMessage(person=person, topic=topic, title=title, text=text)
        for person in _receivers()
    ]
    before = SystemMessage.objects.filter(topic=topic, read_at=None).count()
    SystemMessage.objects.bulk_create(messages, ignore_conflicts=True)
    return SystemMessage.objects.filter(topic=topic, read_at=None).count() - before


def _receivers() -> list[User]:
    role = settings.read(settings.NOTIFICATION_ROLE)
    if role:
        return list(User.objects.filter(is_active=True, groups=int(role)))
    permission = Permission.objects.filter(codename=RECEIVERS_PERMISSION)
    people = User.objects.filter(is_active=True, groups__permissions__in=permission)
    return list(people.distinct())


def mark_read(*, person: User) -> int:
    """All messages of the person are read; returns how many were not."""
    unread = SystemMessage.objects.filter(person=person, read_at=None)
    return unread.update(read_at=clock.now())
