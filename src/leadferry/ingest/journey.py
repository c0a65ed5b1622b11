"""The way of the first lead that comes after a moment, stage by stage."""

from dataclasses import dataclass
from datetime import datetime

from leadferry.ingest.identity import identity_of
from leadferry.ingest.latency import notified_at
from leadferry.ingest.models import HeldBack, LeadFormResponse, Notice
from leadferry.ingest.stages import Moment, moments_of
from leadferry.kit import clock
from leadferry.leads.models import Lead, Registration


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


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A moment of a lead's way, and how long after the one before, in milliseconds."""

    moment: Moment
    at: datetime | None
    after_ms: int | None


def way_of(lead: Lead) -> list[Passed]:
    """The moments of a lead; without a time what nothing is known of."""
    told = lead.extended
    key, check = identity_of(told.linkedin_lead_id)
    responses = LeadFormResponse.objects.filter(urn_key=key, urn_check=check)
    # A later submission of the person changes the lead, not how it came.
    response = responses.order_by("received_at", "pk").first()
    submitted = response.submitted_at if response else clock.to_ms(lead.submitted_at)
    notified = notified_at({told.linkedin_lead_id: submitted})
    moments = moments_of(
        submitted=submitted,
        notified=notified.get(told.linkedin_lead_id),
        stored=clock.to_ms(response.received_at) if response else None,
        registered=clock.to_ms(lead.registered_at),
        came_by=told.came_by,
    )
    before = dict(zip([*moments][1:], moments.values(), strict=False))
    return [
        Passed(
            moment=moment,
            at=_moment(moments.get(moment)),
            after_ms=max(0, moments[moment] - before[moment])
            if moment in before
            else None,
        )
        for moment in Moment
    ]


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
