import pytest
from django.contrib.auth.models import Group

from leadferry.accounts import services as accounts
from leadferry.accounts.models import User
from leadferry.alerts import queries, services

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


def test_the_same_matter_is_told_again_only_once_it_was_read() -> None:
    marketer = person("mia", accounts.MARKETERS)
    services.tell(topic="t", title="Title", text="Text")
    assert services.tell(topic="t", title="Title", text="Text") == 0
    services.mark_read(person=marketer)
    assert services.tell(topic="t", title="Title", text="Text") == 1
    assert queries.messages_of(marketer).count() == 2
