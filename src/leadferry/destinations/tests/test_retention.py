"""What destinations keep, and for how long."""

import pytest

from leadferry.accounts import settings as system_settings
from leadferry.destinations.models import Delivery
from leadferry.destinations.retention import purge_receipts
from leadferry.destinations.tests.builders import (
    bring_over,
    delete_lead,
    delivery_of,
    make_destination,
    make_leads,
)
from leadferry.kit import clock
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.django_db, pytest.mark.req("B12")]
DAY_MS = 86_400_000


def test_a_receipt_goes_after_its_days_and_nothing_else(receiver: Receiver) -> None:
    destination = make_destination(receiver)
    old, young, kept = make_leads("a@example.com", "b@example.com", "c@example.com")
    bring_over(destination)
    delete_lead(old)
    delete_lead(young)
    bring_over(destination)
    days = int(system_settings.read(system_settings.DAYS_TO_KEEP_LOGS))
    long_ago = clock.now_ms() - (days + 1) * DAY_MS
    Delivery.objects.exclude(lead_id=young.pk).update(sent_at=long_ago)
    Delivery.objects.filter(lead_id=old.pk).update(erased_at=long_ago)
    assert purge_receipts()
    left = set(Delivery.objects.values_list("lead_id", flat=True))
    assert left == {young.pk, kept.pk}


def test_nothing_of_the_person_is_left_once_a_lead_is_erased(
    receiver: Receiver,
) -> None:
    destination = make_destination(receiver)
    [lead] = make_leads("marked@example.com")
    bring_over(destination)
    Delivery.objects.update(
        notes=[{"column": "Email", "kind": "changed", "text": "marked@example.com"}],
        reason="no mail to marked@example.com",
    )
    delete_lead(lead)
    bring_over(destination)
    row = Delivery.objects.filter(lead_id=lead.pk).values().get()
    assert "marked" not in str(row)
    assert (row["digests"], delivery_of(lead.pk).state) == ({}, Delivery.State.ERASED)
