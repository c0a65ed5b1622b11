"""Integrations: made, switched, subscribed, mapped."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.integrations import access, drift, forms, queries
from leadferry.integrations.mappings import (
    Draft,
    MappingChanged,
    merged,
    save_mapping,
    use_custom_mapping,
    use_default_mapping,
)
from leadferry.integrations.models import (
    AdAccount,
    Integration,
    LeadForm,
    RegistrationWindow,
)
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError, SetupError
from leadferry.kit.secrets import random_token
from leadferry.mapping.defaults import starting_mapping

NOTICES_PATH = "/linkedin/notices/"


@transaction.atomic
def create_integration(
    *, account: AdAccount, name: str = "", by: User | None = None
) -> Integration:
    """The record of an ad account, on from now, with the starting mapping.

    An ad account has one: what exists is returned as it is. Raises RejectedError
    while the last rows of a deleted one are being removed.
    """
    if Integration.everything.filter(ad_account=account).exclude(deleting_since=None):
        raise RejectedError(
            _("The integration of this ad account is being deleted; try again soon.")
        )
    integration, made = Integration.objects.get_or_create(
        ad_account=account,
        defaults={"name": name or f"LinkedIn – {account.name}"[:255]},  # noqa: RUF001 - the dash
    )
    if not made:
        return integration
    RegistrationWindow.objects.create(integration=integration, on_from=clock.now_ms())
    draft = Draft(rows=starting_mapping())
    save_mapping(integration=integration, form=None, draft=draft, by=by)
    audit.record("integration created", subject=str(integration.pk), by=by)
    return integration


def find_integration(integration_id: int) -> Integration | None:
    """An integration that may have been deleted meanwhile."""
    found = Integration.objects.select_related("ad_account").filter(pk=integration_id)
    return found.first()


@transaction.atomic
def rename_integration(integration: Integration, *, name: str, by: User | None) -> None:
    """Another name; a blank one changes nothing."""
    if not name or name == integration.name:
        return
    integration.name = name
    integration.save(update_fields=["name"])
    audit.record("integration renamed", subject=str(integration.pk), by=by)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a person left on the page of an integration.

    `forms` are the switches that they saw: a form that came to be known since stays
    as it is. A `custom_form` without a `custom` mapping takes the default one.
    """

    name: str
    on: bool
    forms: Mapping[int, bool]
    default: Draft | None = None
    custom_form: LeadForm | None = None
    custom: Draft | None = None


@transaction.atomic
def apply_integration(
    integration: Integration, changes: Changes, *, by: User | None
) -> None:
    """Name, switches and mappings take effect together, or none does.

    Raises MappingRefused and MappingChanged as `save_mapping` does.
    """
    rename_integration(integration, name=changes.name, by=by)
    switch_integration(integration, on=changes.on, by=by)
    forms = LeadForm.objects.filter(ad_account=integration.ad_account_id)
    for form in forms.filter(pk__in=changes.forms):
        switch_form(form, on=changes.forms[form.pk], by=by)
    if changes.default is not None:
        save_mapping(integration=integration, form=None, draft=changes.default, by=by)
    if changes.custom_form is None:
        return
    form = forms.get(pk=changes.custom_form.pk)
    if changes.custom is None:
        use_default_mapping(form, by=by)
    else:
        held = queries.custom_mapping(form)
        made = use_custom_mapping(
            form, integration=integration, draft=changes.custom, by=by
        )
        seen = queries.present_schema(form).version
        if by is not None and made != held:
            # Whoever maps a form by hand has its present questions before them.
            drift.mark_reviewed(form, version=seen, by=by)


@transaction.atomic
def add_reviewed(
    form: LeadForm,
    integration: Integration,
    added: Draft,
    *,
    version: int,
    by: User,
) -> None:
    """The mapping in force for the form with these rows, and its change is seen to.

    `added` names the version that the person saw, the default one included. Raises
    MappingRefused and MappingChanged as `save_mapping` does.
    """
    held = queries.effective_mapping(form)
    if held.pk != added.based_on:
        raise MappingChanged(held, form=form)
    draft = Draft(
        rows=merged(queries.mapping_rows(held), added.rows),
        based_on=held.pk if form.has_custom_mapping else None,
    )
    use_custom_mapping(form, integration=integration, draft=draft, by=by)
    drift.mark_reviewed(form, version=version, by=by)


@transaction.atomic
def switch_integration(integration: Integration, *, on: bool, by: User | None) -> None:
    """Registration of the whole ad account goes on or stops from now."""
    if integration.is_on == on:
        return
    integration.is_on = on
    integration.save(update_fields=["is_on"])
    _switch_window(on=on, integration=integration)
    verb = "integration switched on" if on else "integration switched off"
    audit.record(verb, subject=str(integration.pk), by=by)


@transaction.atomic
def switch_form(form: LeadForm, *, on: bool, by: User | None) -> None:
    """Registration of one form goes on or stops from now."""
    if form.is_on == on:
        return
    form.is_on = on
    form.save(update_fields=["is_on"])
    _switch_window(on=on, form=form)
    verb = "form switched on" if on else "form switched off"
    audit.record(verb, subject=str(form.form_id), by=by)


def _switch_window(*, on: bool, **owner: Integration | LeadForm) -> None:
    now = clock.now_ms()
    if on:
        RegistrationWindow.objects.create(on_from=now, **owner)
    else:
        RegistrationWindow.objects.filter(on_until=None, **owner).update(on_until=now)


def notices_url() -> str:
    """The address at which LinkedIn delivers notices to this instance."""
    base = system_settings.read(system_settings.URL_TO_GET_LEADS)
    if not base:
        raise SetupError('"Url to get leads" is not set.')
    key = system_settings.read(system_settings.NOTICE_ADDRESS_KEY)
    return f"{base.rstrip('/')}{NOTICES_PATH}{key}"


def save_url(url: str, *, by: User | None) -> None:
    """Store "Url to get leads"; the door gets its random address with the first."""
    if not url.startswith(("http://", "https://")):
        raise RejectedError('"Url to get leads" must start with https:// or http://.')
    system_settings.write(system_settings.URL_TO_GET_LEADS, url.rstrip("/"), by=by)
    Integration.objects.update(
        subscribe_due_at=0, subscribe_attempts=0, subscribe_problem=""
    )
    if not system_settings.read(system_settings.NOTICE_ADDRESS_KEY):
        system_settings.write(
            system_settings.NOTICE_ADDRESS_KEY, random_token(24), by=by
        )


def set_up_topic(integration_id: int) -> str:
    """The inquiry after the forms of an integration."""
    return f"forms-{integration_id}"


def read_forms(integration: Integration) -> int:
    """Read the forms of the integration's ad account; returns how many."""
    account = integration.ad_account
    return access.as_any_user(
        account.account_id,
        lambda client, _user: len(forms.read_forms(account, client=client)),
    )
