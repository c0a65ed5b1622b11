"""Values of a lead's columns: read and written alike in the table and in JSON."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from leadferry.leads.columns import CatalogueColumn
from leadferry.leads.models import Lead, LookupValue
from leadferry.mapping.fields import ColumnType


def read_value(lead: Lead, column: CatalogueColumn) -> object:
    """What the lead holds in the column, typed; of a lookup the value's id."""
    if column.field is not None:
        return getattr(lead, column.field)
    stored = lead.custom.get(column.code)
    return column.empty if stored is None else from_json(stored, column.type)


def write_value(lead: Lead, column: CatalogueColumn, value: object) -> None:
    """Set the value on the object; saving it is the caller's."""
    if column.field is not None:
        setattr(lead, column.field, value)
    elif value == column.empty:
        lead.custom.pop(column.code, None)
    else:
        lead.custom[column.code] = to_json(value)


def to_json(value: object) -> object:
    """A value as it stands in `Lead.custom`: decimals and times as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def from_json(stored: object, kind: ColumnType) -> object:
    """The typed value again."""
    if kind is ColumnType.DECIMAL:
        return Decimal(str(stored))
    if kind is ColumnType.DATE:
        return date.fromisoformat(str(stored))
    if kind is ColumnType.DATETIME:
        return datetime.fromisoformat(str(stored))
    return stored


def stored_value(lead: Lead, column: CatalogueColumn) -> object:
    """What the lead holds in the column, as JSON; none where nothing stands there."""
    if column.field is None:
        return lead.custom.get(column.code)
    return to_json(getattr(lead, column.field))


def as_stored(value: object, column: CatalogueColumn) -> object:
    """How a value would stand there once it is written."""
    is_nothing = column.field is None and value == column.empty
    return None if is_nothing else to_json(value)


def as_typed(stored: object, column: CatalogueColumn) -> object:
    """The value of what stands there."""
    return column.empty if stored is None else from_json(stored, column.type)


def put_stored(lead: Lead, column: CatalogueColumn, stored: object) -> None:
    """Let the lead hold just what stood there once; saving it is the caller's."""
    if column.field is not None:
        setattr(lead, column.field, as_typed(stored, column))
    elif stored is None:
        lead.custom.pop(column.code, None)
    else:
        lead.custom[column.code] = stored


def as_text(value: object) -> str:
    """A value in the history: nothing is the empty text."""
    return "" if value is None else str(value)


def names_of_values(ids: set[int]) -> dict[int, str]:
    """The names of lookup values; of a merged one, the name of what it became."""
    rows = LookupValue.objects.filter(pk__in=ids).select_related("merged_into")
    return {row.pk: (row.merged_into or row).name for row in rows}


def texts_of(
    values: Mapping[str, object], columns: Mapping[str, CatalogueColumn]
) -> dict[str, str]:
    """Values of columns as the history tells them: lookups by name."""
    looked_up = {
        value
        for code, value in values.items()
        if columns[code].type is ColumnType.LOOKUP and isinstance(value, int)
    }
    names = names_of_values(looked_up) if looked_up else {}
    return {
        code: names.get(value, "")
        if columns[code].type is ColumnType.LOOKUP and isinstance(value, int)
        else as_text(value)
        for code, value in values.items()
    }
