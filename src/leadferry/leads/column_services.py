"""Columns that an administrator adds and retires, without a restart."""

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.leads.columns import is_core
from leadferry.leads.lookup_services import own_code
from leadferry.leads.models import LeadColumn

MOST_COLUMNS = 200


@transaction.atomic
def add_column(column: LeadColumn, *, by: User) -> LeadColumn:
    """A new column; raises RejectedError for a code that is taken."""
    column.code = own_code(column.code)
    if is_core(column.code) or LeadColumn.objects.filter(code=column.code).exists():
        raise RejectedError(_("There is a column with this code already."))
    if LeadColumn.objects.count() >= MOST_COLUMNS:
        raise RejectedError(
            _("There are 200 columns of your own already: no more fit.")
        )
    column.save()
    audit.record("lead column added", subject=column.code, by=by)
    return column


@transaction.atomic
def rename_column(column: LeadColumn, *, caption: str, by: User) -> None:
    """Another caption; the code stays."""
    if caption and caption != column.caption:
        column.caption = caption
        column.save(update_fields=["caption"])
        audit.record("lead column renamed", subject=column.code, by=by)


@transaction.atomic
def retire_column(column: LeadColumn, *, by: User) -> None:
    """It is not offered any more; what leads hold in it stays and is shown."""
    LeadColumn.objects.filter(pk=column.pk).update(is_retired=True)
    audit.record("lead column retired", subject=column.code, by=by)


@transaction.atomic
def restore_column(column: LeadColumn, *, by: User) -> None:
    """A retired column is offered again."""
    LeadColumn.objects.filter(pk=column.pk).update(is_retired=False)
    audit.record("lead column restored", subject=column.code, by=by)
