"""What is kept up at LinkedIn without anybody asking."""

import logging

from django.utils.translation import gettext as _

from leadferry.accounts import settings as system_settings
from leadferry.alerts import services as alerts
from leadferry.integrations import services
from leadferry.jobs.registry import HOUSEKEEPING, every, task
from leadferry.kit.errors import LeadferryError

logger = logging.getLogger("leadferry.integrations")


@every(seconds=600)
@task(queue=HOUSEKEEPING)
def keep_subscribed() -> None:
    """Subscribe every integration at the present "Url to get leads"."""
    if not system_settings.read(system_settings.URL_TO_GET_LEADS):
        return
    problems = services.subscribe_where_missing()
    if problems:
        logger.warning("not subscribed", extra={"integrations": len(problems)})
        alerts.tell(
            topic="not-subscribed",
            title=_("LinkedIn does not notify this instance"),
            text=" ".join(problems),
        )


@task(queue=HOUSEKEEPING)
def set_up(integration_id: int) -> None:
    """Read the forms of a new integration and subscribe to its leads."""
    integration = services.find_integration(integration_id)
    if integration is None:
        return
    try:
        services.read_forms(integration)
        services.subscribe(integration)
    except LeadferryError as exc:
        # The sweep tries the subscription again; forms come with the first lead.
        logger.warning("not set up", extra={"integration": integration_id})
        alerts.tell(
            topic=f"not-set-up-{integration_id}",
            title=_("An integration is not complete yet"),
            text=f"{integration.name}: {exc}",
        )
