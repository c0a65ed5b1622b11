"""What an answer that is no value may mean, and why: a person chooses."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from leadferry.kit.text import comparable
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.country_names import country_names
from leadferry.leads.models import AnswerText, LookupValue
from leadferry.mapping.convert import read_date
from leadferry.mapping.fields import ColumnType, DateOrder

# Below this share of equal letters two words are different words.
_LEAST_LIKE = 80
_MOST_SETTLED = 2000
_NUMBER = re.compile(r"\d[\d.,' ]*")
# How people of many languages agree and refuse.
_WORDS = json.loads(
    Path(__file__).with_name("yes_and_no.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """A value, how it is called, and why; a sure one needs no second look."""

    value: str
    name: str
    why: str
    is_sure: bool = False


class ValueSuggestions:
    """Suggestions for the answers of one page; what they rest on is read once."""

    def __init__(self) -> None:
        self._columns = catalogue()
        self._values: dict[str, dict[str, LookupValue]] = {}
        self._settled: dict[str, list[tuple[str, str, str]]] = {}

    def of(self, answer: AnswerText, *, most: int = 4) -> list[Suggestion]:
        """The likeliest values of an answer first, none twice."""
        column = self._columns.get(answer.column)
        if column is None:
            return []
        found: dict[str, Suggestion] = {}
        for one in self._all(answer.text, answer.column, column):
            found.setdefault(one.value, one)
        return list(found.values())[:most]

    def _all(
        self, text: str, code: str, column: CatalogueColumn
    ) -> Iterator[Suggestion]:
        match column.type:
            case ColumnType.LOOKUP:
                yield from self._of_lookup(text, code, column.lookup or "")
            case ColumnType.BOOLEAN:
                yield from _of_yes_and_no(text)
            case ColumnType.DECIMAL | ColumnType.INTEGER:
                yield from _of_numbers(text)
            case ColumnType.DATE | ColumnType.DATETIME:
                yield from _of_dates(text)
            case ColumnType.TEXT:
                return

    def _in(self, lookup: str) -> dict[str, LookupValue]:
        if lookup not in self._values:
            rows = LookupValue.objects.filter(
                lookup__code=lookup, is_retired=False, merged_into=None
            )
            self._values[lookup] = {row.name_key: row for row in rows}
        return self._values[lookup]

    def _of_lookup(self, text: str, code: str, lookup: str) -> Iterator[Suggestion]:
        key, values = comparable(text), self._in(lookup)
        by_id = {str(row.pk): row for row in values.values()}
        settled = self._settled_in(lookup)
        yield from self._settled_elsewhere(key, code, settled, by_id)
        if lookup == "Country":
            yield from _other_name(key, text, values)
        for name, score, _index in process.extract(
            key, list(values), scorer=fuzz.token_sort_ratio,
            score_cutoff=_LEAST_LIKE, limit=3,
        ):  # fmt: skip
            yield _named(values[name], _like(values[name].name, score))
        if lookup == "Country":
            yield from _like_other_names(key, values)
        same = {text: value for column, text, value in settled if column == code}
        yield from _like_settled(key, same, by_id)

    def _settled_in(self, lookup: str) -> list[tuple[str, str, str]]:
        """(column, answer, value) of what was settled with this lookup's values."""
        if lookup not in self._settled:
            same = [one for one, row in self._columns.items() if row.lookup == lookup]
            rows = AnswerText.objects.filter(column__in=same).exclude(value="")
            found = rows.order_by("-leads").values_list("column", "text_key", "value")
            self._settled[lookup] = list(found[:_MOST_SETTLED])
        return self._settled[lookup]

    def _settled_elsewhere(
        self,
        key: str,
        code: str,
        settled: Sequence[tuple[str, str, str]],
        by_id: dict[str, LookupValue],
    ) -> Iterator[Suggestion]:
        for column, text, value in settled:
            if text == key and column != code and value in by_id:
                caption = self._columns[column].caption
                why = _("settled so for column %(column)s") % {"column": caption}
                yield _named(by_id[value], why, is_sure=True)


def _named(value: LookupValue, why: str, *, is_sure: bool = False) -> Suggestion:
    return Suggestion(value=str(value.pk), name=value.name, why=why, is_sure=is_sure)


def _like(text: str, score: float) -> str:
    return _("like “%(text)s” (%(score)s %%)") % {"text": text, "score": int(score)}


def _other_name(
    key: str, text: str, values: dict[str, LookupValue]
) -> Iterator[Suggestion]:
    by_code = {row.code: row for row in values.values() if row.code}
    names = country_names()
    exact = names.get(key)
    if exact is not None and exact.code in by_code:
        said = {"text": text, "language": exact.language}
        why = (
            _("“%(text)s” in %(language)s") % said
            if exact.language
            else _("“%(text)s” is its code") % said
        )
        yield _named(by_code[exact.code], why, is_sure=True)


def _like_other_names(key: str, values: dict[str, LookupValue]) -> Iterator[Suggestion]:
    by_code = {row.code: row for row in values.values() if row.code}
    names = country_names()
    for name, score, _index in process.extract(
        key, list(names), scorer=fuzz.ratio, score_cutoff=_LEAST_LIKE, limit=2
    ):
        if names[name].code in by_code:
            yield _named(by_code[names[name].code], _like(name, score))


def _like_settled(
    key: str, settled: Mapping[str, str], by_id: dict[str, LookupValue]
) -> Iterator[Suggestion]:
    for text, score, _index in process.extract(
        key, list(settled), scorer=fuzz.ratio, score_cutoff=_LEAST_LIKE, limit=2
    ):
        if settled[text] in by_id:
            why = _("“%(text)s” was settled so") % {"text": text}
            yield _named(by_id[settled[text]], f"{_like(text, score)}; {why}")


def _of_yes_and_no(text: str) -> Iterator[Suggestion]:
    words = text.strip(" .!").casefold()
    if words in _WORDS["yes"]:
        why = _("“%(text)s” says yes") % {"text": text}
        yield Suggestion(value="true", name=_("Yes"), why=why, is_sure=True)
    elif words in _WORDS["no"]:
        why = _("“%(text)s” says no") % {"text": text}
        yield Suggestion(value="false", name=_("No"), why=why, is_sure=True)


def _of_numbers(text: str) -> Iterator[Suggestion]:
    found = [one.strip(" .,'") for one in _NUMBER.findall(text)]
    # Before three digits a mark divides thousands; a person looks at it anyway.
    plain = [re.sub(r"[.,' ](?=\d{3}(?!\d))", "", one) for one in found]
    pointed = [one.replace(",", ".") for one in plain]
    numbers = [one for one in pointed if re.fullmatch(r"\d{1,15}(\.\d+)?", one)]
    whys = {
        1: [_("the only number in it")],
        2: [_("the lower end"), _("the upper end")],
    }
    for number, why in zip(numbers, whys.get(len(numbers), []), strict=False):
        yield Suggestion(value=number, name=number, why=why)


def _of_dates(text: str) -> Iterator[Suggestion]:
    for order, why in (
        (DateOrder.DAY_FIRST, _("read with the day first")),
        (DateOrder.MONTH_FIRST, _("read with the month first")),
    ):
        found = read_date(text, order)
        if isinstance(found, date):
            shown = found.isoformat()
            yield Suggestion(value=shown, name=shown, why=why)
