"""Submitting: a lead is stored as LinkedIn would store it."""

from linkedin_sandbox.history import advertisement
from linkedin_sandbox.people import Filled
from linkedin_sandbox.records import DAY_MS, Lead
from linkedin_sandbox.state import State
from linkedin_sandbox.world import Form


def submit(
    state: State,
    form: Form,
    *,
    filled: Filled,
    submitted_at: int | None = None,
    again: str | None = None,
    tester: str | None = None,
) -> Lead:
    """One submission of the form's present version; `again` names one it replaces.

    A lead with a `tester` is a test lead. As long as a form is only tried out, one
    person makes one lead of it a day: the next one replaces it, unless the tester is
    "", who is another person each time.
    """
    number = state.next_number()
    campaign, creative = advertisement(state.world, form, number)
    moment = submitted_at or state.clock.now_ms()
    submitter = f"urn:li:person:Zy{number:08d}"
    if tester:
        submitter = f"urn:li:person:tester-{tester}"
        again = again or _tried_before(state, form, submitter, moment)
    lead = Lead(
        id=again or state.new_lead_id(),
        form=form.id,
        version=form.version,
        account=form.account,
        page=form.page,
        lead_type=form.lead_type,
        event=form.event,
        submitted_at=moment,
        test=tester is not None,
        campaign=campaign,
        creative=creative,
        submitter=submitter,
        answers=filled.answers,
        consents=filled.consents,
    )
    state.add_lead(lead)
    return lead


def _tried_before(state: State, form: Form, submitter: str, moment: int) -> str | None:
    for lead in state.leads.values():
        is_same = lead.form == form.id and lead.submitter == submitter
        is_here = lead.test and lead.deleted_at is None
        if is_same and is_here and lead.submitted_at // DAY_MS == moment // DAY_MS:
            return lead.id
    return None
