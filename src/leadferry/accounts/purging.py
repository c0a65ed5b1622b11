"""What is old goes in small transactions, and is counted in the same ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connections, transaction
from django.db.models import F, QuerySet, Sum

from leadferry.accounts.models import KeptLonger, Mail, Purged
from leadferry.accounts.settings import DAYS_TO_KEEP_LOGS, days
from leadferry.jobs.services import hold_fence, stopping
from leadferry.kit import clock

DAY_MS = 86_400_000
MAILS = "mails"
# Of one transaction.
BATCH = 500
_LEAST_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Batch:
    """How many rows went, and whether there may be more."""

    purged: int
    is_last: bool


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Rows of a kind are kept for so many days; in which database they are."""

    kind: str
    days: int
    using: str = "default"

    @property
    def before_ms(self) -> int:
        """What happened before this moment (ms) is old."""
        return clock.now_ms() - self.days * DAY_MS

    @property
    def before(self) -> datetime:
        """The same moment."""
        return clock.from_ms(self.before_ms)


# Removes what was found; called in a transaction.
Take = Callable[[], Batch]


def purge(
    rule: Rule,
    look: Callable[[int], Take],
    *,
    size: Callable[[], int] = lambda: BATCH,
) -> bool:
    """Look for the next rows and take them away until no more are left.

    Only taking is done in a transaction, with its count; after each there is a pause
    at least as long, so that others write too. False where this worker stops before
    the end.
    """
    while not stopping():
        take = look(size())
        began = clock.monotonic()
        with transaction.atomic(using=rule.using):
            hold_fence()
            batch = take()
            if batch.purged:
                _count(rule, batch.purged)
        if batch.is_last:
            return True
        if batch.purged:
            clock.sleep(max(_LEAST_PAUSE_SECONDS, clock.monotonic() - began))
    return False


def purge_rows(rule: Rule, rows: QuerySet[Any]) -> bool:
    """Delete the rows, those with the smallest keys first."""

    def take(size: int) -> Batch:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:size])
        # Asked again: one may have changed meanwhile.
        _all, deleted = rows.filter(pk__in=keys).delete()
        purged = deleted.get(rows.model._meta.label, 0)  # noqa: SLF001 - documented
        return Batch(purged=purged, is_last=len(keys) < size)

    return purge(rule, partial(partial, take))


def _count(rule: Rule, number: int) -> None:
    with connections[rule.using].cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_purged (kind, day, days, count) "
            "VALUES (%s, %s, %s, %s) ON CONFLICT (kind, day, days) "
            "DO UPDATE SET count = accounts_purged.count + excluded.count",
            [rule.kind, clock.now_ms() // DAY_MS, rule.days, number],
        )


@transaction.atomic
def note_kept(kind: str, reasons: Mapping[str, int]) -> None:
    """What a whole look found old and kept, in place of what the last one found."""
    KeptLonger.objects.filter(kind=kind).delete()
    KeptLonger.objects.bulk_create(
        KeptLonger(kind=kind, reason=reason, count=count)
        for reason, count in sorted(reasons.items())
    )


def purged_so_far(kind: str, *, using: str = "default") -> int:
    """How many rows of a kind ever went."""
    rows = Purged.objects.using(using).filter(kind=kind)
    return rows.aggregate(total=Sum("count"))["total"] or 0


def purged_lately(*, using: str, most: int) -> list[Purged]:
    """The newest counts."""
    return list(Purged.objects.using(using).order_by("-day", "kind", "days")[:most])


def rule_that_took(kind: str, moment_ms: int) -> int | None:
    """After how many days what is of this moment was purged; none where it was not."""
    reached = Purged.objects.filter(kind=kind).annotate(until=F("day") - F("days"))
    first = reached.filter(until__gte=moment_ms // DAY_MS).order_by("day").first()
    return first.days if first is not None else None


def purge_mails() -> bool:
    """Emails that were given up."""
    rule = Rule(kind=MAILS, days=days(DAYS_TO_KEEP_LOGS))
    old = Mail.objects.filter(given_up=True, created_at__lt=rule.before)
    return purge_rows(rule, old)
