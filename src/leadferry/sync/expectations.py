"""How many leads a period has, asked before anybody starts a run."""

from dataclasses import dataclass

from leadferry.integrations import access
from leadferry.integrations.models import Integration
from leadferry.jobs.models import Inquiry
from leadferry.sync.periods import Period
from leadferry.sync.services import time_zone


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What LinkedIn says of the whole ad account; none: it does not tell."""

    number: int | None


def topic(integration: Integration, period: Period) -> str:
    """The inquiry after the leads of a period: two people may ask for two."""
    return f"expected-{integration.pk}-{period.first}-{period.last}"


def look(integration: Integration, period: Period) -> dict[str, object]:
    """Ask LinkedIn."""
    account = integration.ad_account.account_id
    start, end = period.bounds(time_zone())
    number = access.as_any_user(
        account,
        lambda client, _user: client.count_responses(
            account, start_ms=start, end_ms=end
        ),
    )
    return {"number": number}


def read(inquiry: Inquiry) -> Expectation | None:
    """What was answered; none while nothing was."""
    if "number" not in inquiry.answer:
        return None
    return Expectation(number=inquiry.answer["number"])
