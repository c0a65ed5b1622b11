"""The way of the first lead that comes after a moment, stage by stage."""

from dataclasses import dataclass
from datetime import datetime

from leadferry.ingest.identity import identity_of
from leadferry.ingest.models import HeldBack, LeadFormResponse, Notice
from leadferry.kit import clock
from leadferry.leads.models import Registration


@dataclass(frozen=True, kw_only=True)
class Journey:
    """When the lead passed each stage; none where it has not come yet."""

    submitted_at: datetime | None = None
    notified_at: datetime | None = None
    stored_at: datetime | None = None
    registered_at: datetime | None = None
    lead_id: int | None = None
    # Why it cannot go on: what the notice or the held-back response says.
    problem: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self.lead_id is not None or bool(self.problem)


def journey_since(moment_ms: int) -> Journey:
    """The way of the first response of which LinkedIn gave notice since then."""
    created = Notice.objects.filter(
        received_at__gte=moment_ms, action=Notice.Action.CREATED
    )
    notice = created.order_by("received_at", "pk").first()
    if notice is None or notice.response_id is None:
        return Journey()
    key, check = identity_of(notice.response_id)
    responses = LeadFormResponse.objects.filter(urn_key=key, urn_check=check)
    response = responses.order_by("pk").first()
    registration = Registration.objects.filter(key=key, check_key=check).first()
    submitted = response.submitted_at if response else notice.occurred_at
    lead_id = registration.lead_id if registration else None
    return Journey(
        submitted_at=clock.from_ms(submitted) if submitted else None,
        notified_at=clock.from_ms(notice.received_at),
        stored_at=response.received_at if response else None,
        registered_at=_moment(notice.done_at) if lead_id else None,
        lead_id=lead_id,
        problem="" if lead_id else _problem(notice),
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return clock.from_ms(milliseconds) if milliseconds is not None else None


def _problem(notice: Notice) -> str:
    held = HeldBack.objects.filter(response_id=notice.response_id).first()
    if held is not None:
        return f"{held.get_reason_display()}. {held.detail}".strip()
    over = {
        Notice.State.NO_INTEGRATION, Notice.State.UNREADABLE, Notice.State.GIVEN_UP,
    }  # fmt: skip
    if notice.state not in over:
        return ""
    return notice.reason or str(notice.get_state_display())
