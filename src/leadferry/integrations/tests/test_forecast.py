from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from leadferry.accounts import services as accounts
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.integrations import forecast
from leadferry.integrations.models import (
    AdAccountAccess,
    EndingTold,
    Finding,
    Integration,
    LinkedInApplication,
    LinkedInUser,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_form,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.leads.models import ExtendedLeadInformation
from leadferry.leads.tests.test_counts import bring
from tests.support.sandbox import APAC

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("B7")]

START = datetime(2026, 11, 26, 8, tzinfo=UTC)
Ahead = Callable[[timedelta], None]


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    """So long after the start is now."""
    held = [START]
    monkeypatch.setattr(clock, "now_ms", lambda: clock.to_ms(held[0]))

    def move(by: timedelta) -> None:
        held[0] = START + by

    return move


@pytest.fixture
def mia() -> User:
    return person("mia", accounts.MARKETERS)


@pytest.fixture
def integration(ahead: Ahead) -> Integration:
    """Its only user's access ends in 60 days, its version on 15 February."""
    make_application()
    LinkedInApplication.objects.update(api_version="202602")
    return make_integration(make_user())


def titles() -> list[str]:
    return [one.title for one in forecast.endings(checked_at=None)]


def test_what_ends_first_stands_on_top(integration: Integration) -> None:
    assert titles() == ["Access of Ada Example", "API version 202602", "One user only"]
    LinkedInApplication.objects.update(api_version="202601")
    assert titles()[0] == "API version 202601"
    LinkedInApplication.objects.update(api_version="latest")
    assert titles() == ["Access of Ada Example", "One user only"]


def test_an_access_that_renews_ends_with_its_renewal(integration: Integration) -> None:
    end = START + timedelta(days=200)
    LinkedInUser.objects.update(refresh_token="x", refresh_expires_at=end)
    [access] = [e for e in forecast.endings(checked_at=None) if "Access" in e.title]
    assert access.at == end
    assert "renews by itself" in access.text
    LinkedInUser.objects.update(refresh_expires_at=START - timedelta(days=1))
    [access] = [e for e in forecast.endings(checked_at=None) if "Access" in e.title]
    assert access.at == START + timedelta(days=60)
    assert "does not renew" in access.text


def test_where_a_second_user_lasts_longer_nothing_is_at_stake(
    integration: Integration,
) -> None:
    other = make_user(sub="eve")
    LinkedInUser.objects.filter(pk=other.pk).update(
        name="Eve", expires_at=START + timedelta(days=61)
    )
    AdAccountAccess.objects.create(
        user=other, ad_account=integration.ad_account, role="VIEWER"
    )
    by_title = {one.title: one for one in forecast.endings(checked_at=None)}
    assert by_title["Access of Ada Example"].integrations == []
    assert by_title["Access of Eve"].integrations == [integration]
    assert "One user only" not in by_title


def test_an_access_that_ended_is_on_top(integration: Integration) -> None:
    LinkedInApplication.objects.update(api_version="202601")
    LinkedInUser.objects.update(state=LinkedInUser.State.REVOKED)
    first = forecast.endings(checked_at=None)[0]
    assert (first.title, first.has_ended, first.at) == (
        "Access of Ada Example", True, None,
    )  # fmt: skip
    assert first.integrations == [integration]


def test_what_no_user_is_left_for_is_on_top(integration: Integration) -> None:
    LinkedInUser.objects.all().delete()
    first = forecast.endings(checked_at=None)[0]
    assert first.title == f"Nobody reaches {integration.name}"
    assert (first.has_ended, first.page) == (True, "wizard")
    Integration.objects.update(is_on=False)
    titles = [one.title for one in forecast.endings(checked_at=None)]
    assert first.title not in titles, "it was switched off: nothing is at stake"


def test_a_lost_role_and_a_check_that_stopped(integration: Integration) -> None:
    Finding.objects.create(
        integration=integration, check_name="page-role", state="broken",
        reason="no-role", detail="7", since=START, looked_at=START,
    )  # fmt: skip
    Integration.objects.update(notification_id="1")
    recent = forecast.endings(checked_at=START - timedelta(hours=2))
    assert [one.title for one in recent if one.has_ended] == [
        "Role on the company page"
    ]
    late = START - timedelta(hours=5, minutes=30)
    found = {one.title: one for one in forecast.endings(checked_at=late)}
    assert found["LinkedIn's check of our address"].days_left == 1
    late = START - timedelta(hours=7)
    found = {one.title: one for one in forecast.endings(checked_at=late)}
    assert found["LinkedIn's check of our address"].has_ended


def test_leads_a_day_are_those_of_thirty_days_of_its_forms(
    integration: Integration,
) -> None:
    form = make_form(integration)
    other = make_integration(make_user(sub="eve"), account=APAC)
    for days, is_test in ((1, False), (2, False), (29, False), (31, False), (3, True)):
        bring(clock.to_ms(START - timedelta(days=days)), is_test=is_test)
    ExtendedLeadInformation.objects.update(form=form.lookup_value)
    per_day = forecast.leads_per_day([integration, other])
    assert per_day == {integration.pk: 3 / 30, other.pk: 0}
    by_title = {one.title: one for one in forecast.endings(checked_at=None)}
    assert by_title["API version 202602"].leads_per_day == pytest.approx(0.1)


def test_each_mark_is_told_once(
    integration: Integration, ahead: Ahead, mia: User
) -> None:
    told: dict[float, int] = {}
    for hour in range(0, 24 * 62, 6):
        ahead(timedelta(hours=hour))
        for _twice in range(2):
            number = forecast.tell_endings(checked_at=None)
            if number:
                told[hour / 24] = told.get(hour / 24, 0) + number
    # The access ends after 60 days, the version after 80 days and 16 hours.
    assert told == {30: 1, 46: 1, 50.75: 1, 53: 1, 57: 1, 59: 1}
    messages = SystemMessage.objects.filter(person=mia)
    access = messages.filter(title__startswith="Access of Ada Example ends")
    assert access.count() == 5
    assert messages.get(title__contains="within 7 days").text.startswith(
        "On 2027-01-25."
    )
    assert integration.name in messages.get(title__contains="within 7 days").text


def test_who_comes_late_is_told_the_nearest_mark_only(
    integration: Integration, ahead: Ahead, mia: User
) -> None:
    ahead(timedelta(days=55))
    forecast.tell_endings(checked_at=None)
    access = SystemMessage.objects.filter(title__startswith="Access")
    assert [one.title for one in access] == ["Access of Ada Example ends within 7 days"]


def test_what_was_renewed_is_told_anew(
    integration: Integration, ahead: Ahead, mia: User
) -> None:
    ahead(timedelta(days=59, hours=12))
    forecast.tell_endings(checked_at=None)
    LinkedInUser.objects.update(expires_at=clock.now() + timedelta(days=60))
    assert forecast.tell_endings(checked_at=None) == 0
    ahead(timedelta(days=119))
    forecast.tell_endings(checked_at=None)
    last_day = SystemMessage.objects.filter(title__contains="within 1 day")
    assert last_day.filter(title__startswith="Access").count() == 2


def test_a_message_that_failed_was_not_told(
    integration: Integration, ahead: Ahead, mia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead(timedelta(days=59))
    with monkeypatch.context() as broken:
        broken.setattr(alerts, "_receivers", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forecast.tell_endings(checked_at=None)
    assert not EndingTold.objects.exists()
    assert forecast.tell_endings(checked_at=None) == 2
