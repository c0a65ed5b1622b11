"""Where the value of one column comes from: computed when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadferry.ingest.context import LOOKUPS, compile_for
from leadferry.ingest.queries import responses_of
from leadferry.integrations import queries as integrations
from leadferry.integrations.schema import submission
from leadferry.kit.errors import LeadferryError
from leadferry.leads.models import Lead, LeadChange
from leadferry.linkedin import wire
from leadferry.mapping.sources import ColumnMapping, Constant, FormField, Macro


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The way of a value: `answers` are what was entered, under which question."""

    kind: str
    form_version: int
    mapping_number: int | None
    answers: Sequence[tuple[str, str]] = ()


def lineage_of(lead: Lead, code: str) -> Lineage:
    """Edited, answered, constant, macro, given to each new lead, or empty.

    An answer of a submission that is not stored any more is "purged".
    """
    extended = lead.extended
    version = integrations.find_mapping_version(extended.mapping_version)
    rows = integrations.mapping_rows(version) if version is not None else []
    row = next((row for row in rows if row.column == code), None)
    kind, answers = _kind(lead, code, row, rows)
    return Lineage(
        kind=kind,
        form_version=extended.form_version,
        mapping_number=version.number if version is not None else None,
        answers=answers,
    )


def _kind(
    lead: Lead, code: str, row: ColumnMapping | None, rows: Sequence[ColumnMapping]
) -> tuple[str, Sequence[tuple[str, str]]]:
    if code in lead.edited_columns:
        return "edited", ()
    if row is None:
        made = LeadChange.objects.filter(lead=lead, kind=LeadChange.Kind.CREATED)
        first = made.order_by("pk").first()
        is_given = first is not None and code in first.columns
        return ("given" if is_given else "nothing"), ()
    match row.source:
        case Constant():
            return "constant", ()
        case Macro():
            return "macro", ()
        case FormField():
            answers = _answers(lead, code, rows)
            return ("answer" if answers is not None else "purged"), answers or ()
    return "nothing", ()


def _answers(
    lead: Lead, code: str, rows: Sequence[ColumnMapping]
) -> list[tuple[str, str]] | None:
    newest = responses_of([lead.pk]).first()
    if newest is None:
        return None
    pair = (newest.form_id, newest.form_version)
    version = integrations.versions_by_number({pair}).get(pair)
    if version is None:
        return None
    LOOKUPS.refresh()
    try:
        # Its own row only: what is wrong with another one does not matter here.
        mapping = compile_for(version, [row for row in rows if row.column == code])
    except LeadferryError:
        return None
    given = submission(wire.decode_response(bytes(newest.raw)))
    return [
        (fate.label, fate.text)
        for fate in mapping.fates(given)
        if code in fate.columns
        or any(problem.column == code for problem in fate.problems)
    ]
