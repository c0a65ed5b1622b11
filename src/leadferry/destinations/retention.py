"""How long receipts of erasures are kept; what was sent is kept as long as its lead."""

from leadferry.accounts.purging import Rule, purge_rows
from leadferry.accounts.settings import DAYS_TO_KEEP_LOGS, days
from leadferry.destinations.models import Delivery, EarlierRun

RECEIPTS, EARLIER_RUNS = "receipts", "earlier-runs"


def purge_receipts() -> bool:
    """That a lead was erased at a destination, and when."""
    rule = Rule(kind=RECEIPTS, days=days(DAYS_TO_KEEP_LOGS))
    return purge_rows(rule, Delivery.objects.filter(erased_at__lt=rule.before_ms))


def purge_earlier_runs() -> bool:
    """Runs of all earlier leads that are over."""
    rule = Rule(kind=EARLIER_RUNS, days=days(DAYS_TO_KEEP_LOGS))
    old = EarlierRun.objects.filter(ended_at__lt=rule.before)
    return purge_rows(rule, old)
