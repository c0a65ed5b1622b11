"""Registering mapped responses in bulk: the one place where a lead is born."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from leadferry.kit import clock
from leadferry.leads import bulk, duplicate_keys
from leadferry.leads.answers import GivenAnswer, forget_answers, note_answers
from leadferry.leads.columns import CORE_COLUMNS, CatalogueColumn, catalogue
from leadferry.leads.decisions import Known, Verdict, decide
from leadferry.leads.models import (
    ExtendedLeadInformation,
    Fate,
    Lead,
    LeadChange,
    Registration,
)
from leadferry.leads.stock import registration_defaults
from leadferry.leads.values import read_value, texts_of, to_json, write_value


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a lead came from; form, campaign and creative are lookup value ids."""

    linkedin_lead_id: str
    ad_account: int
    form: int
    form_version: int
    mapping_version: int
    campaign_group: int | None = None
    campaign: int | None = None
    creative: int | None = None
    came_by: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MappedResponse:
    """One response, mapped to Lead columns; `submitted_at` in milliseconds, UTC."""

    key: int
    check_key: int
    fate: int
    submitted_at: int
    digest: int
    values: Mapping[str, object]
    # Answers that are no value by themselves: those without `written` wait.
    answers: Sequence[GivenAnswer] = ()
    is_test: bool
    origin: Origin


@dataclass(kw_only=True)
class Outcome:
    """What `register` did, by identity key."""

    registered: dict[int, int] = field(default_factory=dict)
    updated: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    # Deleted at LinkedIn, or discarded by a person: nothing of them may stay.
    gone: list[int] = field(default_factory=list)
    kept_out: list[int] = field(default_factory=list)
    collided: list[int] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Take in what another page did."""
        self.registered.update(other.registered)
        for name in ("updated", "unchanged", "gone", "kept_out", "collided"):
            getattr(self, name).extend(getattr(other, name))


_REGISTRATION_COLUMNS = (
    "key", "check_key", "fate", "lead_id", "submitted_at", "digest", "deleted_at",
)  # fmt: skip
_LEAD_COLUMNS = (
    "custom", "edited_columns", "problems", "is_test", "revision",
    "submitted_at", "registered_at", "modified_at",
)  # fmt: skip
_EXTENDED_COLUMNS = (
    "lead_id", "linkedin_lead_id", "ad_account", "form_id", "form_version",
    "mapping_version", "campaign_group_id", "campaign_id", "creative_id", "came_by",
    "submitted_at", "is_test",
)  # fmt: skip
_CHANGE_COLUMNS = ("lead_id", "kind", "at", "by_id", "columns")
# What every driver takes as it is.
_PLAIN = {str, bool, int}
_FIELDS = {column.code: column.field or "" for column in CORE_COLUMNS}
# A column that holds something even when empty is written for every lead.
_ALWAYS = {
    column.code: column.empty for column in CORE_COLUMNS if column.empty is not None
}


def register(responses: Sequence[MappedResponse]) -> Outcome:
    """Register a page of responses in the caller's transaction.

    Every identity ends with at most one lead, whatever repeats or races: the
    ledger's key decides. Columns that a person edited are left alone.
    """
    outcome = Outcome()
    newest = _newest_of_each(responses)
    ids = bulk.reserve_ids(table="leads_lead", count=_count_registered(newest))
    with_ids = _pair_with_ids(newest, ids)
    claimed = bulk.claim_keys(
        table="leads_registration",
        key="key",
        columns=_REGISTRATION_COLUMNS,
        rows=[_registration_row(response, lead) for response, lead in with_ids],
    )
    born = [
        (response, lead)
        for response, lead in with_ids
        if response.key in claimed and lead is not None
    ]
    _insert_leads(born)
    outcome.registered = {response.key: lead for response, lead in born}
    outcome.kept_out = [
        response.key
        for response, lead in with_ids
        if response.key in claimed and lead is None
    ]
    known = sorted(newest, key=lambda response: response.key)
    met = _meet_known([r for r in known if r.key not in claimed], outcome=outcome)
    # Last, so that whoever holds an answer never waits for a lead.
    forget_answers([lead for _response, lead in met])
    note_answers(
        (lead, one) for response, lead in (*born, *met) for one in response.answers
    )
    return outcome


def _newest_of_each(responses: Sequence[MappedResponse]) -> list[MappedResponse]:
    newest: dict[int, MappedResponse] = {}
    for response in responses:
        held = newest.get(response.key)
        if held is None or response.submitted_at >= held.submitted_at:
            newest[response.key] = response
    return list(newest.values())


def _count_registered(responses: Sequence[MappedResponse]) -> int:
    return sum(response.fate == Fate.REGISTERED for response in responses)


def _pair_with_ids(
    responses: Sequence[MappedResponse], ids: Sequence[int]
) -> list[tuple[MappedResponse, int | None]]:
    # Older submissions get smaller ids, so that the list by id is a list by time.
    ordered = sorted(responses, key=lambda response: response.submitted_at)
    free = iter(ids)
    return [
        (response, next(free) if response.fate == Fate.REGISTERED else None)
        for response in ordered
    ]


def _registration_row(response: MappedResponse, lead: int | None) -> bulk.Row:
    return (
        response.key,
        response.check_key,
        response.fate,
        lead,
        response.submitted_at,
        response.digest,
        None,
    )


def _insert_leads(born: Sequence[tuple[MappedResponse, int]]) -> None:
    if not born:
        return
    at = clock.now()
    defaults = registration_defaults()
    _insert_lead_rows(born, defaults=defaults, at=at)
    bulk.insert(
        table="leads_extendedleadinformation",
        columns=_EXTENDED_COLUMNS,
        rows=[_extended_row(response, lead) for response, lead in born],
    )
    bulk.insert(
        table="leads_leadchange",
        columns=_CHANGE_COLUMNS,
        rows=[
            (
                lead,
                LeadChange.Kind.CREATED.value,
                bulk.adapt(at),
                None,
                json.dumps(
                    [
                        *response.values,
                        *(c for c in defaults if c not in response.values),
                    ]
                ),
            )
            for response, lead in born
        ],
    )
    bulk.insert(
        table="leads_searchpending",
        columns=("lead_id",),
        rows=[(lead,) for _, lead in born],
    )
    duplicate_keys.add_keys([(lead, response.values) for response, lead in born])


def _problems(response: MappedResponse) -> list[dict[str, str]]:
    """What did not fit, as the lead keeps it: without what the person wrote."""
    return [
        {"column": one.column, "kind": one.kind, "label": one.label}
        for one in response.answers
        if not one.written
    ]


def _insert_lead_rows(
    born: Sequence[tuple[MappedResponse, int]],
    *,
    defaults: Mapping[str, int],
    at: datetime,
) -> None:
    empty = {**_ALWAYS, **defaults}
    # Columns that nothing fills are not written: most leads fill a dozen.
    used = {code for response, _lead in born for code in response.values}
    codes = [code for code in _FIELDS if code in empty or code in used]
    blank = [bulk.adapt(empty.get(code)) for code in codes]
    places = {code: place for place, code in enumerate(codes)}
    bulk.insert(
        table="leads_lead",
        columns=("id", *(_FIELDS[code] for code in codes), *_LEAD_COLUMNS),
        rows=[
            (lead, *_cells(response.values, blank, places), *_own_cells(response, at))
            for response, lead in born
        ],
    )


def _cells(
    values: Mapping[str, object], blank: Sequence[object], places: Mapping[str, int]
) -> list[object]:
    cells = list(blank)
    for code, value in values.items():
        place = places.get(code)
        if place is not None:
            cells[place] = value if type(value) in _PLAIN else bulk.adapt(value)
    return cells


def _own_cells(response: MappedResponse, at: datetime) -> bulk.Row:
    added = {
        code: to_json(value)
        for code, value in response.values.items()
        if code not in _FIELDS
    }
    now = bulk.adapt(at)
    return (
        json.dumps(added, ensure_ascii=False) if added else "{}",
        "[]",
        json.dumps(_problems(response), ensure_ascii=False)
        if response.answers
        else "[]",
        response.is_test,
        1,
        bulk.adapt(clock.from_ms(response.submitted_at)),
        now,
        now,
    )


def _extended_row(response: MappedResponse, lead: int) -> bulk.Row:
    origin = response.origin
    return (
        lead,
        origin.linkedin_lead_id,
        origin.ad_account,
        origin.form,
        origin.form_version,
        origin.mapping_version,
        origin.campaign_group,
        origin.campaign,
        origin.creative,
        origin.came_by,
        response.submitted_at,
        response.is_test,
    )


def _meet_known(
    responses: Sequence[MappedResponse], *, outcome: Outcome
) -> list[tuple[MappedResponse, int]]:
    """Register or update what the ledger knows; returns what was written, and where."""
    if not responses:
        return []
    known = _known_rows([response.key for response in responses])
    again: list[MappedResponse] = []
    newer: list[MappedResponse] = []
    for response in responses:
        row = known[response.key]
        if row.check_key != response.check_key:
            outcome.collided.append(response.key)
            continue
        verdict = decide(
            known=Known(
                fate=row.fate,
                submitted_at=row.submitted_at,
                digest=row.digest,
                deleted_at=row.deleted_at,
            ),
            fate=response.fate,
            submitted_at=response.submitted_at,
            digest=response.digest,
        )
        if verdict is Verdict.REGISTER:
            again.append(response)
        elif verdict is Verdict.UPDATE:
            newer.append(response)
        elif verdict is Verdict.GONE:
            outcome.gone.append(response.key)
        elif verdict is Verdict.KEEP_OUT:
            _keep_out(response, outcome=outcome)
        else:
            outcome.unchanged.append(response.key)
    born = _register_again(again, outcome=outcome)
    # Fate REGISTERED and a lead go together, whatever the column allows.
    met = [(response, known[response.key].lead_id or 0) for response in newer]
    if met:
        columns = catalogue()
        # In the order of leads, so that two pages never wait for each other.
        for response, _lead in sorted(met, key=lambda pair: pair[1]):
            _update(response, known[response.key], columns, outcome=outcome)
    return [*born, *met]


def _keep_out(response: MappedResponse, *, outcome: Outcome) -> None:
    Registration.objects.filter(pk=response.key).update(
        fate=response.fate,
        submitted_at=response.submitted_at,
        digest=response.digest,
    )
    outcome.kept_out.append(response.key)


def _known_rows(keys: list[int]) -> dict[int, Registration]:
    found: dict[int, Registration] = {}
    for start in range(0, len(keys), 500):
        rows = Registration.objects.filter(pk__in=keys[start : start + 500])
        if connection.vendor == "postgresql":
            # In the order of keys, so that two pages never wait for each other.
            rows = rows.order_by("pk").select_for_update()
        found.update({row.key: row for row in rows})
    return found


def _register_again(
    responses: Sequence[MappedResponse], *, outcome: Outcome
) -> list[tuple[MappedResponse, int]]:
    ids = bulk.reserve_ids(table="leads_lead", count=len(responses))
    born = list(zip(responses, ids, strict=True))
    _insert_leads(born)
    for response, lead in born:
        Registration.objects.filter(pk=response.key).update(
            fate=Fate.REGISTERED,
            lead_id=lead,
            submitted_at=response.submitted_at,
            digest=response.digest,
        )
        outcome.registered[response.key] = lead
    return born


def _update(
    response: MappedResponse,
    row: Registration,
    columns: Mapping[str, CatalogueColumn],
    *,
    outcome: Outcome,
) -> None:
    lead = Lead.objects.select_for_update().get(pk=row.lead_id or 0)
    if clock.from_ms(response.submitted_at) < lead.submitted_at:
        # A merged lead stands for a later submission, too: that one speaks.
        _note_submitted(row.key, response)
        outcome.unchanged.append(row.key)
        return
    known = {code: columns[code] for code in response.values if code in columns}
    differences = _differences(lead, response.values, known)
    _note_submitted(row.key, response)
    problems = _problems(response)
    if not differences and problems == lead.problems:
        outcome.unchanged.append(row.key)
        return
    for code, change in differences.items():
        if "kept" not in change:
            write_value(lead, known[code], response.values[code])
    lead.problems = problems
    lead.submitted_at = clock.from_ms(response.submitted_at)
    lead.modified_at = clock.now()
    lead.revision += 1
    lead.save()
    _follow_origin(lead, response)
    LeadChange.objects.create(
        lead=lead, kind=LeadChange.Kind.UPDATED, columns=differences
    )
    duplicate_keys.follow([lead.pk])
    outcome.updated.append(row.key)


def _note_submitted(key: int, response: MappedResponse) -> None:
    Registration.objects.filter(pk=key).update(
        submitted_at=response.submitted_at, digest=response.digest
    )


def _differences(
    lead: Lead, values: Mapping[str, object], columns: Mapping[str, CatalogueColumn]
) -> dict[str, dict[str, str | bool]]:
    held = {code: read_value(lead, column) for code, column in columns.items()}
    changed = [code for code in held if held[code] != values[code]]
    old = texts_of({code: held[code] for code in changed}, columns)
    new = texts_of({code: values[code] for code in changed}, columns)
    found: dict[str, dict[str, str | bool]] = {}
    for code in changed:
        found[code] = {"old": old[code], "new": new[code]}
        if code in lead.edited_columns:
            # The person's value stays; the history says what came in.
            found[code]["kept"] = True
    return found


def _follow_origin(lead: Lead, response: MappedResponse) -> None:
    ExtendedLeadInformation.objects.filter(lead=lead).update(
        form_version=response.origin.form_version,
        mapping_version=response.origin.mapping_version,
        submitted_at=response.submitted_at,
    )
