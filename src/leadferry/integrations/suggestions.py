"""Rows that a mapping lacks, from what is known of this form and its sisters."""

from collections.abc import Sequence

from leadferry.integrations import drift, queries
from leadferry.integrations.models import Integration, LeadForm
from leadferry.leads.columns import catalogue
from leadferry.leads.lookups import lookups_with_values
from leadferry.mapping import sources
from leadferry.mapping.fields import Column, FormSchema, Question
from leadferry.mapping.suggest import Sister, Suggested, suggest

# The forms with a mapping of their own that were applied last tell enough.
_MOST_SISTERS = 50


def suggest_rows(
    integration: Integration,
    *,
    form: LeadForm | None,
    rows: Sequence[sources.ColumnMapping],
) -> list[Suggested]:
    """What the mapping of the form, or the default mapping, may take in."""
    if form is None:
        asked = queries.profile_fields_asked(integration)
        return suggest(rows, form=_asking(asked), columns=_columns())
    changed = drift.drift_of(form)
    return suggest(
        rows,
        form=queries.present_schema(form),
        columns=_columns(),
        sisters=sisters_of(form),
        changes=changed.changes if changed is not None else (),
    )


def _asking(fields: set[str]) -> FormSchema:
    """A form that asks for every profile field that any form asks for."""
    questions = [
        Question(id=name, label=name.replace("_", " ").capitalize(), predefined=name)
        for name in sorted(fields)
    ]
    return FormSchema(form_id=0, version=0, questions=tuple(questions))


def _columns() -> dict[str, Column]:
    """The columns that may be suggested: a lookup without values is none."""
    filled = lookups_with_values()
    return {
        code: column.for_mapping()
        for code, column in catalogue().items()
        if not column.is_retired and (column.lookup is None or column.lookup in filled)
    }


def sisters_of(form: LeadForm) -> list[Sister]:
    """Other forms with a mapping of their own, those of the same ad account first."""
    others = LeadForm.objects.filter(has_custom_mapping=True).exclude(pk=form.pk)
    listed = list(others.select_related("lookup_value").order_by("-pk"))
    listed.sort(key=lambda one: one.ad_account_id != form.ad_account_id)
    chosen = listed[:_MOST_SISTERS]
    versions = queries.versions_in_force(chosen)
    schemas = queries.present_schemas(chosen)
    return [
        Sister(
            name=one.lookup_value.name,
            form=schemas[one.pk],
            rows=queries.mapping_rows(versions[one.pk]),
        )
        for one in chosen
        if one.pk in versions and one.pk in schemas
    ]
