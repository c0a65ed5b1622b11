"""How many leads were submitted when, by where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection

from leadferry.leads.models import ExtendedLeadInformation

# A moment and the next one that is not meant any more, in milliseconds.
Span = tuple[int, int]


class By(StrEnum):
    """What leads are counted by; the ad banner is LinkedIn's creative."""

    FORM = "form"
    CAMPAIGN = "campaign"
    CREATIVE = "creative"


@dataclass(frozen=True, slots=True)
class CountedBy:
    """The leads of a span, and apart from them the tests, by lookup value or none."""

    leads: Mapping[int | None, int]
    tests: Mapping[int | None, int]


def count_in(span: Span) -> int:
    """The leads that were submitted within the span, but for tests."""
    start, end = span
    rows = ExtendedLeadInformation.objects.filter(
        submitted_at__gte=start, submitted_at__lt=end, is_test=False
    )
    return rows.count()


def count_by(by: By, spans: Sequence[Span]) -> list[CountedBy]:
    """The leads of each span by what they came from.

    A query for each: the index has them in the order of time, and sorting one day
    by where its leads came from is quicker than all days together.
    """
    column = f"{by.value}_id"
    # Numbers only: each boolean read would be converted on its own.
    statement = (
        f"SELECT {column}, COUNT(*), SUM(CASE WHEN is_test THEN 1 ELSE 0 END) "  # noqa: S608 - names are ours
        "FROM leads_extendedleadinformation "
        f"WHERE submitted_at >= %s AND submitted_at < %s GROUP BY {column}"
    )
    found = []
    with connection.cursor() as cursor:
        for span in spans:
            cursor.execute(statement, span)
            rows = cursor.fetchall()
            found.append(
                CountedBy(
                    leads={
                        one: count - test for one, count, test in rows if count > test
                    },
                    tests={one: test for one, _count, test in rows if test},
                )
            )
    return found
