"""How long sign-ins at LinkedIn, counts of calls and what checks found are kept."""

from leadferry.accounts.purging import DAY_MS, Rule, purge_rows
from leadferry.accounts.settings import DAYS_TO_KEEP_LOGS, days
from leadferry.integrations.models import (
    CallCount,
    DoctorLink,
    EndingTold,
    Finding,
    SignIn,
)

SIGN_INS, CALLS, FINDINGS = "sign-ins", "calls", "findings"
# What was told of an ending must not be told again before it.
_TOLD_DAYS = 60


def purge_sign_ins() -> bool:
    """Ways to LinkedIn and back, also those from which nobody came back."""
    rule = Rule(kind=SIGN_INS, days=days(DAYS_TO_KEEP_LOGS))
    return purge_rows(rule, SignIn.objects.filter(started_at__lt=rule.before))


def purge_calls() -> bool:
    """The counts of days that are over."""
    rule = Rule(kind=CALLS, days=days(DAYS_TO_KEEP_LOGS))
    old = CallCount.objects.filter(day__lt=rule.before_ms // DAY_MS)
    return purge_rows(rule, old)


def purge_findings() -> bool:
    """States of connections that ended, links that did, and what was told long ago."""
    rule = Rule(kind=FINDINGS, days=days(DAYS_TO_KEEP_LOGS))
    told = Rule(kind=FINDINGS, days=max(rule.days, _TOLD_DAYS))
    return (
        purge_rows(rule, Finding.objects.filter(until__lt=rule.before))
        and purge_rows(rule, DoctorLink.objects.filter(expires_at__lt=rule.before))
        and purge_rows(told, EndingTold.objects.filter(told_at__lt=told.before))
    )
