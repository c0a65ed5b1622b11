"""The API version ends: another one takes over at once, once, and not before."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from leadferry.accounts.models import AuditRow
from leadferry.alerts.models import SystemMessage
from leadferry.integrations import api_versions, clients
from leadferry.integrations.models import CallCount, LinkedInApplication, LinkedInUser
from leadferry.integrations.tests.conftest import Time
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.linkedin.errors import Unavailable, VersionSunset
from leadferry.linkedin.versions import newer_versions
from tests.support.sandbox import EMEA, Sandbox

pytestmark = pytest.mark.django_db(databases="__all__")


def used() -> str:
    return LinkedInApplication.objects.get().api_version


def offered() -> str:
    return LinkedInApplication.objects.get().offered_version


def test_the_call_that_meets_the_end_goes_on_in_the_newest_that_works(
    ada: LinkedInUser, sandbox: Sandbox
) -> None:
    sandbox.switch(versions="202607,202606")
    with clients.client_of(ada) as client:
        assert list(client.lead_forms(EMEA))
    assert used() == "202607"
    message = SystemMessage.objects.get()
    assert message.topic == api_versions.TOPIC
    assert "202609" in message.text
    assert AuditRow.objects.filter(verb="API version replaced").count() == 1
    assert sum(CallCount.objects.values_list("calls", flat=True)) == 3


def test_subscribing_goes_on_too(ada: LinkedInUser, sandbox: Sandbox) -> None:
    sandbox.switch(versions="202608")
    with clients.client_of(ada) as client:
        hook = f"{sandbox.url}/nobody-answers"
        with pytest.raises(Exception, match="could not check"):
            client.create_notification(EMEA, webhook=hook)
    assert used() == "202608"


def test_a_refusal_of_one_resource_alone_changes_nothing(
    ada: LinkedInUser, sandbox: Sandbox
) -> None:
    sandbox.fault("leadForms", "426")
    with (
        clients.client_of(ada) as client,
        pytest.raises(VersionSunset, match="one resource"),
    ):
        list(client.lead_forms(EMEA))
    assert used() == "202609"


def test_without_any_version_it_is_said(ada: LinkedInUser, sandbox: Sandbox) -> None:
    sandbox.switch(versions="202801")
    with (
        clients.client_of(ada) as client,
        pytest.raises(VersionSunset, match="Update Leadferry"),
    ):
        list(client.lead_forms(EMEA))
    assert used() == "202609"


def test_where_linkedin_says_nothing_of_a_version_it_stays(
    ada: LinkedInUser, sandbox: Sandbox
) -> None:
    sandbox.control(
        "PUT",
        "faults",
        [
            {"endpoint": "leadForms", "kind": "426"},
            {"endpoint": "adAccountUsers", "kind": "503"},
        ],
    )
    with clients.client_of(ada) as client, pytest.raises(Unavailable):
        list(client.lead_forms(EMEA))
    assert used() == "202609"


def test_a_dead_token_does_not_hide_a_version_that_works(
    ada: LinkedInUser, sandbox: Sandbox
) -> None:
    sandbox.switch(versions="202608")
    sandbox.control("PUT", "tokens/ada", {"state": "revoked"})
    assert api_versions.successor(ada, "202609") == "202608"


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_many_at_the_end_at_once_switch_once_and_tell_once(
    ada: LinkedInUser, sandbox: Sandbox
) -> None:
    sandbox.switch(versions="202608,202607")
    together = threading.Barrier(4)
    found: list[int] = []

    def work() -> None:
        with clients.client_of(ada) as client:
            together.wait()
            found.append(len(list(client.lead_forms(EMEA))))
        connection.close()

    threads = [threading.Thread(target=work) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(found)
    assert used() == "202608"
    assert AuditRow.objects.filter(verb="API version replaced").count() == 1
    assert [row.count for row in SystemMessage.objects.all()] == [1]


def test_once_a_day_a_newer_one_is_tried_and_only_remembered(
    ada: LinkedInUser, sandbox: Sandbox, time: Time
) -> None:
    sandbox.switch(versions="202609,202611")
    # Late enough for both to be published, whenever this runs.
    time.pass_by(days=max(0, (datetime(2027, 1, 10, tzinfo=UTC) - clock.now()).days))
    for _day in newer_versions("202609", today=clock.now().date()):
        before = len(sandbox.calls("/rest/"))
        api_versions.look_at_versions()
        api_versions.look_at_versions()
        assert len(sandbox.calls("/rest/")) - before <= 2
        time.pass_by(days=1, seconds=1)
        LinkedInUser.objects.update(access_token=sandbox.token())
    assert (used(), offered()) == ("202609", "202611")
    assert not SystemMessage.objects.exists()
    assert ada.pk


def test_the_daily_look_meets_an_end_before_a_lead_does(
    ada: LinkedInUser, sandbox: Sandbox
) -> None:
    sandbox.switch(versions="202608")
    api_versions.look_at_versions()
    assert used() == "202608"
    assert SystemMessage.objects.count() == 1
    assert ada.pk


def test_after_all_of_the_release_the_one_that_was_found_takes_over(
    ada: LinkedInUser, sandbox: Sandbox
) -> None:
    LinkedInApplication.objects.update(newer_version="202611")
    sandbox.switch(versions="202611,202701")
    with clients.client_of(ada) as client:
        assert list(client.lead_forms(EMEA))
    assert (used(), offered()) == ("202611", "")


def test_a_person_takes_the_newer_one_and_no_other(ada: LinkedInUser) -> None:
    LinkedInApplication.objects.update(newer_version="202610")
    for wrong in ("202611", ""):
        with pytest.raises(RejectedError):
            api_versions.use_newer(wrong, by=None)
    api_versions.use_newer("202610", by=None)
    assert (used(), offered()) == ("202610", "")
    assert AuditRow.objects.filter(verb="API version changed").exists()
    assert ada.pk
