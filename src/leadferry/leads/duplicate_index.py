"""The indexes of duplicates: those that rules need, built and dropped beside work."""

from django.db import connection, transaction
from django.db.models import Max

from leadferry.jobs.services import hold_fence
from leadferry.leads import bulk, duplicate_keys, similar
from leadferry.leads.duplicate_models import (
    DuplicateIndex,
    DuplicateKey,
    DuplicateRule,
    DuplicateRun,
    SimilarSweep,
)
from leadferry.leads.duplicate_stock import rule_of
from leadferry.leads.models import Lead

_BATCH = 500


def adjust_indexes() -> None:
    """Begin the indexes that rules or trials need, give up the others.

    In the caller's transaction. Whatever is being registered meanwhile is waited
    for: every later lead has the keys of a new index.
    """
    wanted = _wanted_masks()
    rows = {row.mask: row for row in DuplicateIndex.objects.all()}
    missing = wanted - set(rows)
    if missing:
        duplicate_keys.hold_masks()
    DuplicateIndex.objects.bulk_create(
        [DuplicateIndex(mask=mask) for mask in sorted(missing)], ignore_conflicts=True
    )
    for mask, row in rows.items():
        if mask in wanted and row.is_dropping:
            duplicate_keys.hold_masks()
            DuplicateIndex.objects.filter(pk=mask).update(
                is_dropping=False, is_ready=False, built_to=0
            )
        elif mask not in wanted and not row.is_dropping:
            DuplicateIndex.objects.filter(pk=mask).update(
                is_dropping=True, is_ready=False
            )


def _wanted_masks() -> set[int]:
    rules = DuplicateRule.objects.all()
    runs = DuplicateRun.objects.filter(state__in=DuplicateRun.AT_WORK)
    used = {
        rule_of(rule.pk, rule.conditions, rule.certainty).mask
        for rule in rules
        if rule.for_new or rule.for_search
    }
    for stored in runs.values_list("rules", flat=True):
        used |= {rule_of(*one).mask for one in stored}
    return used


def is_work_left() -> bool:
    """Whether an index is to be built or dropped, or marks are to be looked at."""
    due = DuplicateIndex.objects.filter(is_ready=False).exists()
    return due or SimilarSweep.objects.filter(is_due=True).exists()


@transaction.atomic
def build_indexes() -> bool:
    """Build or drop one batch; False when nothing is left. Killed, it goes on."""
    hold_fence()
    rows = DuplicateIndex.objects.filter(is_ready=False).order_by("mask")
    index = rows.select_for_update().first()
    if index is None:
        return False
    if index.is_dropping:
        _drop_some(index)
    else:
        _build_some(index)
    return True


def _drop_some(index: DuplicateIndex) -> None:
    rows = DuplicateKey.objects.filter(mask=index.mask).order_by("key", "lead_id")
    last = rows.values_list("key", flat=True)[_BATCH * 4 : _BATCH * 4 + 1].first()
    if last is not None:
        rows = rows.filter(key__lte=last)
    with connection.cursor() as cursor:
        bound = "" if last is None else " AND key <= %s"
        cursor.execute(
            f"DELETE FROM leads_duplicatekey WHERE mask = %s{bound}",  # noqa: S608 - ours
            [index.mask] if last is None else [index.mask, last],
        )
    if last is None:
        index.delete()


def _build_some(index: DuplicateIndex) -> None:
    leads = Lead.objects.filter(pk__gt=index.built_to).order_by("pk")
    # Locked, so that nobody changes a lead between its reading and its keys.
    ids = list(leads.select_for_update().values_list("pk", flat=True)[:_BATCH])
    hashed = duplicate_keys.secret()
    rows = sorted(
        (mask, key, lead)
        for lead, person in duplicate_keys.persons(ids).items()
        for mask, key in duplicate_keys.keys_by_mask(person, [index.mask], hashed)
    )
    bulk.insert_missing(
        table="leads_duplicatekey", columns=("mask", "key", "lead_id"), rows=rows
    )
    DuplicateIndex.objects.filter(pk=index.mask).update(
        built_to=ids[-1] if ids else index.built_to, is_ready=len(ids) < _BATCH
    )


def begin_sweep() -> None:
    """The rules for new leads changed: every mark is looked at again."""
    SimilarSweep.objects.update_or_create(pk=1, defaults={"is_due": True, "done_to": 0})


@transaction.atomic
def sweep_marks() -> bool:
    """Look at the next batch of marks, once all indexes stand; False when done."""
    hold_fence()
    if DuplicateIndex.objects.filter(is_ready=False).exists():
        return False
    sweep = SimilarSweep.objects.select_for_update().filter(is_due=True).first()
    if sweep is None:
        return False
    leads = Lead.objects.filter(pk__gt=sweep.done_to, merged_into=None)
    ids = list(leads.order_by("pk").values_list("pk", flat=True)[:_BATCH])
    if ids:
        similar.mark(ids)
        sweep.done_to = ids[-1]
    sweep.is_due = len(ids) == _BATCH
    sweep.save()
    return sweep.is_due


def leads_to_build() -> int:
    """How many leads there are at most, for the progress of an index."""
    return Lead.objects.aggregate(last=Max("pk"))["last"] or 0
