"""How many leads a period has, asked before anybody starts a run."""

from dataclasses import dataclass

from leadferry.integrations import clients
from leadferry.integrations.models import Integration
from leadferry.jobs.models import Inquiry
from leadferry.sync.periods import Period
from leadferry.sync.services import time_zone


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What LinkedIn says of the whole ad account; none: it does not tell."""

    number: int | None


def topic(integration: Integration) -> str:
    """The inquiry after the leads of a period."""
    return f"expected-{integration.pk}"


def look(integration: Integration, period: Period) -> dict[str, object]:
    """Ask LinkedIn; the answer names the period that it is about."""
    account = integration.ad_account.account_id
    start, end = period.bounds(time_zone())
    with clients.client_of(clients.user_for(account)) as client:
        number = client.count_responses(account, start_ms=start, end_ms=end)
    return {"number": number, "period": written(period)}


def written(period: Period) -> str:
    """The period as an inquiry carries it."""
    return f"{period.first.isoformat()}/{period.last.isoformat()}"


def read(inquiry: Inquiry | None, period: Period) -> Expectation | None:
    """What was answered about just this period; none while nothing was."""
    if inquiry is None or inquiry.answer.get("period") != written(period):
        return None
    return Expectation(number=inquiry.answer.get("number"))
