"""Telling people what needs them."""

from datetime import datetime, timedelta

from django.contrib.auth.models import Permission
from django.db.models import F, Q

from leadferry.accounts import mail, settings
from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage
from leadferry.kit import clock

RECEIVERS_PERMISSION = "manage_integrations"
# Within this time the same matter is one message with a count.
_SAME = timedelta(hours=1)
_WORTH_A_MESSAGE = timedelta(minutes=2)


def tell(*, topic: str, title: str, text: str) -> int:
    """A message to the people of the role in the settings; returns how many are new.

    While a person has not read the last message of a topic, or within an hour of it,
    it is counted up instead.
    """
    return sum(
        _tell_one(person, topic=topic, title=title, text=text)
        for person in _receivers()
    )


def tell_of_the_end(*, since: datetime, topic: str, title: str, text: str) -> None:
    """A message that work is done, if it was so long that nobody waits for it."""
    if clock.now() - since >= _WORTH_A_MESSAGE:
        tell(topic=topic, title=title, text=text)


def _tell_one(person: User, *, topic: str, title: str, text: str) -> bool:
    now = clock.now()
    held = SystemMessage.objects.filter(person=person, topic=topic)
    same = held.filter(Q(read_at=None) | Q(last_at__gt=now - _SAME))
    newest = same.order_by("-pk").values_list("pk", flat=True).first()
    if newest is not None:
        counted = {"count": F("count") + 1, "last_at": now, "text": text}
        held.filter(pk=newest).update(**counted)
        return False
    message = SystemMessage(
        person=person, topic=topic, title=title, text=text, at=now, last_at=now
    )
    # Another worker may be telling the same.
    SystemMessage.objects.bulk_create([message], ignore_conflicts=True)
    if person.wants_mail:
        mail.post(person, subject=title, body=text)
    return True


def _receivers() -> list[User]:
    role = settings.read(settings.NOTIFICATION_ROLE)
    if role:
        return list(User.objects.filter(is_active=True, groups=int(role)))
    permission = Permission.objects.filter(codename=RECEIVERS_PERMISSION)
    people = User.objects.filter(is_active=True, groups__permissions__in=permission)
    return list(people.distinct())


def mark_read(*, person: User, message: int | None = None) -> int:
    """One message of the person, or all, are read; returns how many were not."""
    unread = SystemMessage.objects.filter(person=person, read_at=None)
    if message is not None:
        unread = unread.filter(pk=message)
    return unread.update(read_at=clock.now())


def mark_unread(*, person: User, message: int) -> None:
    """A message that the person wants to come back to."""
    mine = SystemMessage.objects.filter(person=person, pk=message)
    topics = mine.values("topic")
    waiting = SystemMessage.objects.filter(person=person, read_at=None)
    # A newer one of the same matter is unread already: one of them is enough.
    if not waiting.filter(topic__in=topics).exists():
        mine.update(read_at=None)
