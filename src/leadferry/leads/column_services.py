"""Columns that an administrator adds and retires, without a restart."""

import re

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.leads.columns import is_core
from leadferry.leads.lookup_services import own_code
from leadferry.leads.models import LeadColumn

MOST_COLUMNS = 200
_CREATIO_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")


@transaction.atomic
def add_column(column: LeadColumn, *, by: User) -> LeadColumn:
    """A new column; raises RejectedError for a code that is taken."""
    column.code = own_code(column.code)
    return _add(column, by=by)


@transaction.atomic
def take_over_column(column: LeadColumn, *, by: User) -> LeadColumn:
    """A column under the code that Creatio has for it; raises RejectedError."""
    if not _CREATIO_CODE.fullmatch(column.code):
        raise RejectedError(
            _("Creatio's code is longer than 50 characters: it cannot be taken over.")
        )
    return _add(column, by=by)


def _add(column: LeadColumn, *, by: User) -> LeadColumn:
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
