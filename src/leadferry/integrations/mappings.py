"""Mappings: checked, applied as a new version, compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.integrations import queries
from leadferry.integrations.models import (
    ColumnMapping,
    Integration,
    LeadForm,
    MappingVersion,
)
from leadferry.kit.errors import RejectedError
from leadferry.leads import column_services
from leadferry.leads.columns import catalogue, mapping_columns
from leadferry.leads.lookups import LookupValues
from leadferry.leads.models import LeadColumn
from leadferry.leads.value_tables import SettledValues
from leadferry.mapping import sources
from leadferry.mapping.check import Problem, check_mapping

Rows = Sequence[sources.ColumnMapping]


class MappingRefused(RejectedError):
    """A mapping that cannot be applied; `problems` stand beside their columns."""

    def __init__(self, problems: Sequence[Problem], *, form: LeadForm | None) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems
        self.form = form


class MappingChanged(RejectedError):
    """Somebody else applied a mapping since this one was opened."""

    def __init__(self, version: MappingVersion, *, form: LeadForm | None) -> None:
        super().__init__("Somebody else changed this mapping meanwhile.")
        self.version = version
        self.form = form


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Rows as a person left them; `based_on` is the id of the version they saw."""

    rows: Rows
    based_on: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A column whose source differs between two mappings; none where it is not."""

    column: str
    old: sources.ColumnMapping | None
    new: sources.ColumnMapping | None


def check(rows: Rows, *, form: LeadForm | None) -> list[Problem]:
    """What keeps the rows from being applied, and warnings."""
    lookups = LookupValues()
    lookups.refresh()
    tables = SettledValues(lookups)
    tables.refresh()
    return check_mapping(
        rows,
        columns=mapping_columns(catalogue()),
        lookups=lookups,
        form=queries.present_schema(form) if form is not None else None,
        tables=tables,
        earlier=queries.fields_ever_asked(form) if form is not None else (),
    )


@transaction.atomic
def save_mapping(
    *,
    integration: Integration,
    form: LeadForm | None,
    draft: Draft,
    by: User | None,
) -> MappingVersion:
    """A new version of a mapping, unless it is the one in force already.

    Raises MappingRefused with what is wrong, MappingChanged where somebody else
    was quicker.
    """
    # One at a time: the second of two people sees what the first one did.
    Integration.objects.select_for_update().get(pk=integration.pk)
    earlier = MappingVersion.objects.filter(integration=integration, form=form)
    last = earlier.order_by("-number").first()
    if last is not None and draft.based_on not in {None, last.pk}:
        raise MappingChanged(last, form=form)
    # What is in force stays in force: a form that changed since keeps nobody from
    # applying a switch beside it.
    if last is not None and queries.mapping_rows(last) == list(draft.rows):
        return last
    errors = [one for one in check(draft.rows, form=form) if not one.is_warning]
    if errors:
        raise MappingRefused(errors, form=form)
    version = MappingVersion.objects.create(
        integration=integration,
        form=form,
        number=last.number + 1 if last is not None else 1,
        by=by,
    )
    ColumnMapping.objects.bulk_create(
        ColumnMapping(
            version=version,
            position=position,
            column=row.column,
            source=sources.to_json(row),
        )
        for position, row in enumerate(draft.rows)
    )
    audit.record("mapping applied", subject=str(version.pk), by=by)
    return version


@transaction.atomic
def use_custom_mapping(
    form: LeadForm, *, integration: Integration, draft: Draft, by: User | None
) -> MappingVersion:
    """The form has a mapping of its own from now on; the default is not for it."""
    version = save_mapping(integration=integration, form=form, draft=draft, by=by)
    if not form.has_custom_mapping:
        form.has_custom_mapping = True
        form.save(update_fields=["has_custom_mapping"])
        audit.record("custom mapping on", subject=str(form.form_id), by=by)
    return version


@transaction.atomic
def use_default_mapping(form: LeadForm, *, by: User | None) -> None:
    """The default mapping is for the form again; its own one is kept, unused."""
    if form.has_custom_mapping:
        form.has_custom_mapping = False
        form.save(update_fields=["has_custom_mapping"])
        audit.record("custom mapping off", subject=str(form.form_id), by=by)


@transaction.atomic
def retire_column(column: LeadColumn, *, by: User) -> None:
    """Retire a column of Lead; raises RejectedError while a mapping fills it."""
    if queries.mappings_in_force_naming(column.code):
        raise RejectedError(
            _("It is mapped in the places below: remove it there first.")
        )
    column_services.retire_column(column, by=by)


def merged(rows: Rows, new: Rows) -> list[sources.ColumnMapping]:
    """The rows with others in the place of those of the same column, or at the end."""
    by_column = {row.column: row for row in new}
    kept = [by_column.pop(row.column, row) for row in rows]
    return [*kept, *by_column.values()]


def differences(old: Rows, new: Rows) -> list[Difference]:
    """The columns whose source differs, in the order of the newer mapping."""
    before = {row.column: row for row in old}
    after = {row.column: row for row in new}
    codes = [*after, *(code for code in before if code not in after)]
    return [
        Difference(code, before.get(code), after.get(code))
        for code in codes
        if before.get(code) != after.get(code)
    ]
