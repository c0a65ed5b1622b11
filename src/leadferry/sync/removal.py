"""Deleting an integration: at once out of use, then row by row.

Leads, their history and the ledger stay; what only served the import goes.
"""

import logging

from django.db import transaction
from django.db.models import F, QuerySet

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.removal import end_subscription
from leadferry.jobs import services as jobs
from leadferry.kit import clock
from leadferry.sync.models import (
    CheckPlan,
    DayProof,
    Polling,
    ReplayBatch,
    ReplayChange,
    Slice,
    SyncRun,
)

logger = logging.getLogger("leadferry.sync")

# Of one transaction: others write between two of them.
_AT_ONCE = 1_000


@transaction.atomic
def delete_integration(integration: Integration, *, by: User | None) -> bool:
    """From now on nothing is registered through it; false where it was deleted before.

    A page of leads that is just being stored ends first: it holds the integration.
    """
    marked = Integration.objects.filter(pk=integration.pk)
    if not marked.update(deleting_since=clock.now()):
        return False
    # Whatever works for it finds its row changed, or gone, and stops.
    SyncRun.objects.filter(integration=integration).exclude(
        state__in=[SyncRun.State.DONE, SyncRun.State.CANCELLED]
    ).update(
        state=SyncRun.State.CANCELLED,
        due_at=None,
        claimed_by="",
        epoch=F("epoch") + 1,
        ended_at=clock.now(),
    )
    ReplayBatch.objects.filter(integration=integration).update(
        state=ReplayBatch.State.CANCELLED,
        due_at=None,
        claimed_by="",
        epoch=F("epoch") + 1,
    )
    Polling.objects.filter(integration=integration).delete()
    CheckPlan.objects.filter(integration=integration).delete()
    DayProof.objects.filter(integration=integration).update(look_at=None)
    end_subscription(Integration.everything.get(pk=integration.pk))
    audit.record("integration deleted", subject=str(integration.pk), by=by)
    return True


def being_deleted() -> QuerySet[Integration]:
    """Those of which a worker removes what is left."""
    return Integration.everything.exclude(deleting_since=None).order_by("pk")


def remove_what_is_left() -> None:
    """Remove the rows of deleted integrations; killed at any moment, it goes on."""
    for integration in being_deleted():
        if not _remove_many(integration):
            return
        _remove_rest(integration)


def _remove_many(integration: Integration) -> bool:
    """What may be very many, some at a time; false where this worker stops."""
    many: tuple[QuerySet[ReplayChange] | QuerySet[Slice] | QuerySet[DayProof], ...] = (
        ReplayChange.objects.filter(batch__integration=integration),
        Slice.objects.filter(run__integration=integration),
        DayProof.objects.filter(integration=integration),
    )
    for rows in many:
        while True:
            if jobs.stopping():
                return False
            keys = list(rows.values_list("pk", flat=True)[:_AT_ONCE])
            if not keys:
                break
            with transaction.atomic():
                jobs.hold_fence()
                rows.filter(pk__in=keys).delete()
    return True


@transaction.atomic
def _remove_rest(integration: Integration) -> None:
    jobs.hold_fence()
    held = Integration.everything.select_for_update().filter(pk=integration.pk).first()
    if held is None:
        return
    forms = LeadForm.objects.filter(ad_account=held.ad_account_id)
    logger.info(
        "integration removed",
        extra={"integration": held.pk, "forms": forms.count()},
    )
    held.delete()
    forms.delete()
