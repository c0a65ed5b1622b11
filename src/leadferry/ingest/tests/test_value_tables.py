"""An answer that is no value waits; settled once, it is right in every lead."""

import pytest
from django.contrib.auth.models import Group

from leadferry.accounts import services as accounts
from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage
from leadferry.ingest.context import context_for
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import erase_response, import_page
from leadferry.ingest.tests.builders import SUBMITTED_AT, make_response
from leadferry.integrations import mappings
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import Integration
from leadferry.integrations.tests.builders import make_form, make_integration
from leadferry.kit.errors import RejectedError
from leadferry.leads import lookup_services, value_tables
from leadferry.leads.answers import BATCH, bring_in_line, due_answers, tell_of_waiting
from leadferry.leads.edit import edit_lead
from leadferry.leads.models import (
    AnsweredLead,
    AnswerText,
    Lead,
    LeadChange,
    LeadColumn,
    LookupValue,
)
from leadferry.mapping.sources import (
    ColumnMapping,
    FieldKind,
    FieldRef,
    FormField,
    Macro,
)

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("B11"),
]

QUESTION = FormField(refs=(FieldRef(FieldKind.QUESTION, "1"),))


@pytest.fixture
def person() -> User:
    return User.objects.create(username="mara", password="x")


def mapped_to(column: str) -> Integration:
    integration = make_integration()
    rows = [
        ColumnMapping(column=column, source=QUESTION),
        ColumnMapping(column="Notes", source=Macro()),
    ]
    form = make_form(integration)
    mappings.use_custom_mapping(
        form, integration=integration, draft=Draft(rows=rows), by=None
    )
    return integration


def answered(number: int, text: str, **more: object) -> bytes:
    answer = {"textQuestionAnswer": {"answer": text}}
    given = {"answers": [{"questionId": 1, "answerDetails": answer}]}
    return make_response(number, formResponse=given, **more)


def submit(integration: Integration, *elements: bytes) -> None:
    import_page(ResponsePage(integration=integration, elements=elements))


def country(name: str) -> str:
    return str(LookupValue.objects.get(lookup__code="Country", name=name).pk)


def write_due() -> None:
    for answer in due_answers():
        while bring_in_line(answer):
            pass


def countries_of_leads() -> list[str]:
    names = Lead.objects.order_by("pk").values_list("country__name", flat=True)
    return [name or "" for name in names]


@pytest.mark.req("R097")
def test_forty_leads_wait_for_one_answer_and_are_repaired(person: User) -> None:
    integration = mapped_to("Country")
    submit(integration, *(answered(n, "Deutschland") for n in range(1, 41)))
    assert countries_of_leads() == [""] * 40
    assert all("Deutschland" in lead.notes for lead in Lead.objects.all())
    waiting = AnswerText.objects.get()
    assert (waiting.text, waiting.leads, waiting.column) == (
        "Deutschland",
        40,
        "Country",
    )
    edited = Lead.objects.order_by("pk").first()
    assert edited is not None
    edit_lead(
        lead_id=edited.pk,
        revision=edited.revision,
        values={"Country": int(country("Austria"))},
        by=person,
    )

    value_tables.settle(waiting, value=country("Germany"), by=person)
    write_due()

    assert countries_of_leads() == ["Austria"] + ["Germany"] * 39
    assert AnsweredLead.objects.filter(is_kept=True).count() == 1
    assert not any(lead.problems for lead in Lead.objects.all())
    changes = LeadChange.objects.filter(kind=LeadChange.Kind.SETTLED, by=person)
    assert changes.count() == 40
    kept = changes.get(lead=edited).columns["Country"]
    assert kept == {"old": "Austria", "new": "Germany", "kept": True}
    submit(integration, answered(41, " deutschland"))
    assert countries_of_leads()[-1] == "Germany"
    assert AnswerText.objects.get().leads == 41

    value_tables.take_back(waiting, by=person)
    write_due()

    assert countries_of_leads() == ["Austria"] + [""] * 40
    last = Lead.objects.order_by("pk").last()
    assert last is not None
    assert last.problems == [
        {"column": "Country", "kind": "unknown lookup value", "label": "Name"}
    ]
    assert AnswerText.objects.get().value == ""


def test_another_choice_is_written_over_the_first(person: User) -> None:
    submit(mapped_to("Country"), *(answered(n, "Georgien") for n in range(1, 4)))
    answer = AnswerText.objects.get()
    value_tables.settle(answer, value=country("Germany"), by=person)
    write_due()
    value_tables.settle(answer, value=country("Georgia"), by=person)
    write_due()
    assert countries_of_leads() == ["Georgia"] * 3


def test_a_stop_between_two_batches_loses_nothing(person: User) -> None:
    number = BATCH + 5
    elements = [answered(n, "Deutschland") for n in range(1, number + 1)]
    submit(mapped_to("Country"), *elements)
    answer = AnswerText.objects.get()
    value_tables.settle(answer, value=country("Germany"), by=person)
    assert bring_in_line(answer.pk)
    assert countries_of_leads().count("Germany") == BATCH
    assert due_answers() == [answer.pk]
    write_due()
    assert countries_of_leads().count("Germany") == number
    assert due_answers() == []


def test_a_page_mapped_before_the_settlement_is_repaired_after_it(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = mapped_to("Country")
    submit(integration, answered(1, "Deutschland"))
    page = [answered(2, "Deutschland")]
    shown = ResponsePage(integration=integration, elements=page)
    before = context_for(integration, shown.responses)
    # What the page's mapping still holds is the state before somebody settled it.
    monkeypatch.setattr(
        "leadferry.ingest.import_page.context_for", lambda *_arguments: before
    )
    value_tables.settle(AnswerText.objects.get(), value=country("Germany"), by=person)
    write_due()
    submit(integration, *page)
    assert countries_of_leads() == ["Germany", ""]
    write_due()
    assert countries_of_leads() == ["Germany", "Germany"]


@pytest.mark.parametrize(
    ("column", "text", "written", "value"),
    [
        ("Budget", "11-50 employees", "50", "50.00"),
        ("DoNotUseEmail", "Ja", "true", "True"),
        ("DecisionDate", "May 2019", "2019-05-01", "2019-05-01"),
        ("Zip", "9" * 60, "99999", "99999"),
    ],
)
def test_answers_of_every_type_are_settled(
    person: User, column: str, text: str, written: str, value: str
) -> None:
    submit(mapped_to(column), answered(1, text))
    value_tables.settle(AnswerText.objects.get(), value=written, by=person)
    write_due()
    lead = Lead.objects.get()
    field = {"Budget": "budget", "DoNotUseEmail": "do_not_use_email"}.get(column)
    held = getattr(lead, field or ("zip" if column == "Zip" else "decision_date"))
    assert str(held) == value


def test_what_does_not_fit_is_refused_with_a_sentence(person: User) -> None:
    submit(mapped_to("Budget"), answered(1, "a lot"))
    answer = AnswerText.objects.get()
    with pytest.raises(RejectedError, match="does not fit column Budget"):
        value_tables.settle(answer, value="very much", by=person)
    with pytest.raises(RejectedError, match="Choose a value"):
        value_tables.settle(answer, value="", by=person)
    with pytest.raises(RejectedError, match="1 to 500"):
        value_tables.await_answer(column="Budget", text="x" * 501)


def test_a_table_filled_before_anybody_answers(person: User) -> None:
    answer = value_tables.await_answer(column="Country", text="Deutschland")
    value_tables.settle(answer, value=country("Germany"), by=person)
    submit(mapped_to("Country"), answered(1, "DEUTSCHLAND"))
    assert countries_of_leads() == ["Germany"]
    answer.refresh_from_db()
    assert (answer.leads, answer.kind) == (1, "unknown lookup value")
    value_tables.take_back(answer, by=person)
    write_due()
    assert countries_of_leads() == [""]


def test_a_table_row_that_nobody_answered_goes_when_it_is_taken_back(
    person: User,
) -> None:
    answer = value_tables.await_answer(column="Country", text="Deutschland")
    value_tables.settle(answer, value=country("Germany"), by=person)
    value_tables.take_back(answer, by=person)
    assert not AnswerText.objects.exists()


def test_a_merged_value_is_still_ours_to_take_back(person: User) -> None:
    submit(mapped_to("Country"), answered(1, "Deutschland"))
    answer = AnswerText.objects.get()
    value_tables.settle(answer, value=country("Germany"), by=person)
    write_due()
    values = LookupValue.objects.filter(lookup__code="Country")
    lookup_services.merge_values(
        keep=values.get(name="Austria"), absorb=values.get(name="Germany"), by=person
    )
    value_tables.take_back(answer, by=person)
    write_due()
    assert countries_of_leads() == [""]


@pytest.mark.req("D2")
def test_a_later_submission_takes_the_place_of_the_answer() -> None:
    integration = mapped_to("Country")
    submit(integration, answered(1, "Deutschland"))
    submit(integration, answered(1, "Österreich", submittedAt=SUBMITTED_AT + 5000))
    assert AnswerText.objects.get().text == "Österreich"
    submit(integration, answered(1, "Austria", submittedAt=SUBMITTED_AT + 9000))
    assert countries_of_leads() == ["Austria"]
    assert Lead.objects.get().problems == []
    assert not AnswerText.objects.exists()


@pytest.mark.req("D2")
def test_a_later_answer_that_is_no_value_is_told_too() -> None:
    integration = mapped_to("Country")
    submit(integration, answered(1, "Austria"))
    submit(integration, answered(1, "Absurdistan", submittedAt=SUBMITTED_AT + 5000))
    assert [row["column"] for row in Lead.objects.get().problems] == ["Country"]
    assert AnswerText.objects.get().leads == 1


@pytest.mark.req("B12")
def test_a_deleted_lead_takes_its_answer_along() -> None:
    integration = mapped_to("Country")
    submit(integration, answered(1, "Absurdistan"), answered(2, "Absurdistan"))
    erase_response(response_id="lead-1", occurred_at=SUBMITTED_AT + 10_000)
    assert AnswerText.objects.get().leads == 1
    erase_response(response_id="lead-2", occurred_at=SUBMITTED_AT + 10_000)
    assert not AnswerText.objects.exists()


def test_the_role_is_told_once_of_what_waits() -> None:
    submit(mapped_to("Country"), answered(1, "Absurdistan"))
    person = User.objects.create(username="ida", password="x")
    accounts.ensure_roles()
    person.groups.add(Group.objects.get(name=accounts.ADMINISTRATORS))
    tell_of_waiting()
    message = SystemMessage.objects.get(person=person)
    assert "“Absurdistan” (Country)" in message.text
    tell_of_waiting()
    assert SystemMessage.objects.get(person=person).count == 1


def test_one_page_with_many_kinds_of_answers() -> None:
    texts = [f"Answer {n % 700}" for n in range(1400)]
    elements = [answered(n, text) for n, text in enumerate(texts, start=1)]
    submit(mapped_to("Country"), *elements)
    assert AnswerText.objects.count() == 700
    assert set(AnswerText.objects.values_list("leads", flat=True)) == {2}
    assert AnsweredLead.objects.count() == 1400


def test_leads_alike_in_the_answer_only_keep_what_is_theirs(person: User) -> None:
    for code, kind in (("UsrTeam", "decimal"), ("UsrNick", "text")):
        LeadColumn.objects.create(code=code, caption=code, type=kind)
    integration = make_integration()
    fields = {"UsrTeam": "1", "UsrNick": "2", "Country": "3"}
    rows = [
        ColumnMapping(
            column=code,
            source=FormField(refs=(FieldRef(FieldKind.QUESTION, key),)),
        )
        for code, key in fields.items()
    ]
    draft = Draft(rows=[*rows, ColumnMapping(column="Notes", source=Macro())])
    mappings.use_custom_mapping(
        make_form(integration), integration=integration, draft=draft, by=None
    )
    answers = [("many", "Ada", "Germany"), ("many", "Bea", "Absurdistan")]
    submit(
        integration,
        *(
            make_response(
                number,
                formResponse={
                    "answers": [
                        {
                            "questionId": at,
                            "answerDetails": {"textQuestionAnswer": {"answer": text}},
                        }
                        for at, text in enumerate(given, start=1)
                    ]
                },
            )
            for number, given in enumerate(answers, start=1)
        ),
    )
    many = AnswerText.objects.get(column="UsrTeam")
    value_tables.settle(many, value="50", by=person)
    write_due()
    first, second = Lead.objects.order_by("pk")
    assert first.custom == {"UsrTeam": "50", "UsrNick": "Ada"}
    assert second.custom == {"UsrTeam": "50", "UsrNick": "Bea"}
    assert first.problems == []
    assert [row["column"] for row in second.problems] == ["Country"]
    assert {first.revision, second.revision} == {2}
    value_tables.take_back(many, by=person)
    write_due()
    second.refresh_from_db()
    assert second.custom == {"UsrNick": "Bea"}
    assert [row["column"] for row in second.problems] == ["Country", "UsrTeam"]
