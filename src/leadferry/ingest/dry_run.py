"""A mapping tried on what people really submitted, before it is applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadferry.ingest.context import compile_for, refresh_values
from leadferry.ingest.models import LeadFormResponse
from leadferry.ingest.queries import responses_of
from leadferry.integrations import queries
from leadferry.integrations.mappings import check
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.schema import submission
from leadferry.kit import clock
from leadferry.leads import queries as leads
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.values import texts_of
from leadferry.linkedin import wire
from leadferry.mapping.compile import CompiledMapping, ValueProblem
from leadferry.mapping.sources import ColumnMapping, FormField, Macro

TRIED = 20


@dataclass(frozen=True, kw_only=True)
class TriedColumn:
    """What a column would get."""

    caption: str
    text: str
    is_macro: bool


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One submission under the mapping."""

    submitted_at: datetime
    # What tells it from the others: the first column that a form field fills.
    name: str
    columns: Sequence[TriedColumn]
    problems: Sequence[tuple[str, ValueProblem]]
    # (label, answer) of what no column but the macro's takes.
    only_in_macro: Sequence[tuple[str, str]]
    lines_cut: int


def try_mapping(
    integration: Integration, *, form: LeadForm | None, rows: Sequence[ColumnMapping]
) -> list[Tried]:
    """The last submissions of the form, or of all forms with the default mapping.

    Nothing is written; each is read with the form version it was submitted on.
    """
    refresh_values()
    columns = catalogue()
    responses = _last_responses(integration, form)
    pairs = {(row.form_id, row.form_version) for row in responses}
    # What is wrong stands beside its row in the editor; the others are tried.
    wrong = {one.column for one in check(rows, form=form) if not one.is_warning}
    usable = [row for row in rows if row.column not in wrong]
    versions = queries.versions_by_number(pairs)
    compiled = {pair: compile_for(row, usable) for pair, row in versions.items()}
    tried = []
    for response in responses:
        mapping = compiled.get((response.form_id, response.form_version))
        if mapping is not None:
            tried.append(_try(response, mapping, columns, usable))
    return tried


def _last_responses(
    integration: Integration, form: LeadForm | None
) -> list[LeadFormResponse]:
    if form is not None:
        chosen = [form.lookup_value_id]
    else:
        listed = queries.forms_of(integration).filter(has_custom_mapping=False)
        chosen = list(listed.values_list("lookup_value_id", flat=True))
    ids = leads.newest_leads_of_forms(chosen, most=TRIED)
    return list(responses_of(ids)[:TRIED])


def _try(
    response: LeadFormResponse,
    mapping: CompiledMapping,
    columns: Mapping[str, CatalogueColumn],
    rows: Sequence[ColumnMapping],
) -> Tried:
    given = submission(wire.decode_response(bytes(response.raw)))
    mapped = mapping.apply(given)
    texts = texts_of(mapped.values, columns)
    filled = [row for row in rows if row.column in texts]
    fates = mapping.fates(given)
    return Tried(
        submitted_at=clock.from_ms(response.submitted_at),
        name=next(
            (texts[row.column] for row in filled if isinstance(row.source, FormField)),
            "",
        ),
        columns=[
            TriedColumn(
                caption=str(columns[row.column].caption),
                text=texts[row.column],
                is_macro=isinstance(row.source, Macro),
            )
            for row in filled
        ],
        problems=[(str(columns[one.column].caption), one) for one in mapped.problems],
        only_in_macro=[(fate.label, fate.text) for fate in fates if not fate.columns],
        lines_cut=mapped.macro_cut,
    )
