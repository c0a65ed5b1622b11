from datetime import UTC, date, datetime

import pytest

from leadferry.mapping.convert import Failure, Kind, converter_for, read_date
from leadferry.mapping.fields import DateOrder, Submission
from leadferry.mapping.locales import writing_of
from leadferry.mapping.sources import ColumnMapping, FieldKind, FieldRef, FormField
from leadferry.mapping.tests.builders import COLUMNS, Lookups, compiled, make_form

THIRD_OF_MAY = date(2019, 5, 3)
NO_DATE = Failure(Kind.NOT_A_DATE)
PARTIAL = Failure(Kind.PARTIAL_DATE)
AMBIGUOUS = Failure(Kind.AMBIGUOUS_DATE)


def convert(column: str, text: str, *, locale: str = "") -> object:
    language, _, country = locale.partition("_")
    writing = writing_of(language, country)
    converter = converter_for(COLUMNS[column], writing=writing, lookups=Lookups())
    assert converter is not None
    return converter(text)


@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("2019-05-03", None, date(2019, 5, 3)),
        ("03.05.2019", DateOrder.DAY_FIRST, date(2019, 5, 3)),
        ("03/05/2019", DateOrder.MONTH_FIRST, date(2019, 3, 5)),
        ("2019年5月3日", None, date(2019, 5, 3)),
        ("13/05/2019", None, date(2019, 5, 13)),
        ("05/05/2019", None, date(2019, 5, 5)),
        ("03/05/2019", None, Failure(Kind.AMBIGUOUS_DATE)),
        ("03.05.19", DateOrder.DAY_FIRST, Failure(Kind.AMBIGUOUS_DATE)),
        ("May 2019", None, Failure(Kind.PARTIAL_DATE)),
        ("2019", None, Failure(Kind.PARTIAL_DATE)),
        ("05/2019", None, Failure(Kind.PARTIAL_DATE)),
        ("31.02.2019", DateOrder.DAY_FIRST, Failure(Kind.NOT_A_DATE)),
        ("soon", None, Failure(Kind.NOT_A_DATE)),
    ],
)
def test_dates(text: str, order: DateOrder | None, value: object) -> None:
    assert read_date(text, order) == value


DATES: dict[str, tuple[str, str, object]] = {
    # ISO, whatever the locale
    "ISO, no locale": ("2019-05-03", "", THIRD_OF_MAY),
    "ISO, month-first locale": ("2019-05-03", "en_US", THIRD_OF_MAY),
    "ISO without zeros": ("2019-5-3", "de_DE", THIRD_OF_MAY),
    "year first with slashes": ("2019/05/03", "en_US", THIRD_OF_MAY),
    "year first with points": ("2019.05.03", "de_DE", THIRD_OF_MAY),
    # The order comes from the locale
    "German": ("03.05.2019", "de_DE", THIRD_OF_MAY),
    "German, one digit each": ("3.5.2019", "de_DE", THIRD_OF_MAY),
    "German with slashes": ("03/05/2019", "de_DE", THIRD_OF_MAY),
    "British": ("03/05/2019", "en_GB", THIRD_OF_MAY),
    "American": ("05/03/2019", "en_US", THIRD_OF_MAY),
    "American with hyphens": ("5-3-2019", "en_US", THIRD_OF_MAY),
    "American, no such month": ("13/05/2019", "en_US", NO_DATE),
    "Guam writes as America does": ("05/03/2019", "en_GU", THIRD_OF_MAY),
    "Canada writes both": ("03/05/2019", "en_CA", AMBIGUOUS),
    "Canada, only a day can be 13": ("13/05/2019", "en_CA", date(2019, 5, 13)),
    "Canada, only a day can be 31": ("05/31/2019", "en_CA", date(2019, 5, 31)),
    "Panama writes both": ("03/05/2019", "es_PA", AMBIGUOUS),
    "Puerto Rico writes both": ("03/05/2019", "es_PR", AMBIGUOUS),
    "English of nowhere": ("03/05/2019", "en", AMBIGUOUS),
    "Japanese": ("2019/05/03", "ja_JP", THIRD_OF_MAY),
    "Japanese, year last": ("03/05/2019", "ja_JP", AMBIGUOUS),
    "Chinese": ("2019-5-3", "zh_CN", THIRD_OF_MAY),
    "Chinese, year last": ("03/05/2019", "zh_TW", AMBIGUOUS),
    "Hungarian": ("2019. 05. 03.", "hu_HU", THIRD_OF_MAY),
    "Hungarian, year last": ("03.05.2019", "hu_HU", AMBIGUOUS),
    "Swedish": ("2019-05-03", "sv_SE", THIRD_OF_MAY),
    "Swedish, year last": ("03/05/2019", "sv_SE", AMBIGUOUS),
    "Swedish of Finland": ("3.5.2019", "sv_FI", THIRD_OF_MAY),
    "no locale, the twelfth or December": ("12/05/2019", "", AMBIGUOUS),
    "no locale, December or the twelfth": ("05/12/2019", "", AMBIGUOUS),
    # Something is missing
    "month name and year": ("May 2019", "en_US", PARTIAL),
    "month name and year, German": ("Mai 2019", "de_DE", PARTIAL),
    "month name and year, Russian": ("май 2019", "ru_RU", PARTIAL),
    "year and month name": ("2019 May", "en_GB", PARTIAL),
    "year": ("2019", "de_DE", PARTIAL),
    "month and year": ("05/2019", "en_US", PARTIAL),
    "month and year with blanks": ("05 / 2019", "en_US", PARTIAL),
    "ISO month": ("2019-05", "sv_SE", PARTIAL),
    "Japanese month": ("2019年5月", "ja_JP", PARTIAL),
    "Japanese year": ("2019年", "ja_JP", PARTIAL),
    # The century is never guessed
    "two-digit year": ("03.05.19", "de_DE", AMBIGUOUS),
    "two-digit year, American": ("5/3/99", "en_US", AMBIGUOUS),
    "two-digit year first": ("19-05-03", "sv_SE", AMBIGUOUS),
    # No calendar has them
    "31 February": ("31.02.2019", "de_DE", NO_DATE),
    "31 February, no locale": ("31/02/2019", "", NO_DATE),
    "31 February of no year": ("31.2.", "de_DE", NO_DATE),
    "31 April": ("2019-04-31", "", NO_DATE),
    "29 February of a leap year": ("29.02.2020", "de_DE", date(2020, 2, 29)),
    "29 February of another year": ("29.02.2019", "de_DE", NO_DATE),
    "29 February of 1900": ("1900-02-29", "", NO_DATE),
    "29 February of 2000": ("2000-02-29", "", date(2000, 2, 29)),
    "month 13": ("2019-13-01", "", NO_DATE),
    "day 0": ("00.05.2019", "de_DE", NO_DATE),
    "year 0": ("0000-05-03", "", NO_DATE),
    # Digits and signs of other scripts
    "Arabic-Indic digits": ("٠٣/٠٥/٢٠١٩", "ar_AE", THIRD_OF_MAY),
    "Devanagari digits": ("०३-०५-२०१९", "hi_IN", THIRD_OF_MAY),
    "full-width digits": ("２０１９年５月３日", "ja_JP", THIRD_OF_MAY),
    "full-width digits, ISO": ("２０１９-０５-０３", "zh_CN", THIRD_OF_MAY),
    "Japanese signs": ("2019年05月03日", "ja_JP", THIRD_OF_MAY),
    "Japanese without the last sign": ("2019年5月3", "ja_JP", THIRD_OF_MAY),
    "Japanese with blanks": ("2019年 5月 3日", "ja_JP", THIRD_OF_MAY),
    "Japanese, no such day": ("2019年2月30日", "ja_JP", NO_DATE),
    # Stray blanks
    "blanks around": ("  03.05.2019\n", "de_DE", THIRD_OF_MAY),
    "no-break blank around": ("\u00a003.05.2019\u3000", "de_DE", THIRD_OF_MAY),
    "blanks between": ("3. 5. 2019", "de_DE", THIRD_OF_MAY),
    "blanks only": ("   ", "de_DE", NO_DATE),
    # Never read into something
    "a range of months": ("1-2.2019", "de_DE", PARTIAL),
    "digits only": ("20190503", "", NO_DATE),
    # The first or the eleventh: a digit too many
    "three-digit day": ("2019-05-011", "sv_SE", AMBIGUOUS),
    "three-digit day first": ("011.05.2019", "de_DE", NO_DATE),
    "four-digit day": ("2019.05.0003", "hu_HU", AMBIGUOUS),
    "four-digit day first": ("0003.05.2019", "de_DE", AMBIGUOUS),
    "several dates": ("3.5.2019, 4.5.2019", "de_DE", NO_DATE),
    "a date and words": ("by 3.5.2019", "de_DE", NO_DATE),
    "a very long answer": ("1" * 100_000, "de_DE", NO_DATE),
}


@pytest.mark.parametrize(("text", "locale", "value"), DATES.values(), ids=DATES.keys())
def test_a_date_is_read_as_its_locale_writes_it(
    text: str, locale: str, value: object
) -> None:
    assert convert("Decided", text, locale=locale) == value


@pytest.mark.parametrize(
    ("locale", "order", "value"),
    [
        # The operator knows better than the locale of the form.
        (("en", "US"), DateOrder.DAY_FIRST, THIRD_OF_MAY),
        (("de", "DE"), DateOrder.MONTH_FIRST, date(2019, 3, 5)),
        # What the locale left open is settled,
        (("en", "CA"), DateOrder.DAY_FIRST, THIRD_OF_MAY),
        (("", ""), DateOrder.MONTH_FIRST, date(2019, 3, 5)),
        # and without an order of its own the row takes the locale's.
        (("en", "US"), None, date(2019, 3, 5)),
        # "Year first" does not say what comes first in "03/05/2019".
        (("de", "DE"), DateOrder.YEAR_FIRST, None),
    ],
)
def test_the_order_of_a_row_comes_before_that_of_the_locale(
    locale: tuple[str, str], order: DateOrder | None, value: date | None
) -> None:
    source = FormField(refs=(FieldRef(FieldKind.QUESTION, "5"),))
    row = ColumnMapping(column="Decided", source=source, date_order=order)
    mapping = compiled(row, form=make_form(*locale))
    mapped = mapping.apply(Submission(answers={"5": "03/05/2019"}))
    assert mapped.values.get("Decided") == value
    assert bool(mapped.problems) is (value is None)


MOMENTS: dict[str, tuple[str, object]] = {
    "with zone": ("2019-05-03T10:00:00+02:00", datetime(2019, 5, 3, 8, tzinfo=UTC)),
    "zulu": ("2019-05-03T10:00Z", datetime(2019, 5, 3, 10, tzinfo=UTC)),
    "blank for T": (" 2019-05-03 10:00 ", datetime(2019, 5, 3, 10, tzinfo=UTC)),
    "date only": ("03.05.2019", datetime(2019, 5, 3, tzinfo=UTC)),
    "other digits": ("٢٠١٩-٠٥-٠٣T١٠:٠٠", datetime(2019, 5, 3, 10, tzinfo=UTC)),
    "no such hour": ("2019-05-03T25:00", NO_DATE),
    "partial": ("05/2019", PARTIAL),
    "before the first year": ("0001-01-01T00:00:00+14:00", NO_DATE),
    "after the last year": ("9999-12-31T23:59:59-14:00", NO_DATE),
    "a phone number": ("10101010", NO_DATE),
    "a week": ("2019-W18-5", NO_DATE),
    "words after the zone": ("2019-05-03T10:00Z or later", NO_DATE),
    # Python 3.11 reads no further than this sign.
    "words after a NUL": ("2019-05-03T10:00Z\0 or later", NO_DATE),
}


@pytest.mark.parametrize(("text", "value"), MOMENTS.values(), ids=MOMENTS.keys())
def test_a_moment_is_aware_or_refused(text: str, value: object) -> None:
    assert convert("Meeting", text, locale="de_DE") == value
