"""How long messages are kept."""

from leadferry.accounts.purging import Rule, purge_rows
from leadferry.accounts.settings import DAYS_TO_KEEP_LOGS, days
from leadferry.alerts.models import SystemMessage

MESSAGES = "messages"


def purge_messages() -> bool:
    """Messages that were read; an unread one waits for its person."""
    rule = Rule(kind=MESSAGES, days=days(DAYS_TO_KEEP_LOGS))
    old = SystemMessage.objects.filter(read_at__lt=rule.before, last_at__lt=rule.before)
    return purge_rows(rule, old)
