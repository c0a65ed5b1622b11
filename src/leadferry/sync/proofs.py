"""Day proofs: written by a check, added up, and read for the pages."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Sum

from leadferry.ingest.models import LeadFormResponse
from leadferry.integrations.calls import DAY_MS
from leadferry.integrations.models import Integration
from leadferry.kit import clock
from leadferry.leads.models import Fate, Registration
from leadferry.sync.buckets import Bucket
from leadferry.sync.models import DayProof, SyncRun
from leadferry.sync.tally import FormDay

State = DayProof.State
_FIRST_DAY = date(1970, 1, 1)
# By how much there is to do about them.
_WORST_FIRST = (State.GAP, State.MENDED, State.PARTIAL, State.PROVEN)
MENDED = "mended"


def date_of(day: int) -> date:
    """The date of a day since 1970, UTC."""
    return _FIRST_DAY + timedelta(days=day)


def number_of(day: date) -> int:
    """The days since 1970 of a date, UTC."""
    return (day - _FIRST_DAY).days


def close_day(run: SyncRun, day: int, forms: Mapping[int, FormDay]) -> None:
    """Store what a check counted of a UTC day; in the caller's transaction."""
    start = day * DAY_MS
    span = (max(start, run.start), min(start + DAY_MS, run.end + 1))
    rows = DayProof.objects.filter(integration=run.integration, day=date_of(day))
    whole = rows.filter(form_id=DayProof.ALL_FORMS).first()
    if span[0] > start and whole is not None and _is_whole(whole):
        # LinkedIn has begun to forget the day: what was counted of it stays.
        return
    held = {row.form_id: row for row in rows.exclude(form_id=DayProof.ALL_FORMS)}
    for form_id in {*held, *forms}:
        proof = held.get(form_id) or DayProof(
            integration=run.integration, form_id=form_id, day=date_of(day)
        )
        _fill(proof, forms.get(form_id) or FormDay(), span=span)
        proof.save()
    sum_up(run.integration, day, span=span)


def _fill(proof: DayProof, counted: FormDay, *, span: tuple[int, int]) -> None:
    missed = {key for key, _at in proof.names.get(Bucket.MISSING, ())}
    mended: list[Any] = list(proof.names.get(MENDED, ()))
    still = {key for key, _at in counted.names.get(Bucket.MISSING, ())}
    mended += [
        one for one in proof.names.get(Bucket.MISSING, ()) if one[0] not in still
    ]
    for bucket in Bucket:
        setattr(proof, bucket.value, counted.counts.get(bucket, 0))
    proof.mended += len(missed - still)
    proof.names = {**counted.names, **({MENDED: mended} if mended else {})}
    proof.digest = counted.hex_digest
    proof.since, proof.until = span
    proof.not_at_linkedin = max(0, _registered_here(proof) - proof.registered)
    proof.checked_at = clock.now_ms()
    proof.look_at, proof.looks = (proof.checked_at if proof.missing else None), 0
    settle(proof)


def settle(proof: DayProof, *, is_checked: bool = True) -> None:
    """Total and state by the numbers of the buckets."""
    proof.total = sum(getattr(proof, bucket.value) for bucket in Bucket)
    if proof.missing:
        proof.state = State.GAP
    elif not is_checked:
        proof.state = State.MENDED
    elif proof.on_its_way or not _is_whole(proof):
        proof.state = State.PARTIAL
    else:
        proof.state = State.PROVEN
    is_closed = proof.state == State.PROVEN
    proof.closed_at = (proof.closed_at or clock.now()) if is_closed else None


def _is_whole(proof: DayProof) -> bool:
    start = number_of(proof.day) * DAY_MS
    return proof.since <= start and proof.until >= start + DAY_MS


def _registered_here(proof: DayProof) -> int:
    """How many leads here were submitted last in the span that was checked."""
    latest = Registration.objects.filter(
        key=OuterRef("urn_key"),
        submitted_at=OuterRef("submitted_at"),
        fate=Fate.REGISTERED,
    )
    rows = LeadFormResponse.objects.filter(
        Exists(latest),
        form_id=proof.form_id,
        submitted_at__gte=proof.since,
        submitted_at__lt=proof.until,
    )
    return rows.values("urn_key").distinct().count()


def sum_up(
    integration: Integration, day: int, *, span: tuple[int, int] | None = None
) -> None:
    """Store what the proofs of a day's forms add up to; in the caller's transaction."""
    rows = DayProof.objects.filter(integration=integration, day=date_of(day))
    forms = rows.exclude(form_id=DayProof.ALL_FORMS)
    whole = rows.filter(form_id=DayProof.ALL_FORMS).first() or DayProof(
        integration=integration, form_id=DayProof.ALL_FORMS, day=date_of(day)
    )
    added = [bucket.value for bucket in Bucket] + ["mended", "not_at_linkedin"]
    sums = forms.aggregate(**{name: Sum(name, default=0) for name in added})
    for name, number in sums.items():
        setattr(whole, name, number)
    if span is not None:
        whole.since, whole.until = span
        whole.checked_at = clock.now_ms()
    digests = forms.values_list("digest", flat=True)
    whole.digest = f"{sum(int(one, 16) for one in digests) % 2**128:032x}"
    settle(whole)
    states = {whole.state, *forms.values_list("state", flat=True)}
    whole.state = next(state for state in _WORST_FIRST if state in states)
    if whole.state != State.PROVEN:
        whole.closed_at = None
    whole.save()
