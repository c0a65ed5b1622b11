"""The checks of an integration, and what one of them found."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SOON = timedelta(days=30)
# LinkedIn checks the address about every two hours and gives up after the third time.
CHECKED_WITHIN = timedelta(hours=5)


class Check(StrEnum):
    """One thing that is looked at; in the order in which they are shown."""

    APPLICATION = "application"
    VERSION = "version"
    TOKEN = "token"  # noqa: S105 - the name of a check
    SCOPES = "scopes"
    ACCOUNT_ROLE = "account-role"
    PAGE = "page"
    PAGE_ROLE = "page-role"
    LEADS = "leads"
    SUBSCRIPTION = "subscription"
    VALIDATION = "validation"
    CLOCK = "clock"
    BUDGET = "budget"
    USERS = "users"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one check found: a state of `Finding`, the word for why, and with what."""

    check: Check
    state: str
    reason: str
    detail: str = ""
