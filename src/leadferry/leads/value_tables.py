"""Value tables: what people settled about answers that are no value by themselves."""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.kit.text import comparable
from leadferry.leads.columns import catalogue, mapping_columns
from leadferry.leads.lookups import LookupValues
from leadferry.leads.models import AnsweredLead, AnswerText, ValueTable
from leadferry.mapping.compile import constant_value
from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import TableValue

# A longer answer is a text of its own: nobody settles it for the next one.
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class _Held:
    revision: int
    by_key: dict[str, TableValue] = field(default_factory=dict)


class SettledValues:
    """The mapping engine's way to the value tables; `refresh` once for each page."""

    def __init__(self, lookups: LookupValues) -> None:
        self._lookups = lookups
        self._held: dict[str, _Held] = {}
        self._revisions: dict[str, int] = {}

    def refresh(self) -> None:
        """See which tables were changed."""
        self._revisions = dict(ValueTable.objects.values_list("column", "revision"))

    def value_of(self, column: str, text: str) -> TableValue | None:
        """What people settled for the text in this column, or none."""
        revision = self._revisions.get(column)
        if revision is None:
            return None
        held = self._held.get(column)
        if held is None or held.revision != revision:
            held = _read(column, revision, self._lookups)
            self._held[column] = held
        return held.by_key.get(comparable(text))


def _read(code: str, revision: int, lookups: LookupValues) -> _Held:
    held = _Held(revision)
    column = mapping_columns(catalogue()).get(code)
    if column is None:
        return held
    rows = AnswerText.objects.filter(column=code).exclude(value="")
    for key, written in rows.values_list("text_key", "value").iterator():
        try:
            value = constant_value(written, column, lookups)
        except MappingError:
            # The column has another shape since, or the lookup lost the value.
            continue
        held.by_key[key] = TableValue(value, written)
    return held


def table_key(text: str) -> str | None:
    """Under which key a text stands in a table; none for one that is too long."""
    return comparable(text) if len(text) <= LONGEST_TEXT else None


def await_answer(*, column: str, text: str) -> AnswerText:
    """An answer that nobody gave yet; raises RejectedError for one that is none."""
    shown = " ".join(text.split())
    key = table_key(shown)
    if not shown or key is None:
        raise RejectedError(_("An answer has 1 to 500 characters."))
    answer, _made = AnswerText.objects.get_or_create(
        column=column, text_key=key, defaults={"text": shown, "is_told": True}
    )
    return answer


@transaction.atomic
def settle(answer: AnswerText, *, value: str, by: User) -> AnswerText:
    """From now on the answer is this value, in leads that have it already, too.

    Raises RejectedError for a value that does not fit the column.
    """
    column = mapping_columns(catalogue()).get(answer.column)
    lookups = LookupValues()
    lookups.refresh()
    if column is None or column.is_retired:
        raise RejectedError(_("The column of this answer is retired."))
    if not value:
        raise RejectedError(_("Choose a value first."))
    try:
        constant_value(value, column, lookups)
    except MappingError as exc:
        raise RejectedError(str(exc)) from exc
    return _change(answer, value=value, verb="answer settled", by=by)


@transaction.atomic
def take_back(answer: AnswerText, *, by: User) -> AnswerText:
    """The answer waits again, and so do the leads that it was written to."""
    return _change(answer, value="", verb="settled answer taken back", by=by)


def _change(answer: AnswerText, *, value: str, verb: str, by: User) -> AnswerText:
    kept = AnswerText.objects.select_for_update().get(pk=answer.pk)
    if kept.value == value:
        _drop_unused(kept)
        return kept
    kept.value, kept.by = value, by
    kept.settled_at = clock.now() if value else None
    kept.is_due = AnsweredLead.objects.filter(answer=kept).exists()
    kept.save()
    table, _made = ValueTable.objects.get_or_create(column=kept.column)
    ValueTable.objects.filter(pk=table.pk).update(revision=F("revision") + 1)
    audit.record(verb, subject=str(kept.pk), by=by)
    _drop_unused(kept)
    return kept


def _drop_unused(answer: AnswerText) -> None:
    if not answer.value and answer.leads == 0:
        AnswerText.objects.filter(pk=answer.pk).delete()
