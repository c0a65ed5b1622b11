"""How long new leads took: noted as they are registered, counted a little later."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection, transaction
from django.db.models import F

from leadferry.ingest.models import Notice, StageTimes, StageTotals, TimesPending
from leadferry.ingest.stages import Moment, Stage, durations, moments_of
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.kit.histogram import Histogram, Stored, read_stored
from leadferry.leads import bulk
from leadferry.leads.models import CameBy, Lead
from leadferry.leads.register import MappedResponse

ALL_FORMS = 0
HOUR, DAY = 1, 24
HOUR_MS = 3_600_000
# LinkedIn's clock may differ from ours.
_OVERLAP_MS = 600_000
_BATCH = 500
_TIMED = {CameBy.NOTICE.value, CameBy.POLLING.value}
_COLUMNS = (
    "lead_id", "response_id", "form_id", "came_by", "submitted_at", "stored_at",
)  # fmt: skip

Stages = dict[Stage, Histogram]
# As a row keeps it, by the number of the stage.
Counts = dict[str, Stored]


def note_new(
    responses: Iterable[tuple[MappedResponse, bulk.Row]], registered: Mapping[int, int]
) -> None:
    """The leads just registered are to be timed, in the caller's transaction.

    Those of a sync or of mending come late by their nature, and test leads are
    nobody's: they are not timed.
    """
    rows = {}
    for mapped, stored in responses:
        lead = registered.get(mapped.key)
        if lead is None or mapped.is_test or mapped.origin.came_by not in _TIMED:
            continue
        origin = mapped.origin
        form_id, stored_at = stored[4], stored[7]
        rows[lead] = (
            lead, origin.linkedin_lead_id, form_id, origin.came_by,
            mapped.submitted_at, stored_at,
        )  # fmt: skip
    bulk.insert(table="ingest_timespending", columns=_COLUMNS, rows=list(rows.values()))


def count_pending() -> int:
    """Count the times of up to one batch of leads; returns of how many."""
    with transaction.atomic():
        hold_fence()
        waiting = TimesPending.objects.order_by("lead_id")
        if connection.vendor == "postgresql":
            waiting = waiting.select_for_update(skip_locked=True)
        rows = list(waiting[:_BATCH])
        if not rows:
            return 0
        _count(rows)
        TimesPending.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _count(rows: Sequence[TimesPending]) -> None:
    leads = Lead.objects.filter(pk__in=[row.lead_id for row in rows])
    registered = dict(leads.values_list("pk", "registered_at"))
    notified = notified_at({row.response_id: row.submitted_at for row in rows})
    found: dict[tuple[int, int], Stages] = defaultdict(dict)
    for row in rows:
        # A lead that was deleted meanwhile has no times any more.
        if row.lead_id not in registered:
            continue
        moments = moments_of(
            submitted=row.submitted_at,
            notified=notified.get(row.response_id),
            stored=clock.to_ms(row.stored_at),
            registered=clock.to_ms(registered[row.lead_id]),
            came_by=row.came_by,
        )
        taken = durations(moments, CameBy(row.came_by))
        hour = moments[Moment.REGISTERED] // HOUR_MS
        _add(found[row.form_id, hour], taken)
    _merge_into_times(found)
    _merge_into_totals(found)


def notified_at(submitted: Mapping[str, int]) -> dict[str, int]:
    """When LinkedIn first gave notice of each response submitted at a time (ms)."""
    told: dict[str, int] = {}
    notices = Notice.objects.filter(
        response_id__in=list(submitted), action=Notice.Action.CREATED
    )
    # What was asked for here without any notice was made to look like one.
    notices = notices.exclude(reopened_at__isnull=False, received_at=F("occurred_at"))
    pairs = notices.order_by("received_at").values_list("response_id", "received_at")
    for response_id, at in pairs:
        # What was deleted and submitted anew has older notices, too.
        if response_id and at >= submitted[response_id] - _OVERLAP_MS:
            told.setdefault(response_id, at)
    return told


def _add(stages: Stages, taken: Mapping[Stage, int]) -> None:
    for stage, milliseconds in taken.items():
        stages.setdefault(stage, Histogram()).add(milliseconds)


def merge_stages(into: Stages, other: Stages) -> None:
    """Add what the others counted."""
    for stage, histogram in other.items():
        into.setdefault(stage, Histogram()).merge(histogram)


def read_counts(counts: Counts) -> Stages:
    """The histograms of a row."""
    return {Stage(int(stage)): read_stored(held) for stage, held in counts.items()}


def _with(counts: Counts, stages: Stages) -> Counts:
    merged = read_counts(counts)
    merge_stages(merged, stages)
    return {str(stage.value): merged[stage].stored() for stage in sorted(merged)}


def _merge_into_times(found: Mapping[tuple[int, int], Stages]) -> None:
    by_key: dict[tuple[int, int, int], Stages] = defaultdict(dict)
    for (form_id, hour), stages in found.items():
        for form in (form_id, ALL_FORMS):
            merge_stages(by_key[HOUR, hour, form], stages)
            merge_stages(by_key[DAY, hour - hour % DAY, form], stages)
    keys = sorted(by_key)
    StageTimes.objects.bulk_create(
        (StageTimes(hours=one[0], hour=one[1], form_id=one[2]) for one in keys),
        ignore_conflicts=True,
    )
    rows = StageTimes.objects.filter(
        hour__in={one[1] for one in keys}, form_id__in={one[2] for one in keys}
    )
    # Locked in one order, so that two workers never wait for each other.
    locked = rows.order_by("pk").select_for_update()
    held = {(row.hours, row.hour, row.form_id): row for row in locked}
    _write(
        "ingest_stagetimes",
        [(held[key].pk, _with(held[key].counts, by_key[key])) for key in keys],
    )


def _merge_into_totals(found: Mapping[tuple[int, int], Stages]) -> None:
    by_form: dict[int, Stages] = defaultdict(dict)
    for (form_id, _hour), stages in found.items():
        merge_stages(by_form[form_id], stages)
    StageTotals.objects.bulk_create(
        (StageTotals(form_id=form_id) for form_id in sorted(by_form)),
        ignore_conflicts=True,
    )
    rows = StageTotals.objects.filter(form_id__in=list(by_form))
    locked = rows.order_by("pk").select_for_update()
    _write(
        "ingest_stagetotals",
        [(row.pk, _with(row.counts, by_form[row.form_id])) for row in locked],
    )


def _write(table: str, rows: Sequence[tuple[int, Counts]]) -> None:
    # Django's own bulk update makes one statement with a case for each row: as many
    # of these take three times as long.
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET counts = %s WHERE id = %s",  # noqa: S608 - ours
            [(json.dumps(counts), pk) for pk, counts in rows],
        )
