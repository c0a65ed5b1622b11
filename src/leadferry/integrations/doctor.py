"""What the checks of an integration found, since when, and a link to show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.integrations import remedies
from leadferry.integrations.checks import Check, Found
from leadferry.integrations.models import DoctorLink, Finding, Integration
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.kit.secrets import digest_of, random_token

TOPIC = "doctor-"
LINK_LIFE = timedelta(days=7)
# After an examination that failed, before the next one that nobody asked for.
PAUSE = timedelta(hours=1)
_EACH = timedelta(days=1)
_AT_ONCE = 10
_SHOWN_PAST = 50


def topic(integration_id: int) -> str:
    """The inquiry after the state of an integration."""
    return f"{TOPIC}{integration_id}"


def record(integration: Integration, found: Sequence[Found]) -> None:
    """Keep what was found; a state that changed begins now, and a new fault is told."""
    with transaction.atomic():
        hold_fence()
        # Two examinations at once would each begin the same state.
        held = Integration.objects.select_for_update().filter(pk=integration.pk)
        if not held.exists():
            return
        begun = [one for one in found if _keep(integration, one)]
        worse = [one for one in begun if _is_told(one)]
        if worse:
            alerts.tell(
                topic=topic(integration.pk),
                title=_("A connection to LinkedIn needs you"),
                text=f"{integration.name}: {' '.join(_sentence(one) for one in worse)}",
            )


def _sentence(found: Found) -> str:
    said = remedies.say(found.check, found.state, found.reason, found.detail)
    return f"{said.title}: {said.text}"


def _is_told(found: Found) -> bool:
    return found.state == Finding.State.BROKEN or found.reason == "lost-role"


def _keep(integration: Integration, found: Found) -> bool:
    """Whether a state began with this."""
    now = clock.now()
    present = Finding.objects.filter(
        integration=integration, check_name=found.check, until=None
    )
    held = present.first()
    if held is not None and _is_same(held, found):
        present.update(detail=found.detail, looked_at=now)
        return False
    present.update(until=now)
    Finding.objects.create(
        integration=integration,
        check_name=found.check,
        state=found.state,
        reason=found.reason,
        detail=found.detail,
        since=now,
        looked_at=now,
    )
    return True


def _is_same(held: Finding, found: Found) -> bool:
    # Whose role was lost is another matter each time; seconds and counts are not.
    is_same_user = found.reason != "lost-role" or held.detail == found.detail
    return is_same_user and held.state == found.state and held.reason == found.reason


def due() -> list[int]:
    """Integrations that were not examined for a day, some at once."""
    lately = Finding.objects.filter(
        integration=OuterRef("pk"),
        until=None,
        looked_at__gt=clock.now() - _EACH,
    )
    found = Integration.objects.filter(~Exists(lately)).order_by("pk")
    return list(found.values_list("pk", flat=True)[:_AT_ONCE])


def findings_of(integration: Integration) -> list[Finding]:
    """How it stands with each check, in their order; nothing before the first look."""
    rows = Finding.objects.filter(integration=integration, until=None)
    by_name = {row.check_name: row for row in rows}
    return [by_name[check] for check in Check if check in by_name]


def past_of(integration: Integration) -> list[Finding]:
    """States that ended, the last ones first."""
    rows = Finding.objects.filter(integration=integration, until__isnull=False)
    return list(rows.order_by("-until", "-pk")[:_SHOWN_PAST])


@dataclass(frozen=True, kw_only=True)
class MadeLink:
    """A link and its token, which is shown this once."""

    link: DoctorLink
    token: str


@transaction.atomic
def make_link(integration: Integration, *, by: User | None) -> MadeLink:
    """A link for the administrator of the page, good for seven days."""
    token = random_token(32)
    now = clock.now()
    link = DoctorLink.objects.create(
        integration=integration,
        digest=digest_of(token),
        created_at=now,
        expires_at=now + LINK_LIFE,
    )
    audit.record("doctor link made", subject=str(integration.pk), by=by)
    return MadeLink(link=link, token=token)


@transaction.atomic
def withdraw_link(integration: Integration, link_id: int, *, by: User | None) -> bool:
    """Whether the link opened anything until now."""
    changed = links_of(integration).filter(pk=link_id).update(withdrawn_at=clock.now())
    if changed:
        audit.record("doctor link withdrawn", subject=str(integration.pk), by=by)
    return bool(changed)


def links_of(integration: Integration) -> QuerySet[DoctorLink]:
    """The links that open something now, the newest first."""
    links = DoctorLink.objects.filter(integration=integration, withdrawn_at=None)
    return links.filter(expires_at__gt=clock.now()).order_by("-pk")


def opened_by(token: str) -> Integration | None:
    """What a link shows; nothing where it ended, was withdrawn, or is none."""
    found = DoctorLink.objects.select_related("integration__ad_account").filter(
        digest=digest_of(token), withdrawn_at=None, expires_at__gt=clock.now()
    )
    link = found.first()
    return None if link is None else link.integration
