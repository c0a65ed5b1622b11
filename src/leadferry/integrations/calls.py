"""The call ledger: how often LinkedIn was asked, and how much of it is left."""

from collections.abc import Mapping

from django.db import connection
from django.db.models import Min, Sum

from leadferry.accounts import settings as system_settings
from leadferry.integrations.models import CallCount, LinkedInUser
from leadferry.kit import clock

RESPONSES = "leadFormResponses"
DAY_MS = 86_400_000
# What a day keeps for new leads, whatever is read of earlier ones.
KEPT_FOR_NEW = 0.3
_REMEMBERED_DAYS = 14


def next_day_ms() -> int:
    """When LinkedIn counts anew: the next midnight, UTC."""
    return (_today() + 1) * DAY_MS


def _today() -> int:
    return clock.now_ms() // DAY_MS


def note_calls(user: LinkedInUser, calls: Mapping[str, int]) -> None:
    """Add what was called to the counts of the day."""
    with connection.cursor() as cursor:
        for endpoint, number in sorted(calls.items()):
            cursor.execute(
                "INSERT INTO integrations_callcount (day, user_id, endpoint, calls) "
                # The user may have been deleted while it was called in its name.
                "SELECT %s, id, %s, %s FROM integrations_linkedinuser WHERE id = %s "
                "ON CONFLICT (user_id, endpoint, day) "
                "DO UPDATE SET calls = integrations_callcount.calls + excluded.calls",
                [_today(), endpoint, number, user.pk],
            )


def note_refusal(user: LinkedInUser, endpoint: str) -> None:
    """LinkedIn refuses more calls today: so many it allows in a day."""
    row, _made = CallCount.objects.get_or_create(
        day=_today(), user=user, endpoint=endpoint
    )
    if row.refused_after is None:
        CallCount.objects.filter(pk=row.pk).update(refused_after=row.calls)


def allowed_per_day(user: LinkedInUser, endpoint: str) -> int | None:
    """The limit that was set or met lately; none while none is known."""
    limits = [
        limit for limit in (_configured(), _met(user, endpoint)) if limit is not None
    ]
    return min(limits, default=None)


def _configured() -> int | None:
    value = system_settings.read(system_settings.CALLS_PER_DAY)
    return int(value) if value.isdecimal() and int(value) > 0 else None


def _met(user: LinkedInUser, endpoint: str) -> int | None:
    rows = CallCount.objects.filter(
        user=user,
        endpoint=endpoint,
        day__gt=_today() - _REMEMBERED_DAYS,
        # A refusal of the very first calls has another reason than a day's limit.
        refused_after__gt=10,
    )
    met: int | None = rows.aggregate(least=Min("refused_after"))["least"]
    return met


def made_today() -> dict[str, int]:
    """The application's calls of this UTC day, by endpoint."""
    made = CallCount.objects.filter(day=_today()).values_list("endpoint")
    return dict(made.annotate(total=Sum("calls")).order_by("endpoint"))


def limit_of_responses() -> int | None:
    """The least calls for responses a day that a user is known to be allowed."""
    users = LinkedInUser.objects.filter(state=LinkedInUser.State.ACTIVE)
    limits = (allowed_per_day(user, RESPONSES) for user in users)
    return min((limit for limit in limits if limit is not None), default=None)


def left_for_earlier_leads(user: LinkedInUser, endpoint: str) -> int | None:
    """Calls that may still go to earlier leads today; none: no limit is known."""
    allowed = allowed_per_day(user, endpoint)
    if allowed is None:
        return None
    made = CallCount.objects.filter(endpoint=endpoint, day=_today())
    # The application's calls count together.
    used = made.aggregate(total=Sum("calls"))["total"] or 0
    return max(0, int(allowed * (1 - KEPT_FOR_NEW)) - used)
