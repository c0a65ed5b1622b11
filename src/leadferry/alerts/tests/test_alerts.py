from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from leadferry.accounts import services as accounts
from leadferry.accounts.models import User
from leadferry.alerts import queries, services
from leadferry.alerts.models import SystemMessage
from leadferry.kit import clock

pytestmark = pytest.mark.django_db


def person(name: str, role: str) -> User:
    accounts.ensure_roles()
    user = User.objects.create(username=name)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.mark.req("R050")
def test_only_those_who_look_after_integrations_are_told() -> None:
    marketer = person("mia", accounts.MARKETERS)
    seller = person("sam", accounts.SALES)
    assert services.tell(topic="t", title="Title", text="Text") == 1
    assert queries.unread_count(marketer) == 1
    assert queries.unread_count(seller) == 0


def count_of(marketer: User) -> list[int]:
    page = queries.message_page(marketer)
    return [message.count for message in page.messages]


def test_the_same_matter_within_an_hour_is_one_message_with_a_count() -> None:
    marketer = person("mia", accounts.MARKETERS)
    for expected in (1, 0, 0):
        assert services.tell(topic="t", title="Title", text="Text") == expected
    assert count_of(marketer) == [3]
    services.mark_read(person=marketer)
    assert services.tell(topic="t", title="Title", text="Newer") == 0
    assert count_of(marketer) == [4]
    message = SystemMessage.objects.get()
    assert message.text == "Newer"
    assert message.last_at > message.at


def test_after_an_hour_a_matter_that_was_read_is_told_again() -> None:
    marketer = person("mia", accounts.MARKETERS)
    services.tell(topic="t", title="Title", text="Text")
    hours_ago = clock.now() - timedelta(hours=2)
    SystemMessage.objects.update(last_at=hours_ago)
    # Not read yet: still the same message.
    assert services.tell(topic="t", title="Title", text="Text") == 0
    SystemMessage.objects.update(last_at=hours_ago, read_at=hours_ago)
    assert services.tell(topic="t", title="Title", text="Text") == 1
    assert count_of(marketer) == [1, 2]


def test_unread_again_leaves_one_per_matter() -> None:
    marketer = person("mia", accounts.MARKETERS)
    services.tell(topic="t", title="Title", text="Text")
    old = SystemMessage.objects.get()
    SystemMessage.objects.update(last_at=old.at - timedelta(hours=2))
    services.mark_read(person=marketer, message=old.pk)
    services.mark_unread(person=marketer, message=old.pk)
    assert queries.unread_count(marketer) == 1
    services.mark_read(person=marketer)
    services.tell(topic="t", title="Title", text="Text")
    services.mark_unread(person=marketer, message=old.pk)
    assert queries.unread_count(marketer) == 1


def test_pages_of_messages_meet_without_gap_or_repeat() -> None:
    marketer = person("mia", accounts.MARKETERS)
    for number in range(120):
        services.tell(topic=f"t{number}", title=f"Title {number}", text="Text")
    seen: list[str] = []
    before = ""
    while True:
        page = queries.message_page(marketer, before=before)
        seen += [message.title for message in page.messages]
        before = page.older
        if not before:
            break
    assert seen == [f"Title {number}" for number in reversed(range(120))]
    found = queries.message_page(marketer, search="title 119")
    assert [message.title for message in found.messages] == ["Title 119"]


@pytest.mark.parametrize("before", ["x", "1_2", "2026-01-01_1", f"_{'9' * 30}", "_"])
def test_a_place_that_nobody_gave_out_shows_the_first_page(before: str) -> None:
    marketer = person("mia", accounts.MARKETERS)
    services.tell(topic="t", title="Title", text="Text")
    assert len(queries.message_page(marketer, before=before).messages) == 1
