"""Submitting: a lead is stored as LinkedIn would store it."""

from linkedin_sandbox.history import advertisement
from linkedin_sandbox.people import Filled
from linkedin_sandbox.records import Lead
from linkedin_sandbox.state import State
from linkedin_sandbox.world import Form


def submit(
    state: State,
    form: Form,
    *,
    filled: Filled,
    test: bool = False,
    submitted_at: int | None = None,
    again: str | None = None,
) -> Lead:
    """One submission of the form's present version; `again` names one it replaces."""
    number = state.next_number()
    campaign, creative = advertisement(state.world, form, number)
    lead = Lead(
        id=again or state.new_lead_id(),
        form=form.id,
        version=form.version,
        account=form.account,
        page=form.page,
        lead_type=form.lead_type,
        event=form.event,
        submitted_at=submitted_at or state.clock.now_ms(),
        test=test,
        campaign=campaign,
        creative=creative,
        submitter=f"urn:li:person:Zy{number:08d}",
        answers=filled.answers,
        consents=filled.consents,
    )
    state.add_lead(lead)
    return lead
