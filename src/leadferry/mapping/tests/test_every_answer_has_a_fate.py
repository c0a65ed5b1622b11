"""Whatever the form, the mapping and the submission: nothing is lost on the way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadferry.mapping.compile import CompiledMapping, compile_mapping
from leadferry.mapping.fields import (
    Column,
    ColumnType,
    Consent,
    FormSchema,
    HiddenField,
    Question,
    Submission,
)
from leadferry.mapping.macro import macro_lines
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
    Source,
)
from leadferry.mapping.tests.builders import Lookups, make_form

MOST_CHARACTERS = 100_000
TEXT_LENGTHS = {"Short": 5, "Contact": 250}
COLUMNS = {
    column.code: column
    for column in (
        *(
            Column(code=code, type=ColumnType.TEXT, length=length)
            for code, length in TEXT_LENGTHS.items()
        ),
        Column(code="Text", type=ColumnType.TEXT),
        Column(code="Budget", type=ColumnType.DECIMAL, scale=2),
        Column(code="Any", type=ColumnType.DECIMAL),
        Column(code="Number", type=ColumnType.INTEGER),
        Column(code="Decided", type=ColumnType.DATE),
        Column(code="Meeting", type=ColumnType.DATETIME),
        Column(code="Agreed", type=ColumnType.BOOLEAN),
        Column(code="Country", type=ColumnType.LOOKUP, lookup="Country"),
    )
}
CONSTANTS = {"Short": "Messe", "Budget": "1.50", "Decided": "2019-05-03"}
Locale = tuple[str, str]
LOCALES: st.SearchStrategy[Locale] = st.sampled_from(
    [("", ""), ("de", "DE"), ("en", "US"), ("ja", "JP"), ("ar", "AE")]
)
PREDEFINED = ["FIRST_NAME", "LAST_NAME", "EMAIL", "COMPANY_NAME"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A form, the rows beside the macro, and what one person sent."""

    form: FormSchema
    rows: tuple[ColumnMapping, ...]
    submission: Submission

    def compiled(self, *, macro_length: int | None = None) -> CompiledMapping:
        macro = Column(code="Macro", type=ColumnType.TEXT, length=macro_length)
        return compile_mapping(
            [*self.rows, ColumnMapping(column="Macro", source=Macro())],
            form=self.form,
            columns={**COLUMNS, "Macro": macro},
            lookups=Lookups(),
        )


# Few of them, so that forms, mappings and submissions meet; ids of 19 digits too.
IDS = st.integers(0, 9) | st.integers(10**18, 10**18 + 3)
QUESTION_IDS = st.sampled_from("0123") | st.integers(0, 25).map(str) | IDS.map(str)
LABELS = st.sampled_from(["", "Frage", "質問", "سؤال", "प्रश्न", "a: b"]) | st.text(
    max_size=10
)
NAMES = st.sampled_from(["", "utm_source", "utm_medium", "кампания"])
# Texts that converters take for something.
TYPED = st.sampled_from(
    [
        *("1.234,50 €", "1,234", "٣٫٥", "1e5", "NaN", "-", "9" * 40, "1 2", "٬"),
        *("2019-05-03", "03/05/2019", "31.02.2019", "May 2019", "２０１９年５月３日"),
        *("0001-01-01T00:00+14:00", "2019-05-03T10:00Z", "true", "Germany", "7"),
        *(
            "x" * length
            for most in TEXT_LENGTHS.values()
            for length in (most, most + 1)
        ),
    ]
)
PIECES = st.text(min_size=1, max_size=20) | st.sampled_from(
    ["\n", "👩‍🚀", "1", " ", ","]
)
LONG = st.builds(
    lambda piece, times, end: (piece * times)[:MOST_CHARACTERS] + end,
    PIECES,
    st.sampled_from([300, MOST_CHARACTERS]),
    st.sampled_from(["", "x"]),
).map(lambda text: text[-MOST_CHARACTERS:])
TEXTS = st.just("") | TYPED | st.text(max_size=40) | LONG
ANSWERS = TEXTS | st.lists(IDS, max_size=4).map(tuple)
QUESTIONS = st.builds(
    Question,
    id=QUESTION_IDS,
    label=LABELS,
    predefined=st.none() | st.sampled_from(PREDEFINED),
    options=st.just({}) | st.dictionaries(IDS, LABELS, max_size=4),
)


@st.composite
def forms(draw: st.DrawFn) -> FormSchema:
    language, country = draw(LOCALES)
    questions = st.lists(
        QUESTIONS,
        min_size=draw(st.sampled_from([0, 1, 5])),
        max_size=20,
        unique_by=lambda one: one.id,
    )
    consents = st.lists(
        st.builds(Consent, id=IDS, text=LABELS),
        max_size=4,
        unique_by=lambda one: one.id,
    )
    hidden = st.lists(
        st.builds(HiddenField, name=NAMES, value=LABELS),
        max_size=3,
        unique_by=lambda one: one.name,
    )
    return FormSchema(
        form_id=1,
        version=1,
        language=language,
        country=country,
        questions=tuple(draw(questions)),
        consents=tuple(draw(consents)),
        hidden_fields=tuple(draw(hidden)),
    )


REFS = st.one_of(
    st.builds(FieldRef, st.just(FieldKind.PREDEFINED), st.sampled_from(PREDEFINED)),
    st.builds(FieldRef, st.just(FieldKind.QUESTION), QUESTION_IDS),
    st.builds(FieldRef, st.just(FieldKind.CONSENT), IDS.map(str)),
    st.builds(FieldRef, st.just(FieldKind.HIDDEN), NAMES),
)


def sources(column: str) -> st.SearchStrategy[Source]:
    several = 3 if COLUMNS[column].type is ColumnType.TEXT else 1
    fields: st.SearchStrategy[Source] = st.builds(
        FormField,
        refs=st.lists(REFS, min_size=1, max_size=several).map(tuple),
        join=st.sampled_from(Join),
        separator=st.sampled_from([" ", "", ", ", "\n"]),
    )
    if column not in CONSTANTS:
        return fields
    return fields | st.just(Constant(CONSTANTS[column]))


SOURCES = {code: sources(code) for code in COLUMNS}
CODES = st.lists(st.sampled_from(sorted(COLUMNS)), unique=True)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    form = draw(forms())
    fewest = draw(st.sampled_from([0, 1, 5]))
    answers = st.dictionaries(QUESTION_IDS, ANSWERS, min_size=fewest, max_size=20)
    consents = st.dictionaries(IDS, st.booleans(), max_size=4)
    return Case(
        form=form,
        rows=tuple(
            ColumnMapping(column=code, source=draw(SOURCES[code]))
            for code in draw(CODES)
        ),
        submission=Submission(answers=draw(answers), consents=draw(consents)),
    )


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
    for key, answer in case.submission.answers.items():
        text = answer if isinstance(answer, str) else chosen(case.form, key, answer)
        assert f": {text}" in macro
    texts = {consent.id: consent.text for consent in case.form.consents}
    for number, accepted in case.submission.consents.items():
        text = texts.get(number, f"consent {number}")
        assert f"{text}: {'true' if accepted else 'false'}" in macro
    for hidden in case.form.hidden_fields:
        assert f"{hidden.name}: {hidden.value}" in macro
    assert mapped.macro_cut == 0


def chosen(form: FormSchema, key: str, options: Sequence[int]) -> str:
    texts = next((dict(one.options) for one in form.questions if one.id == key), {})
    return "; ".join(texts.get(option, f"option {option}") for option in options)


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


@few_examples
@any_case
def test_a_text_fits_its_column_or_is_told(case: Case) -> None:
    mapped = case.compiled().apply(case.submission)
    told = {problem.column for problem in mapped.problems}
    for code, most in TEXT_LENGTHS.items():
        assert len(str(mapped.values.get(code, ""))) <= most
    assert not told & set(mapped.values)


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, code=st.sampled_from(sorted(COLUMNS)), locale=LOCALES)
def test_no_answer_stops_the_import(text: str, code: str, locale: Locale) -> None:
    form = replace(make_form(*locale), questions=(Question(id="0", label=""),))
    source = FormField(refs=(FieldRef(FieldKind.QUESTION, "0"),))
    rows = (ColumnMapping(column=code, source=source),)
    case = Case(form=form, rows=rows, submission=Submission(answers={"0": text}))
    mapped = case.compiled().apply(case.submission)
    told = [problem.column for problem in mapped.problems]
    assert text == "" or (code in mapped.values) is (told == [])


@few_examples
@any_case
def test_the_same_submission_gives_the_same_lead(case: Case) -> None:
    mapping = case.compiled()
    first = mapping.apply(case.submission)
    assert mapping.apply(case.submission) == first
    assert case.compiled().apply(case.submission) == first
    assert mapping.fates(case.submission) == mapping.fates(case.submission)


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
