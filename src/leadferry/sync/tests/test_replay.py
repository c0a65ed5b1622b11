"""Stored submissions through a changed mapping: previewed, written, taken back."""

import pytest
from django.db.models import F

from leadferry.accounts.models import AuditRow, User
from leadferry.ingest.import_page import erase_response
from leadferry.ingest.tests.conftest import _nothing_compiled
from leadferry.integrations.models import LeadForm, MappingVersion
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit.errors import RejectedError
from leadferry.leads import value_tables
from leadferry.leads.answers import bring_in_line, due_answers
from leadferry.leads.models import (
    AnswerText,
    ExtendedLeadInformation,
    Lead,
    LeadChange,
    LeadColumn,
    Lookup,
    LookupValue,
)
from leadferry.mapping.sources import ColumnMapping, Constant
from leadferry.sync import replay, replay_work, services
from leadferry.sync.models import ReplayBatch, ReplayChange
from leadferry.sync.periods import Period
from leadferry.sync.replay_queries import ChangeFilter
from leadferry.sync.tests.builders import (
    CONTACT,
    COUNTRY,
    MACRO,
    QUESTION,
    applied,
    country,
    dump,
    edit,
    edit_countries,
    integration_of,
    previewed,
    settle,
    submit,
    undone,
    use,
)

__all__ = ["_nothing_compiled"]
pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("B2")]

State = ReplayBatch.State


@pytest.fixture
def person() -> User:
    return User.objects.create(username="mara", password="x")


@pytest.fixture
def form() -> LeadForm:
    """A form whose question is answered, and mapped to nothing but the macro."""
    form = make_form(make_integration())
    use(form, CONTACT, MACRO)
    return form


def countries() -> list[str]:
    names = Lead.objects.order_by("pk").values_list("country__name", flat=True)
    return [name or "" for name in names]


@pytest.mark.parametrize("ticked", [False, True])
def test_a_question_mapped_later_reaches_old_leads_and_is_taken_back(
    form: LeadForm, person: User, *, ticked: bool
) -> None:
    submit(form, *range(412))
    edit_countries(list(Lead.objects.order_by("pk")[:9]), person)
    settle("Deutschland", "Germany", person)
    version = use(form, CONTACT, COUNTRY, MACRO)
    before = dump()

    batch = previewed(form)
    assert (batch.state, batch.leads, batch.counts) == (
        State.READY,
        412,
        {"Country": [412, 9, 403]},
    )
    assert dump() == before
    if ticked:
        chosen = ChangeFilter(column="Country", is_edited=True)
        replay.tick_all(batch, chosen, is_included=True)
        batch.refresh_from_db()
        assert batch.ticked == 412

    applied(batch)
    alone = 0 if ticked else 9
    assert (batch.state, batch.written, batch.skipped) == (
        State.APPLIED,
        412 - alone,
        0,
    )
    assert countries() == ["Austria"] * alone + ["Germany"] * (412 - alone)
    assert Lead.objects.exclude(edited_columns=[]).count() == alone
    versions = ExtendedLeadInformation.objects.filter(mapping_version=version.pk)
    assert versions.count() == 412 - alone
    assert AnswerText.objects.get().leads == 412 - alone
    changes = LeadChange.objects.filter(kind=LeadChange.Kind.REPLAYED)
    assert changes.count() == 412 - alone
    assert changes.latest("pk").columns == {"Country": {"old": "", "new": "Germany"}}

    undone(batch)
    assert (batch.state, batch.undone, batch.kept) == (State.UNDONE, 412 - alone, 0)
    assert dump() == before
    back = LeadChange.objects.filter(kind=LeadChange.Kind.REPLAY_UNDONE)
    assert back.count() == 412 - alone


def left_alone(batch: ReplayBatch) -> list[tuple[int, int]]:
    rows = ChangeFilter(is_left=True).of(batch).order_by("lead")
    return list(rows.values_list("lead_id", "state"))


def leads() -> list[Lead]:
    return list(Lead.objects.order_by("pk"))


def write_due() -> None:
    for answer in due_answers():
        while bring_in_line(answer):
            pass


def test_what_changed_since_the_preview_is_left_alone(
    form: LeadForm, person: User
) -> None:
    submit(form, 1, 2, 3, 4, 5)
    settle("Deutschland", "Germany", person)
    edited, again, erased, named, _last = leads()
    edit(named, person, Country=country("Austria"))
    use(form, CONTACT, COUNTRY, MACRO)
    batch = previewed(form)
    replay.tick_all(batch, ChangeFilter(), is_included=True)

    edit(edited, person, Country=country("France"))
    submit(form, 2, text="Spain", ago=1)
    erase_response(response_id="lead-3", occurred_at=last_moment())
    edit(named, person, Country=country("Italy"))
    applied(batch)

    assert countries() == ["France", "Spain", "Italy", "Germany"]
    skipped = ReplayChange.State.SKIPPED
    assert left_alone(batch) == [
        (edited.pk, skipped),
        (again.pk, skipped),
        (named.pk, skipped),
    ]
    assert (batch.written, batch.skipped) == (1, 3)
    assert not ReplayChange.objects.filter(lead=erased.pk).exists()


def last_moment() -> int:
    return 4_000_000_000_000


def test_a_newer_submission_is_not_overwritten_with_an_older_one(
    form: LeadForm, person: User
) -> None:
    settle("Deutschland", "Germany", person)
    submit(form, 1)
    version = use(form, CONTACT, COUNTRY, MACRO)
    use(form, CONTACT, MACRO)
    batch = previewed(form, version)
    # The mapping in force does not fill the column: it still holds what it held.
    submit(form, 1, text="Spain", ago=1)
    applied(batch)
    assert countries() == [""]
    applied(previewed(form, version))
    assert countries() == ["Spain"]


def test_undo_keeps_what_was_written_since_and_lists_it(
    form: LeadForm, person: User
) -> None:
    submit(form, 1, 2, 3, 4)
    edited, again, same, alone = leads()
    edit(same, person, Country=country("Austria"))
    settle("Deutschland", "Germany", person)
    use(form, CONTACT, COUNTRY, MACRO)
    batch = previewed(form)
    replay.tick_all(batch, ChangeFilter(), is_included=True)
    applied(batch)
    assert countries() == ["Germany"] * 4

    edit(edited, person, Country=country("France"))
    submit(form, 2, text="Spain", ago=1)
    # There and back: it is a person's value all the same.
    edit(same, person, Country=country("France"))
    edit(same, person, Country=country("Germany"))
    undone(batch)

    assert countries() == ["France", "Spain", "Germany", ""]
    kept = ReplayChange.State.KEPT
    assert left_alone(batch) == [
        (edited.pk, kept),
        (again.pk, kept),
        (same.pk, kept),
    ]
    assert (batch.undone, batch.kept) == (1, 3)
    alone.refresh_from_db()
    assert alone.edited_columns == []


def test_answers_that_are_no_value_are_queued_and_taken_back(
    form: LeadForm, person: User
) -> None:
    submit(form, 1, 2, 3, text="Absurdistan")
    submit(form, 4, text="Deutschland")
    settle("Deutschland", "Germany", person)
    before = dump()
    use(form, CONTACT, COUNTRY, MACRO)
    batch = previewed(form)
    assert batch.leads == 4
    applied(batch)
    waiting = AnswerText.objects.get(value="")
    assert (waiting.text, waiting.leads) == ("Absurdistan", 3)
    assert [len(lead.problems) for lead in leads()] == [1, 1, 1, 0]
    undone(batch)
    assert dump() == before


def test_what_was_settled_after_a_replay_stays(form: LeadForm, person: User) -> None:
    submit(form, 1, 2, text="Absurdistan")
    use(form, CONTACT, COUNTRY, MACRO)
    batch = applied(previewed(form))
    value_tables.settle(
        AnswerText.objects.get(), value=str(country("Spain")), by=person
    )
    write_due()
    undone(batch)
    assert countries() == ["Spain", "Spain"]
    assert batch.kept == 2


def test_an_answer_mapped_elsewhere_waits_there_and_comes_back(
    form: LeadForm, person: User
) -> None:
    """Problems keep their places, told answers stay told."""
    budget = ColumnMapping(column="Budget", source=QUESTION)
    date = ColumnMapping(column="DecisionDate", source=QUESTION)
    event = ColumnMapping(column="Event", source=QUESTION)
    use(form, CONTACT, event, date, budget, MACRO)
    submit(form, 1, 2, text="soon")
    AnswerText.objects.update(is_told=True)
    first = leads()[0]
    edit(first, person, Budget=5)
    before = dump()
    assert [row["column"] for row in leads()[1].problems] == [
        "Event",
        "DecisionDate",
        "Budget",
    ]
    # Two get a constant instead: nothing waits there any more.
    constants = [
        ColumnMapping(column="Budget", source=Constant("7.5")),
        ColumnMapping(column="Event", source=Constant(event_value())),
    ]
    use(form, CONTACT, *constants, date, MACRO)
    before["lookup values"] = dump()["lookup values"]
    batch = applied(previewed(form))
    assert [str(lead.budget) for lead in leads()] == ["5.00", "7.50"]
    assert [row["column"] for row in leads()[1].problems] == ["DecisionDate"]
    undone(batch)
    assert dump() == before


def event_value() -> str:
    Lookup.objects.filter(code="Event").update(revision=F("revision") + 1)
    lookup = Lookup.objects.get(code="Event")
    return str(LookupValue.objects.create(lookup=lookup, name="X", name_key="x").pk)


def drop_value(value: int) -> None:
    row = LookupValue.objects.get(pk=value)
    Lookup.objects.filter(pk=row.lookup_id).update(revision=F("revision") + 1)
    row.delete()


def test_columns_of_every_type_come_back_as_they_stood(form: LeadForm) -> None:
    for code, kind in [("UsrFlag", "boolean"), ("UsrDay", "date"), ("UsrText", "text")]:
        LeadColumn.objects.create(code=code, caption=code, type=kind)
    flag = ColumnMapping(column="UsrFlag", source=Constant("false"))
    use(form, CONTACT, flag, MACRO)
    submit(form, 1, 2)
    before = dump()
    rows = [
        ColumnMapping(column="UsrFlag", source=Constant("true")),
        ColumnMapping(column="UsrDay", source=Constant("2026-01-31")),
        ColumnMapping(column="UsrText", source=Constant("new")),
        ColumnMapping(column="Budget", source=Constant("7.50")),
        ColumnMapping(column="MeetingDate", source=Constant("2026-01-31T10:00:00Z")),
        ColumnMapping(column="DecisionDate", source=Constant("2026-01-31")),
        ColumnMapping(column="DoNotUseEmail", source=Constant("true")),
        ColumnMapping(column="Commentary", source=QUESTION),
    ]
    use(form, CONTACT, *rows, MACRO)
    batch = applied(previewed(form))
    lead = leads()[0]
    assert lead.custom == {"UsrFlag": True, "UsrDay": "2026-01-31", "UsrText": "new"}
    assert (str(lead.budget), lead.do_not_use_email) == ("7.50", True)
    assert lead.commentary == "Deutschland"
    # Nothing differs from what it wrote.
    assert previewed(form).leads == 0
    undone(batch)
    assert dump() == before


def test_a_column_that_is_not_mapped_any_more_is_not_touched(form: LeadForm) -> None:
    use(form, CONTACT, ColumnMapping(column="Commentary", source=QUESTION), MACRO)
    submit(form, 1)
    use(form, CONTACT, MACRO)
    batch = previewed(form)
    assert (batch.leads, batch.read) == (0, 1)
    assert leads()[0].commentary == "Deutschland"


def test_only_leads_of_the_forms_and_days_that_are_there(form: LeadForm) -> None:
    other = make_form(integration_of(form), form_id=2)
    submit(form, 1, ago=2)
    submit(form, 2, ago=9)
    submit(form, 3, ago=2)
    erase_response(response_id="lead-3", occurred_at=last_moment())
    use(form, CONTACT, ColumnMapping(column="Commentary", source=QUESTION), MACRO)
    day = services.today()
    period = Period(day.replace(year=day.year - 1), day)
    batch = replay.start_preview(
        integration_of(form), forms=[other], period=period, by=None
    )
    replay.take_up(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.read) == (State.READY, 0)
    assert previewed(form, days=3).leads == 1
    assert previewed(form).leads == 2


def test_a_lead_that_submits_again_while_it_is_previewed_is_compared_anew(
    form: LeadForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(form, 1, 2, ago=5)
    use(form, CONTACT, ColumnMapping(column="Commentary", source=QUESTION), MACRO)
    use(form, CONTACT, MACRO)
    version = MappingVersion.objects.filter(form=form).order_by("-number")[1]
    monkeypatch.setattr(replay_work, "LEADS", 1)
    batch = previewed(form, version, take_up=False)
    work = replay_work.preview(replay.CLAIMS.claim(batch.pk) or batch)
    next(work)
    submit(form, 1, text="Spain", ago=1)
    for _step in work:
        pass
    batch.refresh_from_db()
    assert (batch.leads, batch.counts) == (2, {"Commentary": [2, 0, 2]})
    applied(batch)
    assert [lead.commentary for lead in leads()] == ["Spain", "Deutschland"]


def test_a_stopped_replay_is_undone_or_goes_on(
    form: LeadForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(form, 1, 2, 3)
    before = dump()
    use(form, CONTACT, ColumnMapping(column="Commentary", source=QUESTION), MACRO)
    batch = previewed(form)
    monkeypatch.setattr(replay_work, "LEADS", 2)
    assert replay.apply(batch, by=None)
    work = replay_work.apply(replay.CLAIMS.claim(batch.pk) or batch)
    next(work)
    assert replay.stop(batch, by=None)
    with pytest.raises(Exception, match="taken over or stopped"):
        next(work)
    batch.refresh_from_db()
    assert (batch.state, batch.written) == (State.APPLIED, 2)
    applied(batch)
    assert batch.written == 3
    undone(batch)
    assert (dump(), batch.undone) == (before, 3)
    verbs = AuditRow.objects.filter(verb__startswith="replay").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "replay applied",
        "replay stopped",
        "replay applied",
        "replay undone",
    ]


def test_a_cancelled_preview_leaves_nothing(form: LeadForm) -> None:
    submit(form, 1)
    use(form, CONTACT, ColumnMapping(column="Commentary", source=QUESTION), MACRO)
    batch = previewed(form)
    assert replay.stop(batch, by=None)
    assert not replay.apply(batch, by=None)
    replay.look_after_replays()
    assert not ReplayChange.objects.exists()


def test_a_mapping_that_cannot_be_used_says_so(form: LeadForm) -> None:
    submit(form, 1)
    value = event_value()
    use(form, CONTACT, ColumnMapping(column="Event", source=Constant(value)), MACRO)
    drop_value(int(value))
    batch = previewed(form)
    assert batch.state == State.FAILED
    assert "Event is not in its lookup any more" in batch.reason


def test_a_value_that_left_its_lookup_is_not_written(form: LeadForm) -> None:
    submit(form, 1)
    value = event_value()
    use(form, CONTACT, ColumnMapping(column="Event", source=Constant(value)), MACRO)
    batch = previewed(form)
    drop_value(int(value))
    applied(batch)
    assert (leads()[0].event_id, batch.skipped) == (None, 1)


def test_a_version_is_replayed_only_where_it_belongs(form: LeadForm) -> None:
    integration = integration_of(form)
    other = make_form(integration, form_id=2)
    default = MappingVersion.objects.get(integration=integration, form=None)
    own = MappingVersion.objects.filter(form=form).latest("number")
    period = Period(services.today(), services.today())

    def refused(forms: list[LeadForm], version: MappingVersion | None) -> str:
        with pytest.raises(RejectedError) as met:
            replay.start_preview(
                integration, forms=forms, period=period, mapping=version, by=None
            )
        return str(met.value)

    assert "at least one form" in refused([], None)
    assert "one form's own mapping" in refused([form, other], own)
    assert "not for forms with a custom mapping" in refused([form, other], default)
    backwards = Period(services.today(), services.earliest_day())
    with pytest.raises(RejectedError, match="after its last day"):
        replay.start_preview(integration, forms=[form], period=backwards, by=None)
    assert not ReplayBatch.objects.exists()


def test_an_earlier_version_brings_its_values_back(form: LeadForm) -> None:
    first = use(form, CONTACT, MACRO)
    use(form, ColumnMapping(column="Contact", source=QUESTION), MACRO)
    submit(form, 1)
    assert leads()[0].contact == "Deutschland"
    applied(previewed(form, first))
    assert leads()[0].contact == "Ada 1"
    assert ExtendedLeadInformation.objects.get().mapping_version == first.pk


def test_ticks_are_counted(form: LeadForm, person: User) -> None:
    submit(form, 1, 2, 3)
    edit_countries(leads()[:1], person)
    settle("Deutschland", "Germany", person)
    commentary = ColumnMapping(column="Commentary", source=QUESTION)
    use(form, CONTACT, COUNTRY, commentary, MACRO)
    batch = previewed(form)
    assert batch.counts == {"Country": [3, 1, 2], "Commentary": [3, 0, 3]}
    batch = replay.tick_all(batch, ChangeFilter(column="Commentary"), is_included=False)
    one = ReplayChange.objects.get(batch=batch, is_edited=True)
    for _twice in range(2):
        batch = replay.tick(batch, shown=[one.pk], ticked=[one.pk])
    assert batch.counts == {"Country": [3, 1, 3], "Commentary": [3, 0, 0]}
    applied(batch)
    assert countries() == ["Germany"] * 3
    assert {lead.commentary for lead in leads()} == {""}
    with pytest.raises(RejectedError):
        replay.tick(batch, shown=[one.pk], ticked=[])
