"""The version of LinkedIn's API: looked at daily, replaced at its end, never before.

LinkedIn refuses a version from its last day on with 426. Another one takes over at once
then, by itself; until then only a person changes it.
"""

import logging
from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.integrations import calls
from leadferry.integrations.calls import DAY_MS
from leadferry.integrations.models import LinkedInApplication, LinkedInUser
from leadferry.jobs.services import hold_fence
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, RejectedError, TemporaryError
from leadferry.linkedin.client import LinkedInClient
from leadferry.linkedin.errors import VersionSunset
from leadferry.linkedin.versions import API_VERSIONS, newer_versions

logger = logging.getLogger("leadferry.integrations")

TOPIC = "api-version"


def successor(user: LinkedInUser, refused: str) -> str:
    """The version to speak instead of a refused one; raises VersionSunset without one.

    Whoever is first switches for all. A version that LinkedIn still answers to
    elsewhere stays: then the refusal has another reason.
    """
    # A lane of a long reading has a thread, and so a connection, of its own.
    is_guest = connection.connection is None
    try:
        return _successor(user, refused)
    finally:
        if is_guest:
            connection.close()


def has_successor(user: LinkedInUser, refused: str) -> bool:
    """Whether another version took over from one that a reader apart was refused."""
    try:
        return bool(refused and successor(user, refused))
    except VersionSunset:
        return False


def _successor(user: LinkedInUser, refused: str) -> str:
    present = LinkedInApplication.objects.get().api_version
    if present != refused:
        return present
    if _is_active(user, refused):
        raise VersionSunset(
            f"LinkedIn refuses version {refused} for one resource and takes it for "
            "others."
        )
    for version in _candidates(refused):
        if _is_active(user, version):
            _switch(refused, version)
            return LinkedInApplication.objects.get().api_version
    raise VersionSunset(
        f"LinkedIn takes none of the API versions of this release any more: {refused} "
        "and its successors are not active. Update Leadferry."
    )


def _candidates(refused: str) -> Iterator[str]:
    """What this release was tested with, then what LinkedIn has answered to since."""
    yield from (version for version in API_VERSIONS if version != refused)
    newer = LinkedInApplication.objects.get().newer_version
    if newer and newer not in {*API_VERSIONS, refused}:
        yield newer


def _is_active(user: LinkedInUser, version: str) -> bool:
    """Whether LinkedIn takes a version; raises TemporaryError where it says nothing."""
    try:
        _ask(user, version)
    except VersionSunset:
        return False
    except TemporaryError:
        raise
    except LeadferryError:
        # What else it refuses with, it refuses in that version.
        return True
    return True


def _ask(user: LinkedInUser, version: str) -> None:
    with LinkedInClient(
        user.access_token, version=version, base_url=settings.LINKEDIN_API
    ) as client:
        try:
            next(client.ad_account_users(), None)
        finally:
            if user.pk is not None:
                calls.note_calls(user, client.take_calls())


@transaction.atomic
def _switch(refused: str, version: str) -> None:
    hold_fence()
    mine = LinkedInApplication.objects.filter(api_version=refused)
    if not mine.update(api_version=version):
        return
    audit.record(
        "API version replaced",
        subject=version,
        by=None,
        details={"former": refused},
    )
    logger.warning("API version replaced", extra={"former": refused, "now": version})
    alerts.tell(
        topic=TOPIC,
        title=_("Another version of LinkedIn's API took over"),
        text=_(
            "LinkedIn ended version %(former)s. Version %(version)s took over by "
            "itself and leads go on; there is nothing to do."
        )
        % {"former": refused, "version": version},
    )


@transaction.atomic
def use_newer(version: str, *, by: User | None) -> None:
    """A person takes the newer version; raises RejectedError where it is another."""
    mine = LinkedInApplication.objects.filter(newer_version=version)
    if not version or not mine.update(api_version=version, newer_version=""):
        raise RejectedError(
            _("This version is not offered any more: look at the line once more.")
        )
    audit.record("API version changed", subject=version, by=by)


def look_at_versions() -> None:
    """Once a day: is the version in use still active, and which newer one is."""
    now = clock.now_ms()
    due = LinkedInApplication.objects.filter(versions_due_at__lte=now)
    user = _somebody()
    # Whoever moves the date is the one who asks.
    if user is None or not due.update(versions_due_at=now + DAY_MS):
        return
    used = LinkedInApplication.objects.get().api_version
    try:
        _ask(user, used)
    except VersionSunset:
        successor(user, used)
        return
    except LeadferryError as exc:
        logger.warning("version not looked at", extra={"why": type(exc).__name__})
        return
    _try_a_newer_one(user)


def _somebody() -> LinkedInUser | None:
    active = LinkedInUser.objects.filter(
        state=LinkedInUser.State.ACTIVE, expires_at__gt=clock.now()
    )
    return active.order_by("-expires_at", "pk").first()


def _try_a_newer_one(user: LinkedInUser) -> None:
    application = LinkedInApplication.objects.get()
    known = max(application.newer_version, application.api_version)
    today = clock.now().date()
    newer = newer_versions(known, today=today)
    if not newer:
        return
    # One a day, in turn: LinkedIn may leave a month out.
    tried = newer[today.toordinal() % len(newer)]
    try:
        _ask(user, tried)
    except LeadferryError:
        return
    # Another look may have found a newer one meanwhile.
    LinkedInApplication.objects.filter(
        api_version=application.api_version, newer_version__lt=tried
    ).update(newer_version=tried)
