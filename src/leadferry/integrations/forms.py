"""Lead forms and their versions: read from LinkedIn, kept for good."""

import logging
from collections.abc import Iterable

import msgspec
from django.db import transaction

from leadferry.integrations import drift
from leadferry.integrations.models import (
    AdAccount,
    LeadForm,
    LeadFormVersion,
    RegistrationWindow,
)
from leadferry.integrations.windows import FROM_THE_START
from leadferry.leads import services as leads
from leadferry.leads.models import LEAD_FORMS
from leadferry.linkedin import wire
from leadferry.linkedin.client import LinkedInClient

logger = logging.getLogger("leadferry.integrations")


def read_forms(account: AdAccount, *, client: LinkedInClient) -> list[LeadForm]:
    """Store the present state and version of every form of the account."""
    return [
        keep_form(account, form) for form in list(client.lead_forms(account.account_id))
    ]


@transaction.atomic
def keep_form(account: AdAccount, form: wire.LeadForm) -> LeadForm:
    """Store a form and the version it came in; its name in the CRM stays."""
    kept = keep_form_name(account, form_id=form.id, name=form.name or "")
    if form.state and kept.state != form.state:
        kept.state = form.state
        kept.save(update_fields=["state"])
    if form.version_id is not None:
        keep_version(kept, version=form.version_id, form=form)
    return kept


@transaction.atomic
def keep_form_name(account: AdAccount, *, form_id: int, name: str) -> LeadForm:
    """The form, made when it is seen for the first time: on, with default mapping."""
    values = leads.ensure_lookup_values(LEAD_FORMS, {str(form_id): name})
    kept, made = LeadForm.objects.get_or_create(
        form_id=form_id,
        defaults={
            "ad_account": account,
            "name_at_linkedin": name or str(form_id),
            "lookup_value_id": values[str(form_id)],
        },
    )
    if made:
        # On since ever: only a switch ends it. The integration's window decides
        # what was before set-up.
        RegistrationWindow.objects.create(form=kept, on_from=FROM_THE_START)
    elif name and kept.name_at_linkedin != name:
        kept.name_at_linkedin = name
        kept.save(update_fields=["name_at_linkedin"])
    return kept


def keep_version(
    kept: LeadForm, *, version: int, form: wire.LeadForm
) -> LeadFormVersion:
    """Store the questions of a version, the first time that it is seen."""
    content = msgspec.to_builtins(form)
    stored, made = LeadFormVersion.objects.get_or_create(
        form=kept, version=version, defaults={"content": content}
    )
    if made and kept.reviewed_version is None:
        kept.reviewed_version = version
        kept.save(update_fields=["reviewed_version"])
    elif made and version > (kept.reviewed_version or 0):
        drift.note_version(kept, stored)
    return stored


def unknown_versions(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those (form id, version) pairs whose questions are not stored."""
    wanted = set(pairs)
    known = LeadFormVersion.objects.filter(
        form__form_id__in={form_id for form_id, _version in wanted}
    ).values_list("form__form_id", "version")
    return wanted - set(known)
