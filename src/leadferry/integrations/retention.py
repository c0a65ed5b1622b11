"""How long sign-ins at LinkedIn and the counts of calls are kept."""

from leadferry.accounts.purging import DAY_MS, Rule, purge_rows
from leadferry.accounts.settings import DAYS_TO_KEEP_LOGS, days
from leadferry.integrations.models import CallCount, SignIn

SIGN_INS, CALLS = "sign-ins", "calls"


def purge_sign_ins() -> bool:
    """Ways to LinkedIn and back, also those from which nobody came back."""
    rule = Rule(kind=SIGN_INS, days=days(DAYS_TO_KEEP_LOGS))
    return purge_rows(rule, SignIn.objects.filter(started_at__lt=rule.before))


def purge_calls() -> bool:
    """The counts of days that are over."""
    rule = Rule(kind=CALLS, days=days(DAYS_TO_KEEP_LOGS))
    old = CallCount.objects.filter(day__lt=rule.before_ms // DAY_MS)
    return purge_rows(rule, old)
