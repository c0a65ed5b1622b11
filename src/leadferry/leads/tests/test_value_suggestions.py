"""What an answer may mean is suggested with its reason."""

import pytest

from leadferry.accounts.models import User
from leadferry.leads import value_tables
from leadferry.leads.models import AnswerText, LookupValue
from leadferry.leads.value_suggestions import ValueSuggestions

pytestmark = [pytest.mark.django_db, pytest.mark.req("B11")]


def suggested(column: str, text: str) -> list[tuple[str, str, bool]]:
    answer = AnswerText(column=column, text=text)
    found = ValueSuggestions().of(answer)
    return [(one.name, one.why, one.is_sure) for one in found]


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("Deutschland", "Germany", "“Deutschland” in German"),
        ("Allemagne", "Germany", "“Allemagne” in French"),
        ("ドイツ", "Germany", "“ドイツ” in Japanese"),
        ("DE", "Germany", "“DE” is its code"),
        ("USA", "United States", "“USA” in English"),
        ("Česko", "Czechia", "“Česko” in Czech"),
        ("  österreich ", "Austria", "“  österreich ” in German"),
    ],
)
def test_other_names_of_countries(text: str, name: str, why: str) -> None:
    assert suggested("Country", text)[0] == (name, why, True)


def test_a_slip_of_the_pen_is_suggested_and_not_sure() -> None:
    assert suggested("Country", "Germny")[0] == (
        "Germany",
        "like “Germany” (92 %)",
        False,
    )
    name, _why, is_sure = suggested("Country", "Deutchland")[0]
    assert (name, is_sure) == ("Germany", False)


def test_what_is_like_nothing_has_no_suggestion() -> None:
    assert suggested("Country", "Absurdistan and beyond") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [("Ja", "Yes"), ("oui!", "Yes"), ("はい", "Yes"), ("nein", "No"), ("NO.", "No")],
)
def test_yes_and_no_in_other_languages(text: str, name: str) -> None:
    assert [(one[0], one[2]) for one in suggested("DoNotUseEmail", text)] == [
        (name, True)
    ]


def test_maybe_is_neither() -> None:
    assert suggested("DoNotUseEmail", "perhaps") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("about 50 people", [("50", "the only number in it")]),
        ("11-50", [("11", "the lower end"), ("50", "the upper end")]),
        ("1,000 to 5,000", [("1000", "the lower end"), ("5000", "the upper end")]),
        ("10.000–50.000 €", [("10000", "the lower end"), ("50000", "the upper end")]),
        ("rund 1.250,50 €", [("1250.50", "the only number in it")]),
        ("2.5 million", [("2.5", "the only number in it")]),
        ("a lot", []),
        ("1 2 3", []),
    ],
)
def test_numbers_in_a_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert [one[:2] for one in suggested("Budget", text)] == expected


def test_both_readings_of_a_date() -> None:
    assert [one[:2] for one in suggested("DecisionDate", "03/04/2019")] == [
        ("2019-04-03", "read with the day first"),
        ("2019-03-04", "read with the month first"),
    ]
    assert len(suggested("DecisionDate", "13/04/2019")) == 1


def test_what_was_settled_before_is_suggested() -> None:
    person = User.objects.create(username="mara")
    value = LookupValue.objects.get(lookup__code="Country", name="Switzerland")
    answer = value_tables.await_answer(column="Country", text="Eidgenossenschaft")
    value_tables.settle(answer, value=str(value.pk), by=person)
    name, why, is_sure = suggested("Country", "Eidgenosenschaft")[0]
    assert (name, is_sure) == ("Switzerland", False)
    assert "was settled so" in why
