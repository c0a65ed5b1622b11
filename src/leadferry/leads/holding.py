"""Whether a lead still holds a text in full."""

from collections.abc import Sequence

from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.models import Lead, LeadChange
from leadferry.leads.values import read_value
from leadferry.mapping.fields import ColumnType


def text_columns() -> list[CatalogueColumn]:
    """The columns that may hold a text."""
    return [one for one in catalogue().values() if one.type is ColumnType.TEXT]


def holds(lead: Lead, text: str, columns: Sequence[CatalogueColumn]) -> bool:
    """Whether a column has it, or had it until a later submission took its place.

    What a person replaced is not held, though the history tells it.
    """
    if not text:
        return True
    if any(text in str(read_value(lead, column)) for column in columns):
        return True
    updates = LeadChange.objects.filter(lead=lead, kind=LeadChange.Kind.UPDATED)
    return any(
        text in change["old"] and "kept" not in change
        for changes in updates.values_list("columns", flat=True)
        for change in changes.values()
    )
