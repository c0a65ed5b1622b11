"""What a person has been told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class MessagePage:
    """One page of messages, what was told last first."""

    messages: Sequence[SystemMessage]
    older: str


def message_page(
    person: User, *, unread_only: bool = False, search: str = "", before: str = ""
) -> MessagePage:
    """The person's messages; `before` is the `older` of the page before."""
    rows = SystemMessage.objects.filter(person=person).order_by("-last_at", "-pk")
    if unread_only:
        rows = rows.filter(read_at=None)
    for word in search.split():
        rows = rows.filter(Q(title__icontains=word) | Q(text__icontains=word))
    place = _place(before)
    if place is not None:
        at, pk = place
        rows = rows.filter(Q(last_at__lt=at) | Q(last_at=at, pk__lt=pk))
    shown = list(rows[: PAGE_SIZE + 1])
    more = len(shown) > PAGE_SIZE
    last = shown[PAGE_SIZE - 1] if more else None
    older = f"{last.last_at.isoformat()}_{last.pk}" if last else ""
    return MessagePage(messages=shown[:PAGE_SIZE], older=older)


def _place(text: str) -> tuple[datetime, int] | None:
    at, _between, pk = text.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        number = int(pk)
    except ValueError:
        return None
    # What no database holds would stop the page.
    fits = moment.tzinfo is not None and 0 < number < 2**63
    return (moment, number) if fits else None


def unread_count(person: User) -> int:
    """How many messages the person has not opened."""
    return SystemMessage.objects.filter(person=person, read_at=None).count()
