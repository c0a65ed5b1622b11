"""What ends is told once, whenever the process dies."""

from datetime import timedelta
from itertools import count

import pytest

from leadferry.accounts import services as accounts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import forecast
from leadferry.integrations.models import EndingTold, LinkedInUser
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.leads.models import LEADGEN_LOOKUPS, Lookup
from tests.support.aborts import Abort, dying_at

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.req("B7"),
]


@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_dies_at_any_commit_tells_each_once(*, after: bool) -> None:
    for code in LEADGEN_LOOKUPS:
        Lookup.objects.get_or_create(code=code, defaults={"name": code})
    person("mia", accounts.MARKETERS)
    make_application()
    make_integration(make_user())
    make_integration(make_user(sub="eve"), account=7)
    LinkedInUser.objects.update(expires_at=clock.now() + timedelta(days=2))
    reached = []
    for number in count(1):
        SystemMessage.objects.all().delete()
        EndingTold.objects.all().delete()
        abort = Abort(number, after=after)
        with dying_at(abort):
            forecast.tell_endings(checked_at=None)
        forecast.tell_endings(checked_at=None)
        told = SystemMessage.objects.filter(title__startswith="Access of")
        assert [(one.title, one.count) for one in told] == [
            ("Access of Ada Example ends within 3 days", 1)
        ] * 2, abort.reached
        if not abort.reached:
            break
        reached.append(abort.reached)
    assert len(reached) >= 2
