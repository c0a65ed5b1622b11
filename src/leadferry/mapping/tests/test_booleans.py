import pytest

from leadferry.mapping.convert import Failure, Kind, converter_for
from leadferry.mapping.fields import Submission
from leadferry.mapping.locales import Writing
from leadferry.mapping.sources import ColumnMapping, FieldKind, FieldRef, FormField
from leadferry.mapping.tests.builders import COLUMNS, Lookups, compiled

NO_BOOLEAN = Failure(Kind.NOT_A_BOOLEAN)

BOOLEANS: dict[str, tuple[str, object]] = {
    # The two words, in any case and with blanks around
    "true": ("true", True),
    "True": ("True", True),
    "TRUE": ("TRUE", True),
    "tRuE": ("tRuE", True),
    "false": ("false", False),
    "False": ("False", False),
    "FALSE": ("FALSE", False),
    "fAlSe": ("fAlSe", False),
    "blanks around true": ("  true ", True),
    "line end after false": ("false\r\n", False),
    "no-break blanks": ("\u00a0TRUE\u3000", True),
    # Everything else needs a table of values: nothing is guessed
    "yes": ("yes", NO_BOOLEAN),
    "no": ("no", NO_BOOLEAN),
    "y": ("y", NO_BOOLEAN),
    "n": ("n", NO_BOOLEAN),
    "one": ("1", NO_BOOLEAN),
    "zero": ("0", NO_BOOLEAN),
    "on": ("on", NO_BOOLEAN),
    "off": ("off", NO_BOOLEAN),
    "t": ("t", NO_BOOLEAN),
    "f": ("f", NO_BOOLEAN),
    "empty": ("", NO_BOOLEAN),
    "blank": (" ", NO_BOOLEAN),
    "null": ("null", NO_BOOLEAN),
    "tick": ("✓", NO_BOOLEAN),
    "German": ("ja", NO_BOOLEAN),
    "German true": ("wahr", NO_BOOLEAN),
    "Russian true": ("истина", NO_BOOLEAN),
    "Japanese yes": ("はい", NO_BOOLEAN),
    "Arabic yes": ("نعم", NO_BOOLEAN),
    # They only look like the two words
    "full-width": ("ＴＲＵＥ", NO_BOOLEAN),
    "long s": ("fal\u017fe", NO_BOOLEAN),
    "Cyrillic e": ("tru\u0435", NO_BOOLEAN),
    "blank between": ("tr ue", NO_BOOLEAN),
    "full stop": ("true.", NO_BOOLEAN),
    "quoted": ('"true"', NO_BOOLEAN),
    "twice": ("true true", NO_BOOLEAN),
    "both": ("true/false", NO_BOOLEAN),
    "negated": ("not true", NO_BOOLEAN),
    "invisible sign": ("true\u200b", NO_BOOLEAN),
    "a very long answer": ("true" * 25_000, NO_BOOLEAN),
}


@pytest.mark.parametrize(("text", "value"), BOOLEANS.values(), ids=BOOLEANS.keys())
def test_only_true_and_false_are_booleans(text: str, value: object) -> None:
    column, writing = COLUMNS["Agreed"], Writing(None, None)
    converter = converter_for(column, writing=writing, lookups=Lookups())
    assert converter is not None
    assert converter(text) == value


@pytest.mark.req("R031")
@pytest.mark.parametrize(
    ("consents", "values"),
    [
        ({0: True}, {"Agreed": True}),
        ({0: False}, {"Agreed": False}),
        # Not asked is neither yes nor no.
        ({}, {}),
        ({1: True}, {}),
    ],
)
def test_a_consent_is_a_boolean(
    consents: dict[int, bool], values: dict[str, object]
) -> None:
    source = FormField(refs=(FieldRef(FieldKind.CONSENT, "0"),))
    mapping = compiled(ColumnMapping(column="Agreed", source=source))
    submission = Submission(answers={}, consents=consents)
    assert mapping.apply(submission).values == values
