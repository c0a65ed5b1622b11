"""Gaps mend themselves: what is missing is announced anew and watched until it came."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadferry.alerts import services as alerts
from leadferry.ingest import inbox
from leadferry.ingest.models import HeldBack
from leadferry.ingest.standing import Listed, standings
from leadferry.integrations.calls import DAY_MS
from leadferry.integrations.models import Integration, LeadForm
from leadferry.jobs import services as jobs
from leadferry.kit import clock
from leadferry.sync.buckets import Bucket, bucket_of
from leadferry.sync.checks import earliest_day, start_check
from leadferry.sync.models import DayProof, SyncRun
from leadferry.sync.proofs import MENDED, number_of, settle, sum_up
from leadferry.sync.services import start_gap
from leadferry.sync.tally import MOST_NAMED

_AT_ONCE = 20
_SOONEST_MS, _LATEST_MS = 5_000, 10 * 60_000
_TOLD_ROWS, _TOLD_IDS = 5, 7
# Rows that one message adds up.
_MOST_TOLD = 500


def look_after_gaps() -> None:
    """Gaps that are due are mended, or looked at again."""
    due = DayProof.objects.filter(look_at__lte=clock.now_ms())
    related = due.select_related("integration__ad_account").order_by("look_at")
    begun: dict[int, Integration] = {}
    ended: dict[int, Integration] = {}
    for proof in related[:_AT_ONCE]:
        if proof.looks == 0:
            _announce(proof)
            begun[proof.integration_id] = proof.integration
        elif _look(proof):
            ended[proof.integration_id] = proof.integration
    for integration in begun.values():
        _tell_of_gaps(integration)
    for integration in ended.values():
        _tell_of_mended(integration)


def _announce(proof: DayProof) -> None:
    """As if LinkedIn announced them just now: the notice's way has all the patience."""
    account = proof.integration.ad_account.account_id
    inbox.reopen(
        HeldBack(response_id=key, ad_account=account) for key, _at in _missing(proof)
    )
    if proof.missing > MOST_NAMED:
        start = number_of(proof.day) * DAY_MS
        start_gap(proof.integration, start=start, end=start + DAY_MS - 1)
    _look_again(proof)


def _missing(proof: DayProof) -> list[Any]:
    return list(proof.names.get(Bucket.MISSING, ()))


def _look_again(proof: DayProof) -> None:
    wait = min(_SOONEST_MS * 2**proof.looks, _LATEST_MS)
    _same(proof).update(look_at=clock.now_ms() + wait, looks=proof.looks + 1)


def _same(proof: DayProof) -> Any:
    # A check may have counted the day anew meanwhile.
    return DayProof.objects.filter(pk=proof.pk, checked_at=proof.checked_at)


def _look(proof: DayProof) -> bool:
    """Move what came meanwhile to its bucket; whether nothing is missing any more."""
    listed = [Listed(key, at, proof.form_id) for key, at in _missing(proof)]
    still: list[tuple[str, int]] = []
    for standing in standings(proof.integration, listed):
        one = standing.listed
        pair = (one.response_id, one.submitted_at)
        bucket = bucket_of(
            one.submitted_at,
            known=standing.known,
            switched=standing.switched,
            is_held=standing.is_held,
            now=clock.now_ms(),
        )
        if bucket is Bucket.MISSING:
            still.append(pair)
        else:
            _move(proof, pair, bucket)
    is_over = not still and not _is_read(proof)
    with transaction.atomic():
        jobs.hold_fence()
        if len(still) < len(listed):
            _keep(proof, still)
        if not is_over:
            _look_again(proof)
    return is_over and _end(proof)


def _is_read(proof: DayProof) -> bool:
    """Whether a run still reads what was too much to be named."""
    runs = SyncRun.objects.filter(
        integration=proof.integration, kind=SyncRun.Kind.GAP
    ).exclude(state__in=[SyncRun.State.DONE, SyncRun.State.CANCELLED])
    return proof.missing > 0 and runs.exists()


def _move(proof: DayProof, pair: tuple[str, int], bucket: Bucket) -> None:
    proof.missing -= 1
    setattr(proof, bucket.value, getattr(proof, bucket.value) + 1)
    if bucket is not Bucket.REGISTERED:
        proof.names.setdefault(bucket.value, []).append(pair)
        return
    proof.mended += 1
    mended = proof.names.setdefault(MENDED, [])
    if len(mended) < MOST_NAMED:
        mended.append(pair)


def _keep(proof: DayProof, still: Sequence[tuple[str, int]]) -> None:
    proof.names[Bucket.MISSING.value] = still
    settle(proof, is_checked=False)
    fields = ["state", "total", "closed_at", "mended", "names"]
    fields += [bucket.value for bucket in Bucket]
    if _same(proof).update(**{name: getattr(proof, name) for name in fields}):
        sum_up(proof.integration, number_of(proof.day))


def _end(proof: DayProof) -> bool:
    """A mended day is checked once more; false where that has happened meanwhile."""
    if not _same(proof).update(look_at=None):
        return False
    rest = DayProof.objects.filter(
        integration=proof.integration, day=proof.day, look_at__isnull=False
    )
    if not rest.exists() and proof.day > earliest_day():
        start_check(proof.integration, first=proof.day, last=proof.day, by=None)
    return True


def _tell_of_gaps(integration: Integration) -> None:
    gaps = _of(integration, DayProof.State.GAP)
    missing = sum(row.missing for row in gaps)
    if missing:
        text = ngettext(
            "%(name)s: LinkedIn has a lead that was not here. It is being fetched.",
            "%(name)s: LinkedIn has %(number)d leads that were not here. They are "
            "being fetched.",
            missing,
        )
        _tell(integration, text, number=missing, rows=gaps, bucket=Bucket.MISSING)


def _tell_of_mended(integration: Integration) -> None:
    mended = _of(integration, DayProof.State.MENDED)
    number = sum(len(row.names.get(MENDED, ())) for row in mended)
    text = ngettext(
        "%(name)s: a lead that was missing is registered now.",
        "%(name)s: %(number)d leads that were missing are registered now.",
        number,
    )
    _tell(integration, text, number=number, rows=mended, bucket=MENDED)


def _of(integration: Integration, state: DayProof.State) -> list[DayProof]:
    rows = DayProof.objects.filter(integration=integration, state=state)
    forms = rows.exclude(form_id=DayProof.ALL_FORMS)
    return list(forms.order_by("-day", "form_id")[:_MOST_TOLD])


def _tell(
    integration: Integration,
    text: str,
    *,
    number: int,
    rows: Sequence[DayProof],
    bucket: str,
) -> None:
    lines = [text % {"name": integration.name, "number": number}]
    lines += [_line(row, bucket) for row in rows[:_TOLD_ROWS]]
    alerts.tell(
        topic=f"gap-{integration.pk}",
        title=_("Leads were missing"),
        text="\n".join(lines),
    )


def _line(proof: DayProof, bucket: str) -> str:
    form = LeadForm.objects.filter(form_id=proof.form_id).first()
    names = proof.names.get(bucket, ())
    ids = [str(key) for key, _at in names[:_TOLD_IDS]]
    if len(names) > len(ids):
        ids.append("…")
    return _("%(day)s, %(form)s: %(ids)s") % {
        "day": formats.date_format(proof.day, "j M Y"),
        "form": form.name_at_linkedin if form else proof.form_id,
        "ids": ", ".join(ids),
    }
