"""Stored submissions through a changed mapping: previewed, written, taken back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from leadferry.accounts.models import User
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import erase_response, import_page
from leadferry.ingest.models import LeadFormResponse
from leadferry.ingest.tests.builders import make_response
from leadferry.ingest.tests.conftest import _nothing_compiled
from leadferry.integrations import mappings
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import Integration, LeadForm, MappingVersion
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.leads import value_tables
from leadferry.leads.answers import bring_in_line, due_answers
from leadferry.leads.edit import edit_lead
from leadferry.leads.models import (
    AnsweredLead,
    AnswerText,
    ExtendedLeadInformation,
    Lead,
    LeadChange,
    LeadColumn,
    LookupValue,
    Registration,
)
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Macro,
    predefined,
)
from leadferry.sync import replay, services
from leadferry.sync.models import ReplayBatch, ReplayChange
from leadferry.sync.periods import Period
from leadferry.sync.replay import ChangeFilter
from tests.support.aborts import Abort, dying_at

__all__ = ["_nothing_compiled"]
pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.req("B2")]

State = ReplayBatch.State
CONTACT = ColumnMapping(
    column="Contact", source=FormField(refs=(predefined("FIRST_NAME"),))
)
MACRO = ColumnMapping(column="Notes", source=Macro())
COUNTRY = ColumnMapping(
    column="Country", source=FormField(refs=(FieldRef(FieldKind.QUESTION, "3"),))
)


@pytest.fixture
def person() -> User:
    return User.objects.create(username="mara", password="x")


@pytest.fixture
def form() -> LeadForm:
    """A form whose question is answered, and mapped to nothing but the macro."""
    integration = make_integration()
    form = make_form(integration)
    use(form, CONTACT, MACRO)
    return form


def integration_of(form: LeadForm) -> Integration:
    return Integration.objects.get(ad_account=form.ad_account_id)


def use(form: LeadForm, *rows: ColumnMapping) -> MappingVersion:
    """From now on the form has this mapping."""
    return mappings.use_custom_mapping(
        form, integration=integration_of(form), draft=Draft(rows=rows), by=None
    )


def submit(form: LeadForm, *numbers: int, text: str = "Deutschland", ago: int = 3) -> None:
    """Leads with these numbers answer the question, so many days ago."""
    at = clock.now_ms() - ago * 86_400_000

    def answer(question: int, given: str) -> dict[str, object]:
        details = {"textQuestionAnswer": {"answer": given}}
        return {"questionId": question, "answerDetails": details}

    elements = [
        make_response(
            number,
            submittedAt=at + number,
            formResponse={"answers": [answer(1, f"Ada {number}"), answer(3, text)]},
        )
        for number in numbers
    ]
    import_page(ResponsePage(integration=integration_of(form), elements=elements))


def country(name: str) -> int:
    return LookupValue.objects.get(lookup__code="Country", name=name).pk


def settle(text: str, name: str, person: User) -> None:
    answer = value_tables.await_answer(column="Country", text=text)
    value_tables.settle(answer, value=str(country(name)), by=person)


def edit(lead: Lead, person: User, **values: object) -> None:
    lead.refresh_from_db()
    edit_lead(lead_id=lead.pk, revision=lead.revision, values=values, by=person)


def edit_countries(leads: list[Lead], person: User) -> None:
    for lead in leads:
        edit(lead, person, Country=country("Austria"))


def previewed(form: LeadForm, version: MappingVersion | None = None) -> ReplayBatch:
    period = Period(services.earliest_day(), services.today())
    batch = replay.start_preview(
        integration_of(form), forms=[form], period=period, mapping=version, by=None
    )
    return worked_on(batch)


def worked_on(batch: ReplayBatch) -> ReplayBatch:
    replay.take_up(batch.pk)
    batch.refresh_from_db()
    return batch


def applied(batch: ReplayBatch) -> ReplayBatch:
    assert replay.apply(batch, by=None)
    return worked_on(batch)


def undone(batch: ReplayBatch) -> ReplayBatch:
    assert replay.undo(batch, by=None)
    return worked_on(batch)


def dump() -> dict[str, list[Any]]:
    """Everything that is kept of leads, but for history and numbers of rows."""
    lead_fields = [
        field.attname
        for field in Lead._meta.concrete_fields
        if field.attname not in {"revision", "modified_at"}
    ]
    answers = ("column", "text_key", "text", "kind", "label", "leads", "value")
    answered = ("answer__column", "answer__text_key", "lead_id", "value", "is_kept")
    rows = {
        "leads": Lead.objects.order_by("pk").values(*lead_fields),
        "extended": ExtendedLeadInformation.objects.order_by("pk").values(),
        "ledger": Registration.objects.order_by("pk").values(),
        "lookup values": LookupValue.objects.order_by("pk").values(),
        "answers": AnswerText.objects.order_by("column", "text_key").values(
            *answers, "by", "settled_at", "is_due", "is_told", "first_at"
        ),
        "answered": AnsweredLead.objects.order_by(*answered).values(*answered),
        "tables": value_tables.ValueTable.objects.order_by("pk").values(),
        "responses": LeadFormResponse.objects.order_by("pk").values("pk", "digest"),
    }
    return {name: list(found) for name, found in rows.items()}


def countries() -> list[str]:
    names = Lead.objects.order_by("pk").values_list("country__name", flat=True)
    return [name or "" for name in names]


@pytest.mark.parametrize("ticked", [False, True])
def test_a_question_mapped_later_reaches_old_leads_and_is_taken_back(
    form: LeadForm, person: User, ticked: bool
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
    assert changes.last().columns == {"Country": {"old": "", "new": "Germany"}}  # type: ignore[union-attr]

    undone(batch)
    assert (batch.state, batch.undone, batch.kept) == (State.UNDONE, 412 - alone, 0)
    assert dump() == before
    back = LeadChange.objects.filter(kind=LeadChange.Kind.REPLAY_UNDONE)
    assert back.count() == 412 - alone
