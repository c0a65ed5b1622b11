"""Whatever the form, the mapping and the submission: nothing is lost on the way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadferry.mapping.fields import Question, Submission
from leadferry.mapping.macro import macro_lines
from leadferry.mapping.sources import ColumnMapping, FieldKind, FieldRef, FormField
from leadferry.mapping.tests.arbitrary import (
    COLUMNS,
    LOCALES,
    TEXT_LENGTHS,
    TEXTS,
    Case,
    Locale,
    cases,
)
from leadferry.mapping.tests.builders import make_form

any_case = given(case=cases())
few_examples = settings(max_examples=15, deadline=None)


@pytest.mark.req("D1")
@few_examples
@any_case
def test_every_answer_consent_and_hidden_field_has_one_fate(case: Case) -> None:
    fates = case.compiled().fates(case.submission)
    sent = [
        *(FieldRef(FieldKind.QUESTION, key) for key in case.submission.answers),
        *(FieldRef(FieldKind.CONSENT, str(key)) for key in case.submission.consents),
        *(FieldRef(FieldKind.HIDDEN, one.name) for one in case.form.hidden_fields),
    ]
    assert Counter(fate.ref for fate in fates) == Counter(sent)


@pytest.mark.req("D1", "R035")
@few_examples
@any_case
def test_the_macro_carries_the_entire_submission(case: Case) -> None:
    mapped = case.compiled().apply(case.submission)
    macro = str(mapped.values.get("Macro", ""))
    lines = expected_lines(case)
    assert all(line in macro for line in lines)
    # And nothing else, nor anything twice; some answers have several lines.
    assert sorted(macro.split("\n")) == sorted("\n".join(lines).split("\n"))
    assert mapped.macro_cut == 0


def expected_lines(case: Case) -> list[str]:
    questions = {question.id: question for question in case.form.questions}
    consents = {consent.id: consent.text for consent in case.form.consents}
    lines = [f"{hidden.name}: {hidden.value}" for hidden in case.form.hidden_fields]
    for number, accepted in case.submission.consents.items():
        text = consents.get(number, f"consent {number}")
        lines.append(f"{text}: {'true' if accepted else 'false'}")
    for key, answer in case.submission.answers.items():
        asked = questions.get(key, Question(id=key, label=f"question {key}"))
        text = answer if isinstance(answer, str) else chosen(asked, answer)
        lines.append(f"{asked.label}: {text}")
    return lines


def chosen(asked: Question, options: Sequence[int]) -> str:
    return "; ".join(asked.options.get(one, f"option {one}") for one in options)


@pytest.mark.req("D1", "R038")
@few_examples
@given(case=cases(), length=st.sampled_from([1, 20, 36, 37, 60, 250, 5_000]))
def test_a_short_macro_takes_whole_lines_and_says_how_many_it_left_out(
    case: Case, length: int
) -> None:
    lines = macro_lines(case.form)(case.submission)
    mapped = case.compiled(macro_length=length).apply(case.submission)
    macro, cut = str(mapped.values.get("Macro", "")), mapped.macro_cut
    assert len(macro) <= length
    if not cut:
        assert macro == "\n".join(lines)
    elif macro:
        note = f"({cut} more answers: see submission)"
        assert macro == "\n".join([*lines[: len(lines) - cut], note])
    else:
        assert cut == len(lines)


@pytest.mark.req("D1", "R038")
@pytest.mark.parametrize(("room", "is_cut"), [(0, False), (-1, True)])
def test_a_macro_that_just_fits_is_whole(room: int, *, is_cut: bool) -> None:
    answers = {"1": "Ada", "5": "x" * 100}
    case = Case(form=make_form(), rows=(), submission=Submission(answers=answers))
    whole = str(case.compiled().apply(case.submission).values["Macro"])
    short = case.compiled(macro_length=len(whole) + room)
    mapped = short.apply(case.submission)
    assert (mapped.values["Macro"] != whole) is is_cut
    assert bool(mapped.macro_cut) is is_cut


@pytest.mark.req("D1", "R038")
def test_a_macro_fits_a_column_of_any_length() -> None:
    answers = {"1": "Ada", "5": "x" * 50}
    case = Case(form=make_form(), rows=(), submission=Submission(answers=answers))
    for length in range(1, 120):
        mapped = case.compiled(macro_length=length).apply(case.submission)
        assert len(str(mapped.values.get("Macro", ""))) <= length


@few_examples
@any_case
def test_a_text_fits_its_column_or_is_told(case: Case) -> None:
    mapped = case.compiled().apply(case.submission)
    told = {problem.column for problem in mapped.problems}
    for code, most in TEXT_LENGTHS.items():
        assert len(str(mapped.values.get(code, ""))) <= most
    assert not told & set(mapped.values)


@settings(max_examples=120, deadline=None)
@given(text=TEXTS, code=st.sampled_from(sorted(COLUMNS)), locale=LOCALES)
def test_no_answer_stops_the_import(text: str, code: str, locale: Locale) -> None:
    form = replace(make_form(*locale), questions=(Question(id="0", label=""),))
    source = FormField(refs=(FieldRef(FieldKind.QUESTION, "0"),))
    rows = (ColumnMapping(column=code, source=source),)
    case = Case(form=form, rows=rows, submission=Submission(answers={"0": text}))
    mapped = case.compiled().apply(case.submission)
    told = [problem.column for problem in mapped.problems]
    # A blank is no answer; the macro has it all the same.
    blank = not text or text.isspace()
    assert told == [] if blank else (code in mapped.values) is (told == [])


@few_examples
@any_case
def test_the_same_submission_gives_the_same_lead(case: Case) -> None:
    mapping = case.compiled()
    first = mapping.apply(case.submission)
    assert mapping.apply(case.submission) == first
    assert case.compiled().apply(case.submission) == first
    assert mapping.fates(case.submission) == mapping.fates(case.submission)
    # Nothing of one person's lead gets into the next one's.
    nobody = Submission(answers={})
    assert mapping.apply(nobody) == case.compiled().apply(nobody)


@pytest.mark.req("D1")
@few_examples
@given(case=cases(), random=st.randoms(use_true_random=False))
def test_the_forms_order_decides_and_not_the_submissions(
    case: Case, random: Random
) -> None:
    ids = {question.id for question in case.form.questions}
    consent_ids = {consent.id for consent in case.form.consents}
    sent = case.submission
    answers = [(key, value) for key, value in sent.answers.items() if key in ids]
    consents = [one for one in sent.consents.items() if one[0] in consent_ids]
    known = Submission(answers=dict(answers), consents=dict(consents))
    random.shuffle(answers)
    random.shuffle(consents)
    shuffled = Submission(answers=dict(answers), consents=dict(consents))
    mapping = case.compiled()
    assert mapping.apply(shuffled) == mapping.apply(known)
