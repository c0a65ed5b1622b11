"""Destinations that post to a receiver of the test, and leads for them."""

from collections.abc import Sequence

from django.db import transaction

from leadferry.destinations import delivery, planning, services
from leadferry.destinations.models import Delivery, Destination
from leadferry.destinations.services import Wanted
from leadferry.kit import clock
from leadferry.leads.models import Lead, Registration
from leadferry.leads.register import register
from leadferry.leads.services import erase
from leadferry.leads.tests.builders import make_response
from tests.support.receiver import SECRET, Receiver


def make_destination(
    receiver: Receiver,
    *,
    ad_accounts: Sequence[int] = (),
    forms: Sequence[int] = (),
    with_test_leads: bool = False,
) -> Destination:
    """A webhook that is on."""
    wanted = Wanted(
        name="Sales CRM",
        settings={"address": receiver.url},
        secrets={"secret": SECRET},
        ad_accounts=ad_accounts,
        forms=forms,
        with_test_leads=with_test_leads,
    )
    return services.create("webhook", wanted, by=None)


def make_leads(*emails: str, form: int | None = None) -> list[Lead]:
    """Registered leads, each with its email."""
    responses = [
        make_response(values={"Contact": "Ada", "Email": email}, form=form)
        for email in emails
    ]
    with transaction.atomic():
        registered = register(responses).registered
    ids = [registered[one.key] for one in responses]
    leads = Lead.objects.in_bulk(ids)
    return [leads[one] for one in ids]


def delete_lead(lead: Lead) -> None:
    """LinkedIn deleted what was submitted."""
    row = Registration.objects.get(lead_id=lead.pk)
    with transaction.atomic():
        erase(key=row.key, check_key=row.check_key, occurred_at=clock.now_ms())


def plan_all(destination: Destination) -> None:
    """What the worker does by itself, ten times a second."""
    planning.plan_erasures()
    while planning.plan(destination.pk):
        pass


def bring_over(destination: Destination) -> Destination:
    """Plan and send what is due; the destination as it is afterwards."""
    plan_all(destination)
    delivery.work_on(destination.pk)
    destination.refresh_from_db()
    return destination


def delivery_of(lead: Lead | int) -> Delivery:
    """The only delivery of a lead."""
    return Delivery.objects.get(lead_id=lead if isinstance(lead, int) else lead.pk)


def make_due() -> None:
    """Nobody has to wait any longer."""
    Destination.objects.update(due_at=0)
    waiting = Delivery.objects.filter(due_at__isnull=False)
    waiting.update(due_at=0, claimed_until=None)
