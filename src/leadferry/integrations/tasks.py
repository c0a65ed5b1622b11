"""What is kept up at LinkedIn without anybody asking."""

import logging
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from leadferry.accounts import settings as system_settings
from leadferry.alerts import services as alerts
from leadferry.integrations import (
    api_versions,
    connect,
    local_linkedin,
    prerequisites,
    queries,
    removal,
    services,
    subscriptions,
    tokens,
)
from leadferry.integrations import sign_in as sign_ins
from leadferry.integrations.models import LinkedInApplication, LinkedInUser, SignIn
from leadferry.jobs import inquiries
from leadferry.jobs.registry import HOUSEKEEPING, WAITED_FOR, every, task
from leadferry.jobs.services import kick, stopping
from leadferry.kit.errors import LeadferryError

logger = logging.getLogger("leadferry.integrations")


@every(seconds=600)
@task(queue=HOUSEKEEPING)
def keep_subscribed() -> None:
    """Subscribe every integration at the present "Url to get leads", and look it up."""
    if not system_settings.read(system_settings.URL_TO_GET_LEADS):
        return
    problems = subscriptions.keep_all()
    if problems:
        logger.warning("not subscribed", extra={"integrations": len(problems)})
        alerts.tell(
            topic="not-subscribed",
            title=_("LinkedIn does not notify this instance"),
            text=" ".join(problems),
        )


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def withdraw() -> None:
    """Remove at LinkedIn what deleted users and integrations left there."""
    removal.withdraw()


@task(queue=HOUSEKEEPING)
def set_up(integration_id: int) -> None:
    """Read the forms of an integration and subscribe to its leads."""
    integration = services.find_integration(integration_id)
    if integration is None:
        return

    def work() -> dict[str, int]:
        try:
            read = services.read_forms(integration)
            if system_settings.read(system_settings.URL_TO_GET_LEADS):
                subscriptions.subscribe(integration)
        except LeadferryError as exc:
            # The sweep tries the subscription again; forms come with the first lead.
            logger.warning("not set up", extra={"integration": integration_id})
            alerts.tell(
                topic=f"not-set-up-{integration_id}",
                title=_("An integration is not complete yet"),
                text=f"{integration.name}: {exc}",
            )
            raise
        return {"forms": read}

    inquiries.answer(services.set_up_topic(integration_id), work)


@every(seconds=3600)
@task(queue=HOUSEKEEPING)
def look_at_forms() -> None:
    """Read the forms of every integration, so that a change is told before a lead."""
    for integration in queries.integrations():
        if stopping():
            return
        try:
            services.read_forms(integration)
        except LeadferryError:
            # What keeps it from reading is told where leads are read.
            logger.warning("forms not read", extra={"integration": integration.pk})


@task(queue=WAITED_FOR)
def finish_sign_in(sign_in_id: int) -> None:
    """Ask LinkedIn for the token of a member who came back."""
    sign_in = SignIn.objects.filter(pk=sign_in_id, finished_at=None).first()
    if sign_in is None or not sign_in.code:
        return
    sign_ins.finish_sign_in(sign_in)
    if sign_in.user is not None:
        # Whoever gets a token has shown that LinkedIn knows id and secret.
        client_id = LinkedInApplication.objects.get().client_id
        found = {"client_id": client_id}
        inquiries.note(connect.APPLICATION_TOPIC, test_application, found)
        inquiries.ask(prerequisites.TOPIC, check_prerequisites)


@every(seconds=10)
@task(queue=HOUSEKEEPING)
def finish_sign_ins() -> None:
    """Sign-ins whose kick was lost are finished after all."""
    for sign_in in sign_ins.left_behind():
        kick(finish_sign_in, sign_in.pk, key=f"sign-in-{sign_in.pk}")


@every(seconds=60)
@task(queue=HOUSEKEEPING)
def look_after_tokens() -> None:
    """Tokens are renewed long before their end, and looked at once a day."""
    tokens.look_after_tokens()


@every(seconds=600)
@task(queue=HOUSEKEEPING)
def look_at_versions() -> None:
    """The version of LinkedIn's API is looked at once a day."""
    api_versions.look_at_versions()


@task(queue=WAITED_FOR)
def look_for_ad_accounts(user_id: int) -> None:
    """Ask LinkedIn which ad accounts a user can see."""
    user = LinkedInUser.objects.filter(pk=user_id).first()
    if user is None:
        return

    def work() -> dict[str, Any]:
        return {"offers": [asdict(offer) for offer in connect.offers(user)]}

    inquiries.answer(connect.offers_topic(user), work)


@task(queue=WAITED_FOR)
def test_application() -> None:
    """Ask LinkedIn whether it knows the stored application."""

    def work() -> dict[str, str]:
        application = LinkedInApplication.objects.get()
        connect.try_application(
            client_id=application.client_id, client_secret=application.client_secret
        )
        return {"client_id": application.client_id}

    inquiries.answer(connect.APPLICATION_TOPIC, work)


@task(queue=HOUSEKEEPING)
def check_prerequisites() -> None:
    """Look at LinkedIn whether somebody can bring leads from there."""
    inquiries.answer(prerequisites.TOPIC, prerequisites.look)


@task(queue=WAITED_FOR)
def submit_test_lead(form_id: int) -> None:
    """Somebody made up fills in a form of the local LinkedIn."""
    inquiries.answer(
        local_linkedin.TOPIC, lambda: local_linkedin.submit_test_lead(form_id)
    )
