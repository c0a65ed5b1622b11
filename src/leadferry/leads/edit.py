"""A person changes a lead; what they changed, no import writes again."""

from collections.abc import Mapping

from django.db import transaction

from leadferry.accounts.models import User
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.leads import duplicate_keys
from leadferry.leads.columns import catalogue
from leadferry.leads.models import Lead, LeadChange
from leadferry.leads.values import read_value, texts_of, write_value


class LeadChanged(RejectedError):
    """The lead is not the one that the person saw any more."""


class LeadGone(RejectedError):
    """The lead was deleted meanwhile."""


@transaction.atomic
def edit_lead(
    *, lead_id: int, revision: int, values: Mapping[str, object], by: User
) -> Lead:
    """Write the columns whose value differs; raises LeadChanged, LeadGone.

    `revision` is the lead's at the time when the person began to edit.
    """
    lead = Lead.objects.select_for_update().filter(pk=lead_id).first()
    if lead is None:
        raise LeadGone("This lead was deleted meanwhile.")
    if lead.merged_into_id is not None:
        raise LeadGone("This lead became part of another one meanwhile.")
    if lead.revision != revision:
        raise LeadChanged("Somebody changed this meanwhile.")
    columns = {code: column for code, column in catalogue().items() if code in values}
    held = {code: read_value(lead, column) for code, column in columns.items()}
    changed = [code for code in held if held[code] != values[code]]
    if not changed:
        return lead
    old = texts_of({code: held[code] for code in changed}, columns)
    new = texts_of({code: values[code] for code in changed}, columns)
    for code in changed:
        write_value(lead, columns[code], values[code])
    lead.edited_columns = sorted({*lead.edited_columns, *changed})
    # A person has seen to what did not fit there.
    lead.problems = [row for row in lead.problems if row["column"] not in changed]
    lead.revision += 1
    lead.modified_at = clock.now()
    lead.save()
    LeadChange.objects.create(
        lead=lead,
        kind=LeadChange.Kind.EDITED,
        by=by,
        columns={code: {"old": old[code], "new": new[code]} for code in changed},
    )
    duplicate_keys.follow([lead.pk])
    return lead
