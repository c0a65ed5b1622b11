"""Reads of day proofs: a calendar, a day, a month, all of it as a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Max, Q, QuerySet, Sum

from leadferry.ingest.models import LeadFormResponse
from leadferry.integrations.calls import DAY_MS
from leadferry.integrations.models import Integration, LeadForm
from leadferry.leads.models import ExtendedLeadInformation, Fate, Registration
from leadferry.sync.buckets import Bucket
from leadferry.sync.checks import earliest_day, today
from leadferry.sync.models import DayProof, SyncRun
from leadferry.sync.proofs import number_of
from leadferry.sync.tally import MOST_NAMED

PAGE_SIZE = 100
BUCKETS = [bucket.value for bucket in Bucket]
_COUNTED = [*BUCKETS, "total", "mended", "not_at_linkedin"]
_ONE_DAY = timedelta(days=1)
State = DayProof.State
# When a response was submitted (ms), and its row.
Place = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A day of the calendar; without a proof it was not checked."""

    day: date
    proof: DayProof | None

    @property
    def state(self) -> str:
        """The state by name; empty where it was not checked."""
        return self.proof.state if self.proof is not None else ""


@dataclass(frozen=True, kw_only=True)
class FormSum:
    """What the checked days of a form add up to."""

    form_id: int
    name: str
    counts: dict[str, int]

    @property
    def kept_out(self) -> int:
        """Switched off or before set-up when they were submitted."""
        return self.counts["switched_off"] + self.counts["before_setup"]


@dataclass(frozen=True, kw_only=True)
class Named:
    """One response of a bucket; submitted at (ms); its lead where it has one."""

    response_id: str
    submitted_at: int
    lead_id: int | None = None


def days_of(
    integration: Integration, *, form_id: int, first: date, last: date
) -> list[Cell]:
    """Each day of a span with its proof, of all forms or of one."""
    proofs = _proofs(integration, first, last)
    whole = {row.day: row for row in proofs.filter(form_id=DayProof.ALL_FORMS)}
    own = {row.day: row for row in proofs.filter(form_id=form_id)}
    cells, day = [], first
    while day <= last:
        cells.append(Cell(day=day, proof=own.get(day) or _nothing(whole.get(day))))
        day += _ONE_DAY
    return cells


def _nothing(whole: DayProof | None) -> DayProof | None:
    """Of a form without a row a checked day had no submission."""
    if whole is None:
        return None
    start = number_of(whole.day) * DAY_MS
    is_whole = whole.since <= start and whole.until >= start + DAY_MS
    return DayProof(
        day=whole.day,
        since=whole.since,
        until=whole.until,
        checked_at=whole.checked_at,
        state=State.PROVEN if is_whole else State.PARTIAL,
        digest="0" * 32,
    )


def _proofs(integration: Integration, first: date, last: date) -> QuerySet[DayProof]:
    rows = DayProof.objects.filter(
        integration=integration, day__gte=first, day__lte=last
    )
    return rows.defer("names").order_by("day")


def weeks(cells: Sequence[Cell]) -> list[list[Cell | None]]:
    """The days as seven rows, Monday first, a column for each week."""
    rows: list[list[Cell | None]] = [[] for _weekday in range(7)]
    for weekday in range(cells[0].day.weekday()):
        rows[weekday].append(None)
    for cell in cells:
        rows[cell.day.weekday()].append(cell)
    width = max(map(len, rows))
    return [[*row, *[None] * (width - len(row))] for row in rows]


def sums_of(cells: Iterable[Cell]) -> dict[str, int]:
    """What the proofs of a span add up to, and its days by state."""
    proofs = [cell.proof for cell in cells if cell.proof is not None]
    counts = {name: sum(getattr(one, name) for one in proofs) for name in _COUNTED}
    for state in State:
        counts[f"days_{state.value}"] = sum(one.state == state for one in proofs)
    return counts


def forms_of(
    integration: Integration, *, first: date, last: date, most: int
) -> list[FormSum]:
    """The forms that had submissions, those with gaps and many first."""
    rows = _proofs(integration, first, last).exclude(form_id=DayProof.ALL_FORMS)
    sums = {f"sum_{name}": Sum(name) for name in _COUNTED}
    # A sum under its column's name would be taken for the column.
    grouped = rows.order_by().values("form_id").annotate(**sums)
    ordered = sorted(
        grouped,
        key=lambda row: (-row["sum_missing"], -row["sum_total"], row["form_id"]),
    )
    names = names_of(row["form_id"] for row in ordered[:most])
    return [
        FormSum(
            form_id=row["form_id"],
            name=names.get(row["form_id"], ""),
            counts={name: row[f"sum_{name}"] for name in _COUNTED},
        )
        for row in ordered[:most]
    ]


def names_of(form_ids: Iterable[int]) -> dict[int, str]:
    """The names of forms by their numbers at LinkedIn."""
    forms = LeadForm.objects.filter(form_id__in=list(form_ids))
    return dict(forms.values_list("form_id", "lookup_value__name"))


def day_of(integration: Integration, *, form_id: int, day: date) -> DayProof | None:
    """The proof of a day, of all forms or of one."""
    (cell,) = days_of(integration, form_id=form_id, first=day, last=day)
    return cell.proof


def named(
    integration: Integration, *, form_id: int, day: date, bucket: str
) -> list[Named]:
    """The responses of a bucket, newest first; the first of them where many."""
    rows = DayProof.objects.filter(integration=integration, day=day)
    if form_id != DayProof.ALL_FORMS:
        rows = rows.filter(form_id=form_id)
    found = [
        Named(response_id=str(key), submitted_at=int(at))
        for names in rows.values_list("names", flat=True)
        for key, at in names.get(bucket, ())
    ]
    found.sort(key=lambda one: -one.submitted_at)
    return found[:MOST_NAMED]


def registered(
    integration: Integration, *, form_id: int, day: date, before: Place | None
) -> tuple[list[Named], Place | None]:
    """A page of the day's leads, newest first, and where the next one begins."""
    start = number_of(day) * DAY_MS
    rows = LeadFormResponse.objects.filter(
        submitted_at__gte=start, submitted_at__lt=start + DAY_MS
    )
    if form_id == DayProof.ALL_FORMS:
        forms = LeadForm.objects.filter(ad_account=integration.ad_account_id)
        rows = rows.filter(form_id__in=list(forms.values_list("form_id", flat=True)))
    else:
        rows = rows.filter(form_id=form_id)
    if before is not None:
        at, pk = before
        rows = rows.filter(Q(submitted_at__lt=at) | Q(submitted_at=at, pk__lt=pk))
    ordered = rows.order_by("-submitted_at", "-pk")
    page = list(ordered.values_list("submitted_at", "pk", "urn_key")[:PAGE_SIZE])
    rest = (page[-1][0], page[-1][1]) if len(page) == PAGE_SIZE else None
    return _leads_of([(key, at) for at, _pk, key in page]), rest


def _leads_of(page: Sequence[tuple[int, int]]) -> list[Named]:
    keys = [key for key, _at in page]
    ledger = Registration.objects.filter(pk__in=keys, fate=Fate.REGISTERED)
    rows = {row.key: row for row in ledger}
    extended = ExtendedLeadInformation.objects.filter(
        lead_id__in=[row.lead_id for row in rows.values()]
    )
    ids = dict(extended.values_list("lead_id", "linkedin_lead_id"))
    return [
        Named(
            response_id=ids.get(rows[key].lead_id or 0, ""),
            submitted_at=at,
            lead_id=rows[key].lead_id,
        )
        for key, at in page
        # A later submission of the same lead counts on its own day.
        if key in rows and rows[key].submitted_at == at
    ]


def table_of(
    integration: Integration, *, first: date, last: date
) -> Iterator[list[object]]:
    """All proofs of a span, a row each, with a line of captions."""
    yield [
        "day", "form id", "form", "state", *_COUNTED, "digest of ids", "checked until",
    ]  # fmt: skip
    rows = _proofs(integration, first, last).order_by("day", "form_id")
    names = names_of(rows.values_list("form_id", flat=True).distinct())
    for row in rows.iterator():
        is_all = row.form_id == DayProof.ALL_FORMS
        yield [
            row.day.isoformat(),
            "" if is_all else row.form_id,
            "all forms" if is_all else names.get(row.form_id, ""),
            row.state,
            *(getattr(row, name) for name in _COUNTED),
            row.digest,
            row.until,
        ]


def months_of(integration: Integration) -> list[date]:
    """The months of which something was checked, newest first."""
    rows = DayProof.objects.filter(integration=integration, form_id=DayProof.ALL_FORMS)
    return list(rows.dates("day", "month", order="DESC"))


def checked_at(integration: Integration) -> int | None:
    """When LinkedIn was asked last (ms)."""
    rows = DayProof.objects.filter(integration=integration)
    last: int | None = rows.aggregate(last=Max("checked_at"))["last"]
    return last


def open_check_of(integration: Integration) -> SyncRun | None:
    """The check that is at work or waits."""
    checks = SyncRun.objects.filter(
        integration=integration, kind=SyncRun.Kind.CHECK
    ).exclude(state__in=[SyncRun.State.DONE, SyncRun.State.CANCELLED])
    return checks.order_by("due_at", "pk").first()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far one integration is proven; `days` were checked, of those it has."""

    integration: Integration
    days: int
    proven: int
    missing: int


def standings() -> list[Standing]:
    """Each integration that was checked, the one with most missing leads first."""
    first, last = window()
    rows = DayProof.objects.filter(
        form_id=DayProof.ALL_FORMS, day__gte=first, day__lte=last
    )
    grouped = {
        row["integration"]: row
        for row in rows.values("integration").annotate(
            days=Count("pk"),
            proven=Count("pk", filter=Q(state=State.PROVEN)),
            lacking=Sum("missing"),
        )
    }
    found = [
        Standing(
            integration=integration,
            days=row["days"],
            proven=row["proven"],
            missing=row["lacking"],
        )
        for pk, integration in Integration.objects.in_bulk(list(grouped)).items()
        if (row := grouped[pk])
    ]
    return sorted(found, key=lambda one: (-one.missing, one.proven - one.days))


def window() -> tuple[date, date]:
    """The days that LinkedIn still has, first and last."""
    return earliest_day(), today()
