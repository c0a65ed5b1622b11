"""What a person can do about responses that are held back."""

from collections.abc import Sequence

from django.db import transaction

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.ingest import inbox
from leadferry.ingest.identity import identity_of
from leadferry.ingest.models import HeldBack
from leadferry.kit import clock
from leadferry.leads import services as leads


def try_again(held: Sequence[HeldBack], *, by: User | None) -> int:
    """Ask LinkedIn for the responses anew, the discarded ones too; returns how many."""
    discarded = [row.pk for row in held if row.discarded_at is not None]
    with transaction.atomic():
        rows = HeldBack.objects.select_for_update().filter(pk__in=discarded)
        for row in rows.order_by("pk"):
            leads.take_discard_back(key=identity_of(row.response_id)[0])
            audit.record("discard taken back", subject=row.response_id, by=by)
        rows.update(discarded_at=None, discarded_by=None, discard_reason="")
    inbox.reopen(held)
    return len(held)


@transaction.atomic
def discard(held: Sequence[HeldBack], *, reason: str, by: User) -> int:
    """The responses stay out, however often they are read; returns how many.

    A later submission of the same person registers again.
    """
    now = clock.now()
    waiting = HeldBack.objects.select_for_update().filter(
        pk__in=[row.pk for row in held], discarded_at=None
    )
    rows = list(waiting.order_by("pk"))
    for row in rows:
        leads.discard(
            key=identity_of(row.response_id)[0], submitted_at=row.submitted_at
        )
        audit.record("response discarded", subject=row.response_id, by=by)
    HeldBack.objects.filter(pk__in=[row.pk for row in rows]).update(
        discarded_at=now, discarded_by=by, discard_reason=reason[:500]
    )
    return len(rows)
