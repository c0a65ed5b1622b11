"""What gets old goes, counted; a submission that is needed stays."""

from datetime import timedelta

import pytest

from leadferry.accounts import purging
from leadferry.accounts import services as accounts
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import KeptLonger, Purged
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest import inbox, retention, services
from leadferry.ingest.counting import SLOT_MS
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import import_page
from leadferry.ingest.lineage import lineage_of
from leadferry.ingest.models import DoorCount, HeldBack, LeadFormResponse, Notice
from leadferry.ingest.routers import inbox as inbox_alias
from leadferry.ingest.tests.builders import SUBMITTED_AT, make_response
from leadferry.integrations import mappings
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import Integration, RegistrationWindow
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.leads.edit import edit_lead
from leadferry.leads.models import LEAD_FORMS, Fate, Lead, Lookup, Registration
from leadferry.mapping.sources import (
    ColumnMapping,
    FieldKind,
    FieldRef,
    FormField,
    Macro,
    predefined,
)
from tests.support.aborts import Abort, dying_at

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = purging.DAY_MS
# When the submission with number 0 is exactly as old as submissions are kept.
DUE = SUBMITTED_AT + 365 * DAY
QUESTION = FormField(refs=(FieldRef(FieldKind.QUESTION, "1"),))


def stop_clock(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: at)


@pytest.fixture
def integration() -> Integration:
    made = make_integration()
    make_form(made)
    return made


def bring(integration: Integration, *elements: bytes) -> None:
    import_page(ResponsePage(integration=integration, elements=elements))


def mapped(integration: Integration, *rows: ColumnMapping) -> None:
    form = make_form(integration)
    mappings.use_custom_mapping(
        form, integration=integration, draft=Draft(rows=list(rows)), by=None
    )


def left() -> list[int]:
    rows = LeadFormResponse.objects.order_by("submitted_at")
    return [at - SUBMITTED_AT for at in rows.values_list("submitted_at", flat=True)]


def kept_longer() -> dict[str, int]:
    return dict(KeptLonger.objects.values_list("reason", "count"))


def test_a_submission_goes_a_millisecond_after_its_time(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(integration, *[make_response(number) for number in (0, 1, 2)])
    stop_clock(monkeypatch, DUE + 1)
    assert retention.purge_submissions()
    assert left() == [1, 2]
    stop_clock(monkeypatch, DUE + 2)
    retention.purge_submissions()
    assert left() == [2]
    counted = Purged.objects.get(kind=retention.SUBMISSIONS)
    assert (counted.count, counted.days, counted.day) == (2, 365, DUE // DAY)
    # The leads and who they are stay.
    assert (Lead.objects.count(), Registration.objects.count()) == (3, 3)
    bring(integration, make_response(0))
    assert Lead.objects.count() == 3


def test_the_setting_decides(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = system_settings.DAYS_TO_KEEP_SUBMISSIONS
    system_settings.write(code, "90", by=None)
    bring(integration, make_response(0))
    stop_clock(monkeypatch, SUBMITTED_AT + 90 * DAY)
    retention.purge_submissions()
    assert left() == [0]
    stop_clock(monkeypatch, SUBMITTED_AT + 90 * DAY + 1)
    retention.purge_submissions()
    assert left() == []


def test_no_setting_lets_a_sync_bring_back_what_was_purged() -> None:
    submissions = system_settings.DAYS_TO_KEEP_SUBMISSIONS
    with pytest.raises(RejectedError, match="last 90 days can be synchronised"):
        system_settings.write(submissions, "89", by=None)
    system_settings.write(submissions, "90", by=None)
    with pytest.raises(RejectedError, match="kept for 90 days"):
        system_settings.write(system_settings.DAYS_TO_SYNC, "91", by=None)
    system_settings.write(submissions, "", by=None)
    system_settings.write(system_settings.DAYS_TO_SYNC, "365", by=None)


def test_an_answer_that_waits_keeps_its_submission(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped(
        integration,
        ColumnMapping(column="Budget", source=QUESTION),
        ColumnMapping(column="Notes", source=Macro()),
    )
    bring(integration, make_response(0))
    lead = Lead.objects.get()
    assert lead.problems
    stop_clock(monkeypatch, DUE + 1)
    retention.purge_submissions()
    assert (left(), kept_longer()) == ([0], {retention.PROBLEM: 1})
    by = person("sam", accounts.SALES)
    edit_lead(lead_id=lead.pk, revision=lead.revision, values={"Budget": 5}, by=by)
    retention.purge_submissions()
    assert (left(), kept_longer()) == ([], {})


def test_a_macro_that_did_not_fit_keeps_its_submission(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped(integration, ColumnMapping(column="Zip", source=Macro()))
    long = {"textQuestionAnswer": {"answer": "x" * 60}}
    answers = {"answers": [{"questionId": 1, "answerDetails": long}]}
    bring(integration, make_response(0), make_response(1, formResponse=answers))
    stop_clock(monkeypatch, DUE + 10)
    retention.purge_submissions()
    assert (left(), kept_longer()) == ([1], {retention.NOT_ALL: 1})


def test_what_a_person_replaced_keeps_its_submission_what_they_added_to_does_not(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(integration, make_response(0), make_response(1))
    by = person("sam", accounts.SALES)
    first, second = Lead.objects.order_by("submitted_at")
    edit_lead(lead_id=first.pk, revision=1, values={"Notes": "called"}, by=by)
    notes = f"Called. {second.notes}"
    edit_lead(lead_id=second.pk, revision=1, values={"Notes": notes}, by=by)
    stop_clock(monkeypatch, DUE + 10)
    retention.purge_submissions()
    assert (left(), kept_longer()) == ([0], {retention.NOT_ALL: 1})


def test_an_earlier_submission_goes_too_and_brings_no_wrong_lineage(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped(
        integration,
        ColumnMapping(
            column="Contact", source=FormField(refs=(predefined("FIRST_NAME"),))
        ),
        ColumnMapping(column="Notes", source=Macro()),
    )
    bring(integration, make_response(0))
    text = {"textQuestionAnswer": {"answer": "Grace"}}
    answers = {"answers": [{"questionId": 1, "answerDetails": text}]}
    later = {"submittedAt": SUBMITTED_AT + 5, "formResponse": answers}
    bring(integration, make_response(0, **later))
    LeadFormResponse.objects.filter(submitted_at=SUBMITTED_AT + 5).delete()
    # The earlier one does not tell where "Grace" came from.
    assert lineage_of(Lead.objects.get(), "Contact").kind == "purged"
    stop_clock(monkeypatch, DUE + 10)
    retention.purge_submissions()
    assert left() == []


def test_without_a_lead_only_what_waits_stays(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    RegistrationWindow.objects.update(on_from=SUBMITTED_AT + 2)
    bring(integration, make_response(0), make_response(1))
    assert not Lead.objects.exists()
    Registration.objects.filter(submitted_at=SUBMITTED_AT).update(fate=Fate.HELD_BACK)
    stop_clock(monkeypatch, DUE + 10)
    retention.purge_submissions()
    assert (left(), kept_longer()) == ([0], {retention.WAITS: 1})


def test_a_form_that_nobody_knows_any_more_keeps_its_submissions(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(integration, make_response(0))
    LeadFormResponse.objects.update(form_version=7)
    stop_clock(monkeypatch, DUE + 10)
    retention.purge_submissions()
    assert (left(), kept_longer()) == ([0], {retention.UNKNOWN: 1})


@pytest.fixture
def held(integration: Integration) -> list[HeldBack]:
    unknown = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1,2)"
    bring(
        integration,
        *[make_response(n, versionedLeadGenFormUrn=unknown) for n in (0, 1, 2)],
    )
    return list(HeldBack.objects.order_by("submitted_at"))


def test_what_was_discarded_goes_what_waits_stays(
    held: list[HeldBack], monkeypatch: pytest.MonkeyPatch
) -> None:
    services.discard(held[:2], reason="spam", by=person("ops", accounts.MARKETERS))
    stop_clock(monkeypatch, DUE + 1)
    assert retention.purge_discarded()
    raws = [bool(row.raw) for row in HeldBack.objects.order_by("submitted_at")]
    assert raws == [False, True, True]
    assert HeldBack.objects.order_by("submitted_at")[0].discard_reason == "spam"
    stop_clock(monkeypatch, DUE + 1000)
    retention.purge_discarded()
    assert Purged.objects.get(kind=retention.DISCARDED).count == 2
    assert bytes(HeldBack.objects.get(discarded_at=None).raw)


def make_notice(state: Notice.State, received_at: int) -> int:
    return Notice.objects.create(
        response_id=f"lead-{state}-{received_at}",
        received_at=received_at,
        state=state,
        body="who knows" if state == Notice.State.UNREADABLE else "",
    ).pk


def test_notices_go_but_never_one_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    due = SUBMITTED_AT + 90 * DAY
    old = [make_notice(state, SUBMITTED_AT - 1) for state in Notice.State]
    young = [make_notice(state, SUBMITTED_AT) for state in Notice.State]
    stop_clock(monkeypatch, due)
    assert retention.purge_notices()
    waiting = old[list(Notice.State).index(Notice.State.PENDING)]
    assert set(Notice.objects.values_list("pk", flat=True)) == {waiting, *young}
    counted = Purged.objects.using(inbox_alias()).get(kind=retention.NOTICES)
    assert (counted.count, counted.days) == (4, 90)


def test_a_notice_that_was_opened_again_is_as_young_as_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = make_notice(Notice.State.GIVEN_UP, SUBMITTED_AT)
    Notice.objects.update(action=Notice.Action.CREATED)
    stop_clock(monkeypatch, SUBMITTED_AT + 89 * DAY)
    name = Notice.objects.get().response_id or ""
    inbox.reopen([HeldBack(response_id=name, ad_account=1)])
    Notice.objects.update(state=Notice.State.DONE)
    stop_clock(monkeypatch, SUBMITTED_AT + 91 * DAY)
    retention.purge_notices()
    assert Notice.objects.filter(pk=number).exists()


def test_counts_of_the_door_go_with_the_notices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slot = SUBMITTED_AT // SLOT_MS
    for number in (slot - 1, slot):
        DoorCount.objects.create(slot=number, kind="challenge", count=1, last_at=0)
    stop_clock(monkeypatch, SUBMITTED_AT + 90 * DAY)
    assert retention.purge_door_counts()
    assert DoorCount.objects.get().slot == slot


@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_killed_between_batches_the_next_round_ends_with_the_right_count(
    monkeypatch: pytest.MonkeyPatch, *, number: int, is_after: bool
) -> None:
    # Real commits leave empty tables behind.
    Lookup.objects.get_or_create(code=LEAD_FORMS)
    integration = make_integration()
    make_form(integration)
    bring(integration, *[make_response(n) for n in range(5)])
    for n in range(5):
        make_notice(Notice.State.DONE, SUBMITTED_AT + n)
    stop_clock(monkeypatch, DUE + 10)
    monkeypatch.setattr(purging, "BATCH", 2)
    for purge in (retention.purge_submissions, retention.purge_notices):
        death = Abort(number, after=is_after)
        with dying_at(death):
            purge()
        assert death.reached
        assert purge()
    assert not LeadFormResponse.objects.exists()
    assert not Notice.objects.exists()
    for kind, using in (
        (retention.SUBMISSIONS, "default"),
        (retention.NOTICES, inbox_alias()),
    ):
        assert purging.purged_so_far(kind, using=using) == 5


def test_the_rule_that_took_a_submission_is_told_even_when_it_changed(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(integration, make_response(0))
    lead = Lead.objects.get()
    assert retention.purged_of(lead) == []
    stop_clock(monkeypatch, DUE + 1)
    retention.purge_submissions()
    code = system_settings.DAYS_TO_KEEP_SUBMISSIONS
    system_settings.write(code, "700", by=None)
    told = retention.purged_of(lead)
    assert [one.days for one in told] == [365]
    assert told[0].submitted_at == clock.from_ms(SUBMITTED_AT)
    assert told[0].submitted_at + timedelta(days=365) < clock.now()
