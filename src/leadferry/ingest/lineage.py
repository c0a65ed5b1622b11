"""Where the value of one column comes from: computed when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadferry.ingest.context import compile_for, refresh_values
from leadferry.ingest.queries import responses_of
from leadferry.integrations import queries as integrations
from leadferry.integrations.form_versions import schema_of
from leadferry.integrations.schema import submission
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError
from leadferry.leads.columns import catalogue
from leadferry.leads.models import Lead, LeadChange
from leadferry.linkedin import wire
from leadferry.mapping.compile import Mapped, writing_for
from leadferry.mapping.fields import ColumnType, FormSchema
from leadferry.mapping.sources import ColumnMapping, Constant, FormField, Macro


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """How a text became a value: "entered", "joined", "table", "none", or the type.

    Dates and numbers were read in this order and with this mark, chosen for the
    column or by the form's locale; of a text that became none, `why` tells.
    """

    kind: str
    date_order: str = ""
    decimal_mark: str = ""
    locale: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The way of a value: `answers` are what was entered, under which question."""

    kind: str
    form_version: int
    mapping_number: int | None
    answers: Sequence[tuple[str, str]] = ()
    conversion: Conversion | None = None


def lineage_of(lead: Lead, code: str) -> Lineage:
    """Edited, answered, constant, macro, given to each new lead, or empty.

    An answer of a submission that is not stored any more is "purged".
    """
    extended = lead.extended
    version = integrations.find_mapping_version(extended.mapping_version)
    rows = integrations.mapping_rows(version) if version is not None else []
    row = next((row for row in rows if row.column == code), None)
    kind, answers, conversion = _kind(lead, code, row, rows)
    return Lineage(
        kind=kind,
        form_version=extended.form_version,
        mapping_number=version.number if version is not None else None,
        answers=answers,
        conversion=conversion,
    )


_Told = tuple[str, Sequence[tuple[str, str]], Conversion | None]


def _kind(
    lead: Lead, code: str, row: ColumnMapping | None, rows: Sequence[ColumnMapping]
) -> _Told:
    if code in lead.edited_columns:
        return "edited", (), None
    if row is None:
        made = LeadChange.objects.filter(lead=lead, kind=LeadChange.Kind.CREATED)
        first = made.order_by("pk").first()
        is_given = first is not None and code in first.columns
        return ("given" if is_given else "nothing"), (), None
    match row.source:
        case Constant():
            return "constant", (), None
        case Macro():
            return "macro", (), None
        case FormField():
            return _answer(lead, row)
    return "nothing", (), None


def _answer(lead: Lead, row: ColumnMapping) -> _Told:
    purged: _Told = ("purged", (), None)
    newest = responses_of([lead.pk]).first()
    if newest is None or clock.from_ms(newest.submitted_at) < lead.submitted_at:
        # What is left is an earlier one, which did not bring this value.
        return purged
    pair = (newest.form_id, newest.form_version)
    version = integrations.versions_by_number({pair}).get(pair)
    if version is None:
        return purged
    refresh_values()
    try:
        # Its own row only: what is wrong with another one does not matter here.
        mapping = compile_for(version, [row])
    except LeadferryError:
        return purged
    given = submission(wire.decode_response(bytes(newest.raw)))
    answers = [
        (fate.label, fate.text)
        for fate in mapping.fates(given)
        if row.column in fate.columns or fate.problems
    ]
    mapped = mapping.apply(given)
    conversion = _conversion(row, schema_of(version), mapped)
    return "answer", answers, conversion if answers else None


def _conversion(row: ColumnMapping, form: FormSchema, mapped: Mapped) -> Conversion:
    if mapped.problems:
        return Conversion(kind="none", why=mapped.problems[0].kind.value)
    if mapped.settled:
        return Conversion(kind="table")
    column = catalogue()[row.column]
    match column.type:
        case ColumnType.TEXT:
            several = isinstance(row.source, FormField) and len(row.source.refs) > 1
            return Conversion(kind="joined" if several else "entered")
        case ColumnType.DATE | ColumnType.DATETIME:
            order = writing_for(row, form).date_order
            return Conversion(
                kind="date",
                date_order=order.value if order else "",
                locale="" if row.date_order else _locale(form),
            )
        case ColumnType.DECIMAL | ColumnType.INTEGER:
            return Conversion(
                kind="number",
                decimal_mark=writing_for(row, form).decimal_mark or "",
                locale="" if row.decimal_mark else _locale(form),
            )
    return Conversion(kind=column.type.value)


def _locale(form: FormSchema) -> str:
    return "-".join(part for part in (form.language, form.country) if part)
