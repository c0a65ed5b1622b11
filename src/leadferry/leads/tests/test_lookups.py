"""Lookups: found by name, changed by people, never losing what leads hold."""

from uuid import UUID

import pytest

from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.leads import column_services, lookup_services, queries, stock
from leadferry.leads.lookups import LookupValues
from leadferry.leads.models import Lead, LeadColumn, Lookup, LookupValue
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_form_value, make_response

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return User.objects.create(username="ada")


@pytest.fixture
def events() -> Lookup:
    return Lookup.objects.get(code="Event")


def fresh() -> LookupValues:
    values = LookupValues()
    values.refresh()
    return values


def test_stock_lookups_are_there_with_the_ids_of_creatio() -> None:
    source = LookupValue.objects.get(lookup__code="LeadSource", name="LinkedIn")
    assert source.guid == UUID("6c7e2194-0b60-4b1c-a084-20a73d8cb06f")
    assert LookupValue.objects.get(lookup__code="Country", code="DE").name == "Germany"
    assert LookupValue.objects.filter(lookup__code="Country").count() > 200
    assert LookupValue.objects.filter(lookup__code="AccountIndustry").exists()
    assert len(stock.countries()) == len({name for _code, name in stock.countries()})


@pytest.mark.parametrize("text", ["Germany", " germany ", "GERMANY", "Ｇｅｒｍａｎｙ"])
def test_a_value_is_found_by_its_name(text: str) -> None:
    expected = LookupValue.objects.get(lookup__code="Country", code="DE").pk
    assert fresh().resolve("Country", text) == expected


def test_an_answer_is_no_internal_id_but_may_be_that_of_creatio() -> None:
    value = LookupValue.objects.get(lookup__code="LeadSource", name="LinkedIn")
    assert fresh().resolve("LeadSource", str(value.pk)) is None
    assert fresh().resolve("LeadSource", str(value.guid)) == value.pk
    assert fresh().resolve("LeadSource", "x" * 36) is None
    assert fresh().resolve("Nowhere", "x") is None


def test_a_change_is_seen_by_a_process_that_held_the_lookup(
    events: Lookup, by: User
) -> None:
    values = fresh()
    assert values.resolve("Event", "CRM Days") is None
    made = lookup_services.add_value(events, name=" CRM  Days ", by=by)
    values.refresh()
    assert values.resolve("Event", "crm days") == made.pk
    lookup_services.retire_value(made, by=by)
    values.refresh()
    assert values.resolve("Event", "CRM Days") is None
    assert values.find("Event", made.pk) == made.pk, "a constant keeps it"


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "empty"), ("  ", "empty"), ("x" * 501, "too long"), ("FÊTE", "already")],
)
def test_a_name_that_cannot_be(events: Lookup, by: User, name: str, words: str) -> None:
    lookup_services.add_value(events, name="fete", by=by)
    with pytest.raises(RejectedError, match=words):
        lookup_services.add_value(events, name=name, by=by)
    assert LookupValue.objects.filter(lookup=events).count() == 1


@pytest.mark.req("R100")
def test_the_name_of_a_form_is_changed_by_hand(by: User) -> None:
    value = LookupValue.objects.get(pk=make_form_value("Webinar"))
    lookup_services.rename_value(value, name="Autumn webinar", by=by)
    register([make_response(form=value.pk)])
    assert Lead.objects.get().extended.form.name == "Autumn webinar"
    with pytest.raises(RejectedError, match="from LinkedIn"):
        lookup_services.add_value(value.lookup, name="Own", by=by)


def test_merged_values_read_and_count_as_one(events: Lookup, by: User) -> None:
    kept = lookup_services.add_value(events, name="CRM Days", by=by)
    other = lookup_services.add_value(events, name="CRM-Days", by=by)
    third = lookup_services.add_value(events, name="CRM days 26", by=by)
    register([
        make_response(values={"Contact": name, "Event": value.pk})
        for name, value in (("A", kept), ("B", other), ("C", third))
    ])  # fmt: skip
    lookup_services.merge_values(keep=other, absorb=third, by=by)
    lookup_services.merge_values(keep=kept, absorb=other, by=by)
    column = next(c for c in queries.columns_to_filter_by() if c.code == "Event")
    chosen = queries.LeadFilter(column=column, value=kept.pk)
    assert queries.lead_page(chosen).count == 3
    shown = queries.filled_columns(Lead.objects.get(contact="C"))
    assert ("Event", "CRM Days") in [(row.code, row.value) for row in shown]
    assert fresh().resolve("Event", "CRM days 26") == kept.pk
    with pytest.raises(RejectedError, match="meanwhile"):
        lookup_services.merge_values(keep=kept, absorb=other, by=by)


def test_values_have_an_order(events: Lookup, by: User) -> None:
    for name in ("B", "C", "A"):
        lookup_services.add_value(events, name=name, by=by)

    def names() -> str:
        return "".join(row.name for row in lookup_services.in_order(events))

    assert names() == "BCA"
    last = LookupValue.objects.get(lookup=events, name="A")
    lookup_services.move_value(last, before=True, by=by)
    assert names() == "BAC"
    lookup_services.move_value(last, before=True, by=by)
    lookup_services.move_value(last, before=True, by=by)
    assert names() == "ABC"
    lookup_services.move_value(last, before=False, by=by)
    assert names() == "BAC"
    lookup_services.sort_by_name(events, by=by)
    assert names() == "ABC"


@pytest.mark.parametrize(
    ("content", "added"),
    [
        (b"Name\nCRM Days\nWeb Summit\n", ["CRM Days", "Web Summit"]),
        ("\ufeffCRM Days\r\n\r\nCRM days\r\n".encode(), ["CRM days"]),
        (b"A;1b3e5f00-0000-4000-8000-000000000000\nB;\n", ["A", "B"]),
        ("展示会\tx\n".encode().replace(b"\tx", b""), ["展示会"]),
        (b'"Days, CRM"\n', ["Days, CRM"]),
        (b"", []),
    ],
)
def test_values_come_from_a_file(
    events: Lookup, by: User, content: bytes, added: list[str]
) -> None:
    done = lookup_services.import_values(events, content=content, by=by)
    assert [row.name for row in lookup_services.in_order(events)] == added
    assert done.added == len(added)
    again = lookup_services.import_values(events, content=content, by=by)
    assert (again.added, again.known) == (0, len(added))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"A\n" + b"x" * 501 + b"\n", "Line 2"),
        (b"A;nonsense\n", "no id of Creatio"),
        ("Müller".encode("latin-1"), "UTF-8"),
        (b"A\0B\n", "text file"),
        (b"x" * 5_000_001, "5 MB"),
    ],
)
def test_a_file_with_a_fault_changes_nothing(
    events: Lookup, by: User, content: bytes, words: str
) -> None:
    with pytest.raises(RejectedError, match=words):
        lookup_services.import_values(events, content=content, by=by)
    assert not LookupValue.objects.filter(lookup=events).exists()


def test_a_lookup_of_ones_own(by: User) -> None:
    made = lookup_services.create_lookup(code="budgetRange", name="Budgets", by=by)
    assert made.code == "UsrBudgetRange"
    for code in ("UsrBudgetRange", "Usr Größe", "Usr", "x" * 60):
        with pytest.raises(RejectedError):
            lookup_services.create_lookup(code=code, name="B", by=by)


def test_a_column_code_is_taken_once(by: User) -> None:
    column_services.add_column(LeadColumn(code="Team", caption="T", type="text"), by=by)
    for code in ("UsrTeam", "team"):
        with pytest.raises(RejectedError, match="already"):
            column_services.add_column(
                LeadColumn(code=code, caption="T", type="text"), by=by
            )
