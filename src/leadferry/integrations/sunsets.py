"""When LinkedIn ends a version of its API, and whether an access renews itself."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from leadferry.integrations.models import LinkedInUser
from leadferry.kit import clock

# As LinkedIn publishes them; a version that is missing here has no date yet.
SUNSETS: Mapping[str, date] = {
    "202601": date(2027, 1, 15),
    "202602": date(2027, 2, 15),
    "202603": date(2027, 3, 16),
    "202604": date(2027, 4, 15),
    "202605": date(2027, 5, 15),
    "202606": date(2027, 6, 15),
    "202607": date(2027, 7, 15),
}


def sunset_of(version: str, table: Mapping[str, date] = SUNSETS) -> datetime | None:
    """The end of a version, as its day begins (UTC); none while it is not known."""
    day = table.get(version)
    return None if day is None else datetime.combine(day, time(), UTC)


def renews_until(user: LinkedInUser) -> datetime | None:
    """How long the user's access renews itself; none where it does not."""
    end = user.refresh_expires_at
    if not user.refresh_token or end is None or end <= clock.now():
        return None
    return end
