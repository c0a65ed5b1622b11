"""Arbitrary forms, mappings and submissions; many of them meet, some do not."""

from dataclasses import dataclass

from hypothesis import strategies as st

from leadferry.mapping.compile import CompiledMapping, compile_mapping
from leadferry.mapping.fields import (
    Column,
    ColumnType,
    Consent,
    DateOrder,
    FormSchema,
    HiddenField,
    Question,
    Submission,
)
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
from leadferry.mapping.tests.builders import Lookups

MOST_CHARACTERS = 100_000
TEXT_LENGTHS = {"Short": 5, "Contact": 250}
COLUMNS = {
    column.code: column
    for column in (
        Column(code="Short", type=ColumnType.TEXT, length=TEXT_LENGTHS["Short"]),
        Column(code="Contact", type=ColumnType.TEXT, length=TEXT_LENGTHS["Contact"]),
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
CONSTANTS = {
    "Short": "Messe", "Budget": "1.50", "Number": "7", "Agreed": "false",
    "Decided": "2019-05-03", "Meeting": "2019-05-03T10:00Z", "Country": "6",
}  # fmt: skip
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
        *("x" * (most + more) for most in TEXT_LENGTHS.values() for more in (0, 1)),
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
ORDERS = st.sampled_from([None, *DateOrder])
MARKS = st.sampled_from([None, ".", ","])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    form = draw(forms())
    fewest = draw(st.sampled_from([0, 1, 5]))
    answers = st.dictionaries(QUESTION_IDS, ANSWERS, min_size=fewest, max_size=20)
    consents = st.dictionaries(IDS, st.booleans(), max_size=4)
    return Case(
        form=form,
        rows=tuple(
            ColumnMapping(
                column=code,
                source=draw(SOURCES[code]),
                date_order=draw(ORDERS),
                decimal_mark=draw(MARKS),
            )
            for code in draw(CODES)
        ),
        submission=Submission(answers=draw(answers), consents=draw(consents)),
    )
