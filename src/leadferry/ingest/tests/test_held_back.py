"""What is held back, deleted or discarded, in whatever order it arrives."""

import pytest

from leadferry.accounts import services as accounts
from leadferry.accounts.models import AuditRow
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest import queries, services
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import PageOutcome, erase_response, import_page
from leadferry.ingest.models import HeldBack, LeadFormResponse, Notice
from leadferry.ingest.queries import HeldBackFilter
from leadferry.ingest.tests.builders import SUBMITTED_AT, make_response
from leadferry.integrations.models import Integration, RegistrationWindow
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.leads.models import Fate, Lead, Registration

pytestmark = pytest.mark.django_db(databases="__all__")
_LATER_VERSION = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1,2)"


@pytest.fixture
def integration() -> Integration:
    made = make_integration()
    make_form(made)
    return made


def bring(
    integration: Integration, *elements: bytes, takes_all: bool = False
) -> PageOutcome:
    page = ResponsePage(integration=integration, elements=elements, takes_all=takes_all)
    return import_page(page)


def unreadable(number: int = 1, **changes: object) -> bytes:
    """A response to a form version that nobody knows."""
    return make_response(number, versionedLeadGenFormUrn=_LATER_VERSION, **changes)


def fate() -> Fate:
    return Fate(Registration.objects.get().fate)


def discard(*held: HeldBack) -> None:
    by = person("ops", accounts.MARKETERS)
    services.discard(held, reason="a competitor", by=by)


def test_what_is_discarded_stays_out_until_a_later_submission(
    integration: Integration,
) -> None:
    bring(integration, unreadable())
    discard(HeldBack.objects.get())
    assert fate() is Fate.DISCARDED
    make_form(integration, version=2)
    assert len(bring(integration, unreadable()).outcome.gone) == 1
    assert not Lead.objects.exists()
    assert HeldBack.objects.get().discard_reason == "a competitor"
    assert AuditRow.objects.filter(verb="response discarded").count() == 1
    bring(integration, unreadable(submittedAt=SUBMITTED_AT + 5000))
    assert Lead.objects.count() == 1
    assert fate() is Fate.REGISTERED
    assert not HeldBack.objects.exists()


def test_a_discard_can_be_taken_back(integration: Integration) -> None:
    bring(integration, unreadable())
    discard(HeldBack.objects.get())
    services.try_again(list(HeldBack.objects.all()), by=None)
    assert HeldBack.objects.get().discarded_at is None
    assert Notice.objects.get().state == Notice.State.PENDING
    make_form(integration, version=2)
    bring(integration, unreadable())
    assert Lead.objects.count() == 1


def test_what_nobody_can_read_can_be_discarded(integration: Integration) -> None:
    bring(integration, b'{"id": "lead-1"}')
    discard(HeldBack.objects.get())
    assert bring(integration, b'{"id": "lead-1"}').left_out == ["lead-1"]
    assert queries.held_back_count() == 0


def test_a_response_deleted_before_it_came_leaves_nothing_behind(
    integration: Integration,
) -> None:
    erase_response(response_id="lead-1", occurred_at=SUBMITTED_AT + 1)
    bring(integration, make_response(1))
    bring(integration, unreadable(1))
    bring(integration, b'{"id": "lead-1"}')
    assert fate() is Fate.DELETED
    assert not LeadFormResponse.objects.exists()
    assert not HeldBack.objects.exists()


def test_a_deletion_spares_what_was_submitted_after_it(
    integration: Integration,
) -> None:
    bring(integration, unreadable(submittedAt=SUBMITTED_AT + 5000))
    erase_response(response_id="lead-1", occurred_at=SUBMITTED_AT + 1)
    assert HeldBack.objects.count() == 1
    erase_response(response_id="lead-1", occurred_at=SUBMITTED_AT + 5000)
    assert not HeldBack.objects.exists()
    assert fate() is Fate.DELETED


def test_an_old_page_does_not_clear_what_waits(integration: Integration) -> None:
    bring(integration, unreadable(submittedAt=SUBMITTED_AT + 5000))
    bring(integration, make_response(1))
    assert Lead.objects.count() == 1
    assert HeldBack.objects.count() == 1
    make_form(integration, version=2)
    bring(integration, unreadable(submittedAt=SUBMITTED_AT + 5000))
    assert not HeldBack.objects.exists()


def test_what_was_switched_off_is_never_held_back(integration: Integration) -> None:
    RegistrationWindow.objects.filter(integration=integration).update(
        on_from=SUBMITTED_AT + 100
    )
    bring(integration, unreadable())
    assert fate() is Fate.BEFORE_SETUP
    assert not HeldBack.objects.exists()


@pytest.mark.req("R094")
def test_a_sync_takes_what_was_switched_off_too(integration: Integration) -> None:
    RegistrationWindow.objects.filter(integration=integration).update(
        on_from=SUBMITTED_AT + 100
    )
    bring(integration, make_response(1))
    assert not Lead.objects.exists()
    bring(integration, make_response(1), takes_all=True)
    assert Lead.objects.count() == 1
    # A poll that meets it again leaves it there.
    bring(integration, make_response(1))
    assert fate() is Fate.REGISTERED


def test_the_page_of_what_waits_counts_by_reason(integration: Integration) -> None:
    bring(integration, unreadable(1), unreadable(2), b"{")
    page = queries.held_back_page(HeldBackFilter(), before=None)
    assert [(code, count) for code, _caption, count in page.by_reason] == [
        ("form", 2), ("undecodable", 1),
    ]  # fmt: skip
    discard(*HeldBack.objects.filter(reason="form"))
    page = queries.held_back_page(HeldBackFilter(is_discarded=True), before=None)
    assert (page.waiting, page.discarded, page.matching) == (1, 2, 2)
