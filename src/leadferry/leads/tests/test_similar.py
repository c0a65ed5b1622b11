"""Similar leads: keys kept with every write, marks, and what a person said."""

from dataclasses import replace

import pytest
from django.db import connection, transaction

from leadferry.accounts.models import User
from leadferry.leads import (
    answers,
    duplicate_index,
    duplicate_keys,
    search,
    services,
    similar,
)
from leadferry.leads import duplicate_services as rules
from leadferry.leads.duplicate_models import (
    DuplicateIndex,
    DuplicateKey,
    DuplicateRule,
    NotDuplicate,
    SimilarMark,
)
from leadferry.leads.edit import edit_lead
from leadferry.leads.matching.rules import Kind
from leadferry.leads.models import AnswerText, Lead, LookupValue, Registration
from leadferry.leads.register import MappedResponse, register
from leadferry.leads.tests.builders import make_response

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("R085", "B13"),
]


def lead_with(**values: object) -> int:
    """A registered lead; its number."""
    codes = {
        "name": "Contact", "company": "Account", "email": "Email",
        "phone": "MobilePhone", "web": "Website", "country": "CountryStr",
    }  # fmt: skip
    given = {codes[name]: value for name, value in values.items()}
    with transaction.atomic():
        outcome = register([make_response(values=given)])
    return next(iter(outcome.registered.values()))


def person() -> User:
    return User.objects.create(email="ada@example.com")


def index() -> None:
    while search.index_pending():
        pass


def marked() -> set[int]:
    index()
    return set(SimilarMark.objects.values_list("lead_id", flat=True))


def similar_to(lead: int) -> set[int]:
    return set(similar.find_similar([lead], similar.rules_for_new()).matches[lead])


def edit(lead: int, **values: object) -> None:
    held = Lead.objects.get(pk=lead)
    who = User.objects.first() or person()
    edit_lead(lead_id=lead, revision=held.revision, values=values, by=who)


def keys_fit() -> bool:
    """Whether the table holds just the keys that the leads have."""
    masks = duplicate_keys.masks_in_use()
    hashed = duplicate_keys.secret()
    ids = list(Lead.objects.values_list("pk", flat=True))
    wanted = {
        (mask, key, lead)
        for lead, one in duplicate_keys.persons(ids).items()
        for mask, key in duplicate_keys.keys_by_mask(one, masks, hashed)
    }
    held = set(DuplicateKey.objects.values_list("mask", "key", "lead_id"))
    return held == wanted


def test_registering_refuses_no_duplicate_and_marks_both() -> None:
    first = lead_with(name="Ada Byron", email="ada@northwind.example")
    other = lead_with(name="Bob Jones", email="bob@tailwind.example")
    second = lead_with(name="Byron, Ada", email="ADA@northwind.example ")
    assert Lead.objects.count() == 3
    assert marked() == {first, second}
    assert similar_to(first) == {second}
    assert similar_to(other) == set()


def test_two_of_one_page_find_each_other() -> None:
    page = [make_response(values={"Email": "ada@northwind.example"}) for _ in "ab"]
    with transaction.atomic():
        made = set(register(page).registered.values())
    assert marked() == made


def test_why_two_leads_match_and_how_sure() -> None:
    first = lead_with(
        name="Jon Smith", email="jon@northwind.example", phone="+1 415 555 2671"
    )
    second = lead_with(
        name="John Smith", email="jon@northwind.example", phone="(415) 555-2671",
        country="USA",
    )  # fmt: skip
    found = similar.find_similar([first], similar.rules_for_new()).matches[first]
    reasons = found[second].reasons
    names = [DuplicateRule.objects.get(pk=one.rule).name for one in reasons]
    assert names == [
        "Same email",
        "Same phone and similar name",
        "Same company domain and similar name",
        "Same phone",
    ]
    assert dict(reasons[1].likeness) == {Kind.PHONE: 100, Kind.NAME: 95}
    assert found[second].certainty == 99


def test_a_lead_of_a_lookup_country_is_dialled_from_there() -> None:
    germany = LookupValue.objects.get(lookup__code="Country", code="DE")
    with transaction.atomic():
        made = register(
            [
                make_response(
                    values={"MobilePhone": "0171 2345678", "Country": germany.pk}
                )
            ]
        )
    first = next(iter(made.registered.values()))
    assert similar_to(first) == set()
    second = lead_with(phone="+49 171 2345678")
    assert similar_to(first) == {second}


def test_empty_columns_are_no_key() -> None:
    lead_with(name="Ada Byron")
    lead_with(name="Ada Byron")
    lead_with()
    lead_with()
    assert DuplicateKey.objects.count() == 0
    assert marked() == set()


def test_keys_follow_an_edit_and_so_do_the_marks() -> None:
    first = lead_with(email="ada@northwind.example")
    second = lead_with(email="ada@northwind.example")
    assert marked() == {first, second}
    edit(second, Email="bob@northwind.example")
    assert keys_fit()
    assert marked() == set()
    edit(second, Email="ada@northwind.example")
    assert keys_fit()
    assert marked() == {first, second}


def test_keys_follow_a_new_submission() -> None:
    lead_with(email="ada@northwind.example")
    for at, email in enumerate(("eve@northwind.example", "ada@northwind.example")):
        with transaction.atomic():
            register(
                [
                    make_response(
                        77_000, submitted_at=1_793_000_000_000 + at,
                        values={"Email": email},
                    )
                ]
            )  # fmt: skip
    assert keys_fit()
    assert len(marked()) == 2


def test_a_deleted_lead_leaves_no_key_and_no_mark() -> None:
    first = lead_with(email="ada@northwind.example")
    second = lead_with(email="ada@northwind.example")
    assert marked() == {first, second}
    row = Registration.objects.get(lead_id=second)
    with transaction.atomic():
        services.erase(
            key=row.key, check_key=row.check_key, occurred_at=1_793_000_000_001
        )
    assert keys_fit()
    assert not DuplicateKey.objects.filter(lead_id=second).exists()
    assert marked() == set()


def test_not_a_duplicate_is_remembered_and_taken_back() -> None:
    first = lead_with(email="ada@northwind.example")
    second = lead_with(email="ada@northwind.example")
    third = lead_with(email="ada@northwind.example")
    by = person()
    rules.say_not_duplicate(second, first, by=by)
    rules.say_not_duplicate(first, second, by=by)
    assert NotDuplicate.objects.count() == 1
    assert similar_to(first) == {third}
    assert marked() == {first, second, third}
    rules.say_not_duplicate(first, third, by=by)
    assert similar_to(first) == set()
    assert marked() == {second, third}
    rules.take_not_duplicate_back(first, second, by=by)
    assert similar_to(first) == {second}
    assert marked() == {first, second, third}


def test_a_key_of_over_a_thousand_leads_tells_nothing() -> None:
    page = [
        make_response(values={"Email": "shop@northwind.example"}) for _ in range(1_001)
    ]
    with transaction.atomic():
        made = list(register(page).registered.values())
    index()
    found = similar.find_similar(made[:1], similar.rules_for_new())
    assert found.matches[made[0]] == {}
    assert found.common == {made[0]: {1, 16}}


def test_a_rule_that_is_switched_off_marks_no_more() -> None:
    first = lead_with(email="ada@gmail.com")
    second = lead_with(email="ada@gmail.com")
    assert marked() == {first, second}
    rule = DuplicateRule.objects.get(name="Same email")
    rules.change_rule(
        rule,
        rules.Draft(
            name=rule.name,
            conditions=rule.conditions,
            certainty=95,
            for_new=False,
            for_search=True,
        ),
        by=person(),
    )
    work()
    assert marked() == set()


def work() -> None:
    """What workers do in the background."""
    while duplicate_index.build_indexes():
        pass
    while duplicate_index.sweep_marks():
        pass


def test_a_new_rule_finds_the_leads_that_are_there() -> None:
    first = lead_with(name="Ada Byron")
    second = lead_with(name="BYRON Ada")
    assert marked() == set()
    rules.add_rule(
        rules.Draft(
            name="Same name",
            conditions=[["name", "same"]],
            certainty=50,
            for_new=True,
            for_search=False,
        ),
        by=person(),
    )
    third = lead_with(name="ada byron")
    work()
    assert keys_fit()
    assert marked() == {first, second, third}


def test_keys_that_no_rule_needs_go() -> None:
    lead_with(email="ada@gmail.com", name="Ada", company="Northwind")
    assert DuplicateKey.objects.count() == 2
    by = person()
    for rule in DuplicateRule.objects.exclude(name="Same email"):
        rules.change_rule(
            rule,
            rules.Draft(
                name=rule.name,
                conditions=rule.conditions,
                certainty=50,
                for_new=False,
                for_search=False,
            ),
            by=by,
        )
    work()
    assert list(DuplicateKey.objects.values_list("mask", flat=True)) == [1]
    assert list(DuplicateIndex.objects.values_list("mask", flat=True)) == [1]


@pytest.mark.parametrize(
    ("conditions", "refused"),
    [
        ([], "at least one column"),
        ([["name", "alike"]], "the same in both"),
        ([["email", "alike"], ["name", "same"]], "Only names"),
        ([["email", "same"], ["email", "same"]], "twice"),
        ([["shoe", "same"]], "no column"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(
    conditions: list[list[str]], refused: str
) -> None:
    with pytest.raises(rules.RuleRefused, match=refused):
        rules.add_rule(
            rules.Draft(
                name="x",
                conditions=conditions,
                certainty=50,
                for_new=True,
                for_search=True,
            ),
            by=person(),
        )


def test_stock_rules_are_switched_off_but_not_deleted() -> None:
    rule = DuplicateRule.objects.get(name="Same email")
    with pytest.raises(rules.RuleRefused, match="switch it off"):
        rules.delete_rule(rule, by=person())


def test_a_settled_answer_brings_its_keys() -> None:
    germany = LookupValue.objects.get(lookup__code="Country", code="DE")
    given = answers.GivenAnswer(
        column="Country", text="Alemannia", kind="no such value", label="Country"
    )
    one = make_response(values={"MobilePhone": "0171 2345678"})
    with transaction.atomic():
        made = register([_with_answers(one, given)])
    first = next(iter(made.registered.values()))
    second = lead_with(phone="+49 171 2345678")
    index()
    row = AnswerText.objects.get()
    AnswerText.objects.filter(pk=row.pk).update(value=str(germany.pk), is_due=True)
    while answers.bring_in_line(row.pk):
        pass
    assert Lead.objects.get(pk=first).country_id == germany.pk
    assert keys_fit()
    assert marked() == {first, second}


def _with_answers(
    response: MappedResponse, *given: answers.GivenAnswer
) -> MappedResponse:
    return replace(response, answers=given)


def test_keys_are_found_without_reading_other_leads() -> None:
    with connection.cursor() as cursor:
        plan = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
        cursor.execute(
            f"{plan} SELECT lead_id FROM leads_duplicatekey WHERE mask=1 AND key=2"
        )
        said = str(cursor.fetchall())
    assert "SCAN" not in said or connection.vendor != "sqlite"


def test_a_large_page_gets_its_keys_right_after() -> None:
    first = lead_with(email="ada@northwind.example")
    page = [
        make_response(values={"Email": f"{number}@northwind.example"})
        for number in range(duplicate_keys.AT_ONCE)
    ]
    page.append(make_response(values={"Email": "ada@northwind.example"}))
    with transaction.atomic():
        made = register(page).registered
    assert DuplicateKey.objects.count() == 2
    assert first in marked()
    assert made[page[-1].key] in marked()
    assert keys_fit()
