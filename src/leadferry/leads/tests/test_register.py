import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import connections, transaction

from leadferry.leads import services
from leadferry.leads.models import (
    ExtendedLeadInformation,
    Fate,
    Lead,
    LeadChange,
    Registration,
)
from leadferry.leads.register import MappedResponse, Outcome, register
from leadferry.leads.tests.builders import make_form_value, make_response

pytestmark = pytest.mark.django_db


def test_a_new_response_becomes_a_lead_with_its_history() -> None:
    values = {
        "Contact": "王 小明", "Budget": Decimal("12.50"),
        "DecisionDate": date(2026, 5, 3), "DoNotUseEmail": True,
    }  # fmt: skip
    outcome = register([make_response(5, values=values)])
    lead = Lead.objects.get()
    assert outcome.registered == {5: lead.pk}
    assert lead.contact == "王 小明"
    assert lead.budget == Decimal("12.50")
    assert lead.decision_date == date(2026, 5, 3)
    assert lead.do_not_use_email
    assert lead.email == ""
    change = LeadChange.objects.get()
    given = ["RegisterMethod", "LeadSource", "LeadMedium", "QualifyStatus", "Status"]
    assert (change.kind, change.columns) == ("created", [*values, *given])
    assert lead.qualify_status_id is not None
    assert ExtendedLeadInformation.objects.get().linkedin_lead_id == "lead-5"
    assert Registration.objects.get().fate == Fate.REGISTERED


@pytest.mark.req("R040")
def test_the_same_response_again_changes_nothing() -> None:
    response = make_response()
    register([response])
    assert register([response]).unchanged == [response.key]
    assert register([response, response]).unchanged == [response.key]
    assert (Lead.objects.count(), LeadChange.objects.count()) == (1, 1)


def test_repeats_within_a_page_make_one_lead_of_the_newest() -> None:
    old = make_response(7, submitted_at=1, values={"Contact": "old"})
    new = make_response(7, submitted_at=2, digest=2, values={"Contact": "new"})
    register([new, old])
    assert Lead.objects.get().contact == "new"


@pytest.mark.req("D2")
def test_a_later_submission_updates_what_nobody_edited() -> None:
    register([make_response(7, values={"Contact": "Ada", "Email": "a@b.c"})])
    Lead.objects.update(contact="Ada Byron", edited_columns=["Contact"])
    later = make_response(
        7,
        submitted_at=1_793_000_000_001,
        digest=2,
        values={"Contact": "A.", "Email": "new@b.c"},
    )
    assert register([later]).updated == [7]
    lead = Lead.objects.get()
    assert (lead.contact, lead.email, lead.revision) == ("Ada Byron", "new@b.c", 2)
    change = LeadChange.objects.get(kind="updated")
    assert change.columns == {
        "Contact": {"old": "Ada Byron", "new": "A.", "kept": True},
        "Email": {"old": "a@b.c", "new": "new@b.c"},
    }


def test_what_was_off_is_in_the_ledger_only() -> None:
    response = make_response(fate=Fate.SWITCHED_OFF)
    assert register([response]).kept_out == [response.key]
    assert not Lead.objects.exists()
    assert Registration.objects.get().fate == Fate.SWITCHED_OFF


def test_two_identities_with_one_key_are_told_apart() -> None:
    register([make_response(9)])
    other = make_response(9, digest=2)
    forged = type(other)(
        **{name: getattr(other, name) for name in other.__slots__} | {"check_key": 4}
    )
    assert register([forged]).collided == [9]
    assert Lead.objects.count() == 1


def test_a_deletion_stays_whatever_comes_after() -> None:
    response = make_response(11, submitted_at=100)
    register([response])
    assert services.erase(key=11, check_key=-11, occurred_at=100)
    assert not Lead.objects.exists()
    assert register([response]).gone == [11]
    row = Registration.objects.get()
    assert (row.fate, row.lead_id, row.digest) == (Fate.DELETED, None, None)
    again = make_response(11, submitted_at=101, digest=2)
    assert list(register([again]).registered) == [11]


def test_a_deletion_that_comes_first_is_remembered() -> None:
    services.erase(key=12, check_key=-12, occurred_at=100)
    assert register([make_response(12, submitted_at=100)]).gone == [12]
    assert not Lead.objects.exists()


def test_an_old_deletion_leaves_a_later_submission_alone() -> None:
    register([make_response(13, submitted_at=200)])
    assert not services.erase(key=13, check_key=-13, occurred_at=100)
    assert Lead.objects.count() == 1


def test_what_was_held_back_registers_later() -> None:
    services.hold_back(key=14, check_key=-14, submitted_at=None)
    assert list(register([make_response(14)]).registered) == [14]


def test_earlier_submissions_get_smaller_ids() -> None:
    late, early = make_response(submitted_at=2), make_response(submitted_at=1)
    outcome = register([late, early])
    assert outcome.registered[early.key] < outcome.registered[late.key]


def test_ids_go_on_after_the_newest_lead_was_deleted() -> None:
    register([make_response()])
    first = Lead.objects.get().pk
    Lead.objects.all().delete()
    register([make_response()])
    assert Lead.objects.get().pk > first


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_page_make_one_lead_each() -> None:
    form = make_form_value()
    page = [make_response(form=form) for _ in range(50)]
    pages = [page, list(reversed(page))]
    outcomes: list[Outcome] = []
    errors: list[BaseException] = []
    barrier = threading.Barrier(2)

    def work(mine: list[MappedResponse]) -> None:
        try:
            barrier.wait(timeout=10)
            with transaction.atomic():
                outcomes.append(register(mine))
        except BaseException as exc:  # noqa: BLE001 - shown by the assertion below
            errors.append(exc)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(len(outcome.registered) for outcome in outcomes) == 50
    assert sum(len(outcome.unchanged) for outcome in outcomes) == 50
    assert Lead.objects.count() == LeadChange.objects.count() == 50
