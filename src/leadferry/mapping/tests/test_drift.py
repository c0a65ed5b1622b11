"""What is different between two versions of a form."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadferry.mapping.drift import ChangeKind, FieldChange, compare, followed
from leadferry.mapping.fields import Consent, FormSchema, HiddenField, Question
from leadferry.mapping.sources import FieldKind, FieldRef, predefined
from leadferry.mapping.tests.builders import make_form

pytestmark = pytest.mark.req("B9")

FORM = make_form()


def question(key: str) -> FieldRef:
    return FieldRef(FieldKind.QUESTION, key)


def with_questions(*questions: Question) -> FormSchema:
    return replace(FORM, questions=questions)


def changed(*new: Question) -> list[FieldChange]:
    """The changes when these take the places of the last questions."""
    kept = FORM.questions[: len(FORM.questions) - len(new)]
    return compare(FORM, with_questions(*kept, *new))


def test_the_same_form_has_no_change() -> None:
    assert compare(FORM, replace(FORM, version=4)) == []


def test_a_question_that_came_and_one_that_went() -> None:
    new = with_questions(
        *FORM.questions[:-1],
        Question(id="9", label="Land", predefined="COUNTRY"),
    )
    assert compare(FORM, new) == [
        FieldChange(kind=ChangeKind.ADDED, new=predefined("COUNTRY"), new_label="Land"),
        FieldChange(kind=ChangeKind.REMOVED, old=question("5"), old_label="Frage"),
    ]


def test_a_question_that_reads_otherwise() -> None:
    (change,) = changed(Question(id="5", label="Was möchten Sie wissen?"))
    assert change.is_reworded
    assert not change.has_new_id
    assert (change.old_label, change.new_label) == ("Frage", "Was möchten Sie wissen?")


@pytest.mark.parametrize("label", ["Frage", "FRAGE ", "Fràge"])
def test_a_question_of_the_same_text_under_a_new_id(label: str) -> None:
    (change,) = changed(Question(id="77", label=label))
    assert change.has_new_id
    assert (change.old, change.new) == (question("5"), question("77"))


def test_a_profile_field_is_itself_under_any_id() -> None:
    new = with_questions(replace(FORM.questions[0], id="88"), *FORM.questions[1:])
    assert compare(FORM, new) == []


def test_an_id_that_was_given_to_another_profile_field() -> None:
    new = with_questions(
        Question(id="1", label="Stadt", predefined="CITY"), *FORM.questions[1:]
    )
    kinds = [(change.kind, change.new or change.old) for change in compare(FORM, new)]
    assert kinds == [
        (ChangeKind.ADDED, predefined("CITY")),
        (ChangeKind.REMOVED, predefined("FIRST_NAME")),
    ]


def test_two_questions_that_swapped_their_texts_are_told_as_reworded() -> None:
    first, second = FORM.questions[3], FORM.questions[4]
    changes = changed(
        replace(first, label=second.label), replace(second, label=first.label)
    )
    assert [one.is_reworded for one in changes] == [True, True]
    assert not any(one.has_new_id for one in changes)


def test_options_that_came_went_and_read_otherwise() -> None:
    budget = FORM.questions[3]
    (change,) = changed(
        replace(budget, options={0: "gering", 2: "riesig"}), FORM.questions[4]
    )
    told = [(option.old, option.new) for option in change.options]
    assert told == [("klein", "gering"), ("", "riesig"), ("groß", "")]


def test_options_in_another_order_are_no_change() -> None:
    budget = FORM.questions[3]
    assert (
        changed(replace(budget, options={0: "groß", 1: "klein"}), FORM.questions[4])
        == []
    )


def test_consents_and_hidden_fields() -> None:
    new = replace(
        FORM,
        consents=(Consent(id=0, text="Neuigkeiten"), Consent(id=5, text="Anruf")),
        hidden_fields=(HiddenField(name="utm_medium", value="x"),),
    )
    told = [(one.kind, one.old, one.new) for one in compare(FORM, new)]
    consent, hidden = FieldKind.CONSENT, FieldKind.HIDDEN
    assert told == [
        (ChangeKind.CHANGED, FieldRef(consent, "0"), FieldRef(consent, "0")),
        (ChangeKind.CHANGED, FieldRef(consent, "1"), FieldRef(consent, "5")),
        (ChangeKind.ADDED, None, FieldRef(hidden, "utm_medium")),
        (ChangeKind.REMOVED, FieldRef(hidden, "utm_source"), None),
    ]


def test_a_new_id_is_read_beside_the_old_one() -> None:
    changes = changed(Question(id="77", label="Frage"))
    refs = [question("4"), question("5")]
    assert followed(refs, changes) == [question("4"), question("5"), question("77")]
    assert followed([question("5"), question("77")], changes) == [
        question("5"),
        question("77"),
    ]


_questions = st.lists(
    st.builds(
        Question,
        id=st.sampled_from("12345678"),
        label=st.sampled_from(["Frage", "Budget", "Land", "Land?", ""]),
        predefined=st.sampled_from([None, None, "EMAIL", "CITY"]),
        options=st.dictionaries(st.integers(0, 3), st.sampled_from("abc"), max_size=3),
    ),
    max_size=6,
    unique_by=lambda one: one.id,
)


@given(_questions, _questions)
def test_every_question_of_both_is_accounted_for(
    old: list[Question], new: list[Question]
) -> None:
    changes = compare(with_questions(*old), with_questions(*new))
    kinds = [change.kind for change in changes]
    came = kinds.count(ChangeKind.ADDED)
    went = kinds.count(ChangeKind.REMOVED)
    assert len(old) - went == len(new) - came
    assert kinds.count(ChangeKind.CHANGED) <= len(new) - came


@given(_questions)
def test_nothing_is_different_from_itself(questions: list[Question]) -> None:
    form = with_questions(*questions)
    assert compare(form, form) == []
