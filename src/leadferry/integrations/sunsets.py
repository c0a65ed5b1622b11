"""When a version of the API, and what a person granted, is over for good."""

from datetime import UTC, datetime, time, timedelta

from leadferry.integrations.clients import can_renew
from leadferry.integrations.models import LinkedInUser
from leadferry.linkedin.versions import version_named

_CONSENT = timedelta(days=365)


def sunset_of(version: str) -> datetime | None:
    """The end of a version, as its day begins (UTC); none of what is no version."""
    known = version_named(version)
    return None if known is None else datetime.combine(known.until, time(), UTC)


def renews_until(user: LinkedInUser) -> datetime | None:
    """How long the user's access renews itself; none where it does not."""
    if not can_renew(user):
        return None
    # LinkedIn never extends a consent beyond a year.
    return user.refresh_expires_at or user.connected_at + _CONSENT
