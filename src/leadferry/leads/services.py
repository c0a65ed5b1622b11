"""Every other write to the CRM store."""

from collections.abc import Mapping

from leadferry.kit import clock
from leadferry.kit.text import comparable
from leadferry.leads import duplicate_keys, merge_erasing
from leadferry.leads.answers import forget_answers
from leadferry.leads.decisions import is_gone
from leadferry.leads.models import (
    Fate,
    Lead,
    LeadDeletion,
    Lookup,
    LookupValue,
    Registration,
)


def ensure_lookup_values(
    code: str, names: Mapping[str, str], *, parents: Mapping[str, int] | None = None
) -> dict[str, int]:
    """The ids of the values of a lookup by social id; missing ones are made.

    A name that is there stays, whatever the source calls it now; an empty name
    stands for one that could not be read and is filled in later.
    """
    if not names:
        return {}
    lookup = Lookup.objects.get(code=code)
    values = LookupValue.objects.filter(lookup=lookup, social_id__in=names)
    known = {value.social_id: value for value in values}
    parent_of = parents or {}
    for social_id, value in known.items():
        if not value.is_named and names[social_id]:
            LookupValue.objects.filter(pk=value.pk).update(
                name=names[social_id],
                name_key=comparable(names[social_id]),
                is_named=True,
                parent=parent_of.get(social_id) or value.parent_id,
            )
    missing = [
        LookupValue(
            lookup=lookup,
            social_id=social_id,
            name=names[social_id] or social_id,
            name_key=comparable(names[social_id] or social_id),
            is_named=bool(names[social_id]),
            parent_id=parent_of.get(social_id),
        )
        for social_id in names
        if social_id not in known
    ]
    LookupValue.objects.bulk_create(missing, ignore_conflicts=True)
    found = LookupValue.objects.filter(lookup=lookup, social_id__in=names)
    return dict(found.values_list("social_id", "pk"))


def erase(*, key: int, check_key: int, occurred_at: int) -> bool:
    """LinkedIn deleted a response at `occurred_at` (ms): its lead goes, its key stays.

    In the caller's transaction. False where a later submission outlives it.
    """
    row, _ = Registration.objects.get_or_create(
        key=key,
        defaults={
            "check_key": check_key,
            "fate": Fate.DELETED,
            "deleted_at": occurred_at,
        },
    )
    row = Registration.objects.select_for_update().get(pk=key)
    if row.check_key != check_key:
        return False
    row.deleted_at = max(row.deleted_at or occurred_at, occurred_at)
    is_known = row.submitted_at is not None
    if is_known and not is_gone(
        deleted_at=row.deleted_at, submitted_at=row.submitted_at
    ):
        row.save()
        return False
    lead_id = row.lead_id
    apart: list[merge_erasing.TakenApart] = []
    if lead_id is not None:
        lead_id, apart = merge_erasing.separate(lead_id, key)
    row.fate, row.lead_id = Fate.DELETED, None
    row.digest = None
    row.save()
    if lead_id is not None:
        _drop_lead_without_submissions(lead_id)
    merge_erasing.put_together(apart)
    return True


def _drop_lead_without_submissions(lead_id: int) -> None:
    # After a merge the lead may stand for other submissions too.
    if not Registration.objects.filter(lead_id=lead_id).exists():
        # Whoever brings settled answers in line holds the lead first, too.
        list(Lead.objects.select_for_update().filter(pk=lead_id).values_list("pk"))
        forget_answers([lead_id])
        duplicate_keys.forget([lead_id])
        Lead.objects.filter(pk=lead_id).delete()
        LeadDeletion.objects.get_or_create(lead_id=lead_id)


def hold_back(*, key: int, check_key: int, submitted_at: int | None) -> bool:
    """The ledger knows that this response waits for a person.

    A lead that is there stays. False where the response was deleted or discarded.
    """
    row, made = Registration.objects.get_or_create(
        key=key,
        defaults={
            "check_key": check_key,
            "fate": Fate.HELD_BACK,
            "submitted_at": submitted_at,
        },
    )
    if made:
        return True
    row = Registration.objects.select_for_update().get(pk=key)
    if is_gone(deleted_at=row.deleted_at, submitted_at=submitted_at):
        return False
    if row.fate != Fate.REGISTERED:
        row.fate, row.submitted_at = Fate.HELD_BACK, submitted_at
        row.save()
    return True


def discard(*, key: int, submitted_at: int | None) -> None:
    """A person decided that a held-back response stays out, until a later submission.

    In the caller's transaction. A lead of an earlier submission stays as it is.
    """
    row = Registration.objects.select_for_update().get(pk=key)
    until = submitted_at if submitted_at is not None else clock.now_ms()
    row.deleted_at = max(row.deleted_at or until, until)
    if row.fate == Fate.HELD_BACK:
        row.fate = Fate.DISCARDED
    row.save()


def take_discard_back(*, key: int) -> None:
    """What was discarded is held back again; in the caller's transaction."""
    row = Registration.objects.select_for_update().get(pk=key)
    row.deleted_at = None
    if row.fate == Fate.DISCARDED:
        row.fate = Fate.HELD_BACK
    row.save()
