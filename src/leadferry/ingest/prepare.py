"""What must be read from LinkedIn before a page can be registered."""

import logging
from collections.abc import Sequence

from leadferry.ingest.delivered import ResponsePage, read
from leadferry.integrations import forms
from leadferry.integrations.models import Integration
from leadferry.kit.errors import LeadferryError, TemporaryError
from leadferry.leads import services as leads
from leadferry.leads.models import (
    ADS,
    CAMPAIGN_GROUPS,
    CAMPAIGNS,
    LookupValue,
)
from leadferry.linkedin import wire
from leadferry.linkedin.client import LinkedInClient
from leadferry.linkedin.errors import TokenDead

logger = logging.getLogger("leadferry.ingest")


def prepare(page: ResponsePage, *, client: LinkedInClient) -> None:
    """Learn the form versions and names that the page mentions.

    Raises TemporaryError where a version cannot be read right now; a version that
    LinkedIn does not have is left out, and `import_page` holds its leads back.
    """
    integration, responses = page.integration, page.responses
    for response in responses:
        if response.form is not None:
            _keep_carried_form(integration, response)
    pairs = {(response.form_id, response.form_version) for response in responses}
    for pair in forms.unknown_versions(pairs):
        example = next(
            row for row in responses if (row.form_id, row.form_version) == pair
        )
        _learn_version(integration, example, client=client)
    _learn_campaigns(integration, responses, client=client)
    _learn_creatives(integration, responses, client=client)


def _keep_carried_form(
    integration: Integration, response: wire.LeadFormResponse
) -> None:
    form = response.form
    if form is None or form.content is None:
        return
    kept = forms.keep_form_name(
        integration.ad_account, form_id=response.form_id, name=form.name or ""
    )
    forms.keep_version(kept, version=response.form_version, form=form)


def _learn_version(
    integration: Integration,
    example: wire.LeadFormResponse,
    *,
    client: LinkedInClient,
) -> None:
    try:
        present = client.lead_form(example.form_id)
        forms.keep_form(integration.ad_account, present)
        if present.version_id == example.form_version:
            return
        # Only the lead itself can tell the questions of an older version.
        raw = client.response_with_form(example.id)
        carrier = read(raw).response
        if carrier is not None:
            _keep_carried_form(integration, carrier)
    except (TemporaryError, TokenDead):
        raise
    except LeadferryError:
        logger.warning(
            "form version not readable",
            extra={"form": example.form_id, "version": example.form_version},
        )


def _learn_campaigns(
    integration: Integration,
    responses: Sequence[wire.LeadFormResponse],
    *,
    client: LinkedInClient,
) -> None:
    names = {
        str(row.campaign_id): row.campaign_name or ""
        for row in responses
        if row.campaign_id is not None
    }
    for social_id in _unlearned(CAMPAIGNS, names, needs_parent=True):
        parents: dict[str, int] = {}
        try:
            campaign = client.campaign(
                integration.ad_account.account_id, int(social_id)
            )
            names[social_id] = names[social_id] or campaign.name or ""
            group_id = campaign.campaign_group_id
            if group_id is not None:
                parents[social_id] = _learn_group(integration, group_id, client=client)
        except TokenDead:
            raise
        except LeadferryError:
            # Names are for reading; the lead does not wait for them.
            logger.info("campaign not readable", extra={"campaign": social_id})
        leads.ensure_lookup_values(
            CAMPAIGNS, {social_id: names[social_id]}, parents=parents
        )


def _learn_group(
    integration: Integration, group_id: int, *, client: LinkedInClient
) -> int:
    social_id = str(group_id)
    name = ""
    if _unlearned(CAMPAIGN_GROUPS, {social_id: ""}, needs_parent=False):
        try:
            group = client.campaign_group(integration.ad_account.account_id, group_id)
            name = group.name or ""
        except TokenDead:
            raise
        except LeadferryError:
            logger.info("campaign group not readable", extra={"group": social_id})
    return leads.ensure_lookup_values(CAMPAIGN_GROUPS, {social_id: name})[social_id]


def _learn_creatives(
    integration: Integration,
    responses: Sequence[wire.LeadFormResponse],
    *,
    client: LinkedInClient,
) -> None:
    names = {
        str(row.creative_id): row.creative_name or ""
        for row in responses
        if row.creative_id is not None
    }
    for social_id in _unlearned(ADS, names, needs_parent=False):
        if not names[social_id]:
            try:
                creative = client.creative(
                    integration.ad_account.account_id, int(social_id)
                )
                names[social_id] = creative.name or ""
            except TokenDead:
                raise
            except LeadferryError:
                logger.info("creative not readable", extra={"creative": social_id})
        leads.ensure_lookup_values(ADS, {social_id: names[social_id]})


def _unlearned(code: str, names: dict[str, str], *, needs_parent: bool) -> list[str]:
    """Ids of which the lookup lacks the value or, while one may be had, the name."""
    known = LookupValue.objects.filter(lookup__code=code, social_id__in=names)
    learned = {
        value.social_id
        for value in known
        if value.is_named and (value.parent_id is not None or not needs_parent)
    }
    return [social_id for social_id in names if social_id not in learned]
