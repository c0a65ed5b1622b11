"""A form with leads, and replays worked on until their step is done."""

from datetime import timedelta
from typing import Any

from leadferry.accounts.models import User
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import import_page
from leadferry.ingest.models import LeadFormResponse
from leadferry.ingest.tests.builders import make_response
from leadferry.integrations import mappings
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import Integration, LeadForm, MappingVersion
from leadferry.kit import clock
from leadferry.leads import value_tables
from leadferry.leads.edit import edit_lead
from leadferry.leads.models import (
    AnsweredLead,
    AnswerText,
    ExtendedLeadInformation,
    Lead,
    LookupValue,
    Registration,
    ValueTable,
)
from leadferry.mapping.sources import (
    ColumnMapping,
    FieldKind,
    FieldRef,
    FormField,
    Macro,
    predefined,
)
from leadferry.sync import replay, services
from leadferry.sync.models import ReplayBatch
from leadferry.sync.periods import Period

CONTACT = ColumnMapping(
    column="Contact", source=FormField(refs=(predefined("FIRST_NAME"),))
)
MACRO = ColumnMapping(column="Notes", source=Macro())
QUESTION = FormField(refs=(FieldRef(FieldKind.QUESTION, "3"),))
COUNTRY = ColumnMapping(column="Country", source=QUESTION)


def integration_of(form: LeadForm) -> Integration:
    return Integration.objects.get(ad_account=form.ad_account_id)


def use(form: LeadForm, *rows: ColumnMapping) -> MappingVersion:
    """From now on the form has this mapping."""
    return mappings.use_custom_mapping(
        form, integration=integration_of(form), draft=Draft(rows=rows), by=None
    )


def submit(
    form: LeadForm, *numbers: int, text: str = "Deutschland", ago: int = 3
) -> None:
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


def previewed(
    form: LeadForm,
    version: MappingVersion | None = None,
    *,
    days: int = 90,
    take_up: bool = True,
) -> ReplayBatch:
    """A preview of the form's leads of the last days."""
    last = services.today()
    batch = replay.start_preview(
        integration_of(form),
        forms=[form],
        period=Period(last - timedelta(days=days), last),
        mapping=version,
        by=None,
    )
    return worked_on(batch) if take_up else batch


def worked_on(batch: ReplayBatch) -> ReplayBatch:
    replay.take_up(batch.pk)
    batch.refresh_from_db()
    return batch


def applied(batch: ReplayBatch) -> ReplayBatch:
    assert replay.apply(batch, by=None), (batch.state, batch.reason)
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
        "tables": ValueTable.objects.order_by("pk").values(),
        "responses": LeadFormResponse.objects.order_by("pk").values("pk", "digest"),
    }
    return {name: list(found) for name, found in rows.items()}
