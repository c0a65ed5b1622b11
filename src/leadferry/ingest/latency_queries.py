"""What the counts of stage times say: percentiles, and the budget of the target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import QuerySet

from leadferry.accounts import settings as system_settings
from leadferry.ingest.latency import (
    ALL_FORMS,
    DAY,
    HOUR,
    HOUR_MS,
    Stages,
    merge_stages,
    read_counts,
)
from leadferry.ingest.models import StageTimes, StageTotals
from leadferry.ingest.stages import OURS, Stage
from leadferry.integrations import queries as integrations
from leadferry.kit import clock
from leadferry.kit.histogram import Histogram, end_of_step

BUDGET_DAYS = 30
MOST_FORMS = 100
WHOLE_WAYS = (Stage.SUBMITTED_REGISTERED, Stage.POLLED)


class Period(StrEnum):
    """How far back one looks."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"


@dataclass(frozen=True, kw_only=True)
class Told:
    """Percentiles of a stage in milliseconds; none where no lead passed it."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, kw_only=True)
class Point:
    """An hour or a day, by its first hour since 1970, UTC."""

    hour: int
    stages: Mapping[Stage, Told]


@dataclass(frozen=True, kw_only=True)
class FormTimes:
    """One form in the period."""

    form_id: int
    name: str
    leads: int
    stages: Mapping[Stage, Told]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A period: its points, the whole of it, and each form, most leads first."""

    points: Sequence[Point]
    # Of each point.
    hours: int
    whole: Mapping[Stage, Told]
    forms: Sequence[FormTimes]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How many leads may be slow within 30 days, and how many were."""

    share: int
    seconds: int
    # What is counted as in time; less where the target lies within a step.
    counted_ms: int
    leads: int
    slow: int
    allowed: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", self.leads * (100 - self.share) // 100)

    @property
    def left(self) -> int:
        """How many more may be slow; less than none: the target is missed."""
        return self.allowed - self.slow

    @property
    def over(self) -> int:
        """How many too many were slow."""
        return max(-self.left, 0)

    @property
    def target_ms(self) -> int:
        """The target in milliseconds."""
        return self.seconds * 1000

    @property
    def used(self) -> int:
        """What of `scale` is used: a bar that ends where the budget does."""
        return min(self.slow, self.scale)

    @property
    def scale(self) -> int:
        """The end of the bar; one where no lead may be slow."""
        return max(self.allowed, 1)

    @property
    def in_time(self) -> int:
        """How many were registered in time."""
        return self.leads - self.slow


def tell(stages: Stages) -> dict[Stage, Told]:
    """The percentiles of each stage that a lead passed."""
    return {stage: _told(histogram) for stage, histogram in sorted(stages.items())}


def _told(histogram: Histogram) -> Told:
    return Told(
        count=histogram.count,
        p50=histogram.quantile(0.5),
        p95=histogram.quantile(0.95),
        p99=histogram.quantile(0.99),
    )


def report(period: Period, *, form_id: int = ALL_FORMS) -> Report:
    """The times of the leads registered in the period, of one form or of all."""
    last = clock.now_ms() // HOUR_MS
    today = last - last % DAY
    first, hours = {
        Period.DAY: (last - 23, HOUR),
        Period.WEEK: (today - 6 * DAY, HOUR),
        Period.MONTH: (today - 29 * DAY, DAY),
    }[period]
    shown = _rows(hours, first).filter(form_id=form_id)
    by_hour = {row.hour: read_counts(row.counts) for row in shown}
    whole: Stages = {}
    for stages in by_hour.values():
        merge_stages(whole, stages)
    return Report(
        points=[
            Point(hour=hour, stages=tell(by_hour.get(hour, {})))
            for hour in range(first, last + 1, hours)
        ],
        hours=hours,
        whole=tell(whole),
        forms=_forms(HOUR if period is Period.DAY else DAY, first),
    )


def _rows(hours: int, first: int) -> QuerySet[StageTimes]:
    return StageTimes.objects.filter(hours=hours, hour__gte=first)


def _forms(hours: int, first: int) -> list[FormTimes]:
    by_form: dict[int, Stages] = {}
    for row in _rows(hours, first).exclude(form_id=ALL_FORMS).iterator():
        merge_stages(by_form.setdefault(row.form_id, {}), read_counts(row.counts))
    names = integrations.form_names(by_form)
    found = [
        FormTimes(
            form_id=form_id,
            name=names.get(form_id, str(form_id)),
            leads=leads_in(stages),
            stages=tell(stages),
        )
        for form_id, stages in by_form.items()
    ]
    return sorted(found, key=lambda one: (-one.leads, one.name))


def leads_in(stages: Stages) -> int:
    """How many leads were timed."""
    return sum(stages[stage].count for stage in WHOLE_WAYS if stage in stages)


def budget() -> Budget:
    """The target of the system settings against the last 30 days, UTC."""
    today = clock.now_ms() // HOUR_MS // DAY * DAY
    rows = _rows(DAY, today - (BUDGET_DAYS - 1) * DAY).filter(form_id=ALL_FORMS)
    ours = Histogram()
    for row in rows:
        ours.merge(read_counts(row.counts).get(OURS, Histogram()))
    seconds = int(system_settings.read(system_settings.LATENCY_TARGET_SECONDS))
    return Budget(
        share=int(system_settings.read(system_settings.LATENCY_TARGET_SHARE)),
        seconds=seconds,
        counted_ms=end_of_step(seconds * 1000),
        leads=ours.count,
        slow=ours.count - ours.within(seconds * 1000),
    )


def totals() -> dict[int, Stages]:
    """Everything since the beginning, by form."""
    rows = StageTotals.objects.order_by("form_id")
    return {row.form_id: read_counts(row.counts) for row in rows}
