"""Every write that a person asks for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.destinations import planning, registry
from leadferry.destinations.models import Delivery, Destination
from leadferry.jobs import services as jobs
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError

State = Destination.State
# Of one transaction: others write between two of them.
_AT_ONCE = 1_000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A destination as a person set it up; empty secrets keep what is stored."""

    name: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    ad_accounts: Sequence[int] = ()
    forms: Sequence[int] = ()
    with_test_leads: bool = False


@transaction.atomic
def create(kind: str, wanted: Wanted, *, by: User | None) -> Destination:
    """A new destination: leads go there from now on."""
    destination = Destination(kind=kind)
    _take_over(destination, wanted)
    planning.begin(destination)
    destination.save()
    _audit("destination made", destination, by, {"kind": kind})
    return destination


@transaction.atomic
def change(destination_id: int, wanted: Wanted, *, by: User | None) -> None:
    """Another set-up; one that waits for it is looked at again at once."""
    destination = _held(destination_id)
    _take_over(destination, wanted)
    destination.revision += 1
    destination.due_at = 0
    destination.save()
    _audit("destination changed", destination, by, {"secrets": sorted(wanted.secrets)})


def _take_over(destination: Destination, wanted: Wanted) -> None:
    secrets = registry.secrets_of(destination)
    secrets |= {code: value for code, value in wanted.secrets.items() if value}
    destination.name = wanted.name
    destination.settings = dict(wanted.settings)
    destination.secrets = json.dumps(secrets)
    destination.ad_accounts = sorted(wanted.ad_accounts)
    destination.forms = sorted(wanted.forms)
    destination.with_test_leads = wanted.with_test_leads


@transaction.atomic
def stop(destination_id: int, *, by: User | None) -> None:
    """Nothing is sent there until it is resumed; what happens meanwhile waits."""
    destination = _held(destination_id)
    if destination.state in {State.ON, State.PAUSED}:
        _become(destination, State.STOPPED)
        _audit("destination stopped", destination, by)


@transaction.atomic
def resume(destination_id: int, *, by: User | None) -> None:
    """What waited is sent; one that waits for its set-up is looked at again now."""
    destination = _held(destination_id)
    if destination.state == State.STOPPED:
        _become(destination, State.ON)
        _audit("destination resumed", destination, by)
    elif destination.due_at:
        destination.due_at = 0
        destination.save()


def _become(destination: Destination, state: State) -> None:
    destination.state, destination.since = state, clock.now_ms()
    destination.reason = destination.step = ""
    destination.failures, destination.due_at = 0, 0
    destination.failing_since, destination.is_told = None, False
    destination.save()


@transaction.atomic
def delete(destination_id: int, *, by: User | None) -> None:
    """From now on nothing goes there; a worker removes what is stored of it."""
    destination = _held(destination_id)
    _become(destination, State.DELETING)
    _audit("destination deleted", destination, by, {"kind": destination.kind})


def _held(destination_id: int) -> Destination:
    """The destination, held until the end of the transaction; raises RejectedError."""
    rows = Destination.objects.select_for_update().filter(pk=destination_id)
    destination = rows.exclude(state=State.DELETING).first()
    if destination is None:
        raise RejectedError(_("This destination was deleted meanwhile."))
    return destination


def _audit(
    verb: str,
    destination: Destination,
    by: User | None,
    details: dict[str, object] | None = None,
) -> None:
    audit.record(verb, subject=str(destination.pk), by=by, details=details)


def remove_what_is_left() -> None:
    """Remove the rows of deleted destinations; killed at any moment, it goes on."""
    gone = Destination.objects.filter(state=State.DELETING).order_by("pk")
    for destination in list(gone):
        rows = Delivery.objects.filter(destination=destination)
        while keys := list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
            if jobs.stopping():
                return
            with transaction.atomic():
                hold_fence()
                rows.filter(pk__in=keys).delete()
        with transaction.atomic():
            hold_fence()
            destination.delete()


@transaction.atomic
def try_again(destination_id: int, *, lead: int, by: User | None) -> bool:
    """A lead that was not taken, or waits, is sent again now; false: not now."""
    destination = _held(destination_id)
    rows = Delivery.objects.filter(destination=destination, lead_id=lead)
    tried = _due_now(list(rows.values_list("pk", flat=True)))
    if not tried:
        waiting = rows.filter(state=Delivery.State.WAITING)
        tried = waiting.update(due_at=clock.now_ms(), attempts=0)
    if tried:
        _audit("delivery tried again", destination, by, {"lead": lead})
    return bool(tried)


def try_all_again(destination_id: int, *, by: User | None) -> bool:
    """The leads that were not taken are sent again; whether `try_rest_again` has work.

    Nobody waits at a page for a million of them.
    """
    with transaction.atomic():
        destination = _held(destination_id)
        _audit("deliveries tried again", destination, by)
    return _try_some_again(destination_id, after=0) is not None


def try_rest_again(destination_id: int) -> None:
    """The same for all of them; one that is refused meanwhile is not tried twice."""
    last: int | None = 0
    while last is not None and not jobs.stopping():
        last = _try_some_again(destination_id, after=last)


def _try_some_again(destination_id: int, *, after: int) -> int | None:
    """Up to which delivery the next ones were tried; none where these were the last."""
    with transaction.atomic():
        hold_fence()
        held = Destination.objects.select_for_update().filter(pk=destination_id)
        if not held.exclude(state=State.DELETING).exists():
            return None
        parked = Delivery.objects.filter(
            destination=destination_id, state=Delivery.State.PARKED, pk__gt=after
        )
        keys = list(parked.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
        _due_now(keys)
        return keys[-1] if len(keys) == _AT_ONCE else None


def _due_now(keys: Sequence[int]) -> int:
    parked = Delivery.objects.filter(pk__in=keys, state=Delivery.State.PARKED)
    return parked.update(
        state=Delivery.State.WAITING, due_at=clock.now_ms(), attempts=0, reason=""
    )
