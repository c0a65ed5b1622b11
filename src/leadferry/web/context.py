"""What the frame around every page shows."""

from django.conf import settings
from django.http import HttpRequest

import leadferry
from leadferry.accounts.models import User
from leadferry.alerts import queries as alerts


def shell(request: HttpRequest) -> dict[str, object]:
    """Version, feedback address and the bell's count."""
    user = request.user
    unread = alerts.unread_count(user) if isinstance(user, User) else 0
    return {
        "leadferry_version": leadferry.__version__,
        "feedback_url": settings.FEEDBACK_URL,
        "unread_messages": unread,
    }
