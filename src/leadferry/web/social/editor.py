"""The mapping editor: rows as they travel in the page, and as they are shown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadferry.integrations import mappings, queries
from leadferry.integrations.models import Integration, LeadForm
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.values import names_of_values
from leadferry.mapping import sources
from leadferry.mapping.check import Problem
from leadferry.mapping.errors import MappingError
from leadferry.mapping.fields import ColumnType, FormSchema
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldKind,
    FieldRef,
    FormField,
    Join,
    Macro,
)
from leadferry.mapping.suggest import Suggested, Why

Kind = Literal["default", "custom"]


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """One column of the mapping, as the page shows it."""

    code: str
    caption: str
    kind: str
    words: str
    is_chosen: bool
    takes_field: bool
    takes_constant: str
    takes_macro: bool
    has_table: bool
    stored: str
    problems: Sequence[Problem]
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Editor:
    """One mapping under a person's hands."""

    kind: Kind
    rows: Sequence[ShownRow]
    general: Sequence[Problem]
    seen: int
    macro_column: str
    # What a step came to.
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an editor stands: an integration and, for custom mapping, a form."""

    integration: Integration
    form: LeadForm | None

    @property
    def kind(self) -> Kind:
        """Which of the two mappings of the page it is."""
        return "default" if self.form is None else "custom"

    def _address(self, name: str, **more: str) -> str:
        given: dict[str, object] = {"integration_id": self.integration.pk, **more}
        if self.form is None:
            return reverse(name, kwargs=given)
        return reverse(f"custom-{name}", kwargs={**given, "form_id": self.form.pk})

    @property
    def change_url(self) -> str:
        """Where a step in the editor goes."""
        return self._address("mapping-change")

    @property
    def try_url(self) -> str:
        """Where the rows are tried on the last submissions."""
        return self._address("mapping-try")

    @property
    def versions_url(self) -> str:
        """The history of this mapping."""
        return self._address("mapping-versions")

    @property
    def pick_urls(self) -> dict[str, str]:
        """The dialogs, by what is chosen in them."""
        kinds = ("columns", "fields", "text", "boolean", "lookup")
        return {what: self._address("mapping-pick", what=what) for what in kinds}

    def schema(self) -> FormSchema | None:
        """The form's present version; none for the default mapping."""
        return queries.present_schema(self.form) if self.form is not None else None

    def labels(self) -> dict[FieldRef, str]:
        """The form's fields in its own words; those of earlier versions, too."""
        found: dict[FieldRef, str] = {}
        for schema in queries.schemas_of(self.form) if self.form is not None else ():
            found |= field_labels(schema)
        return found


def read_rows(data: QueryDict, kind: Kind) -> list[ColumnMapping]:
    """The rows that the page holds; raises BadRequest for what it never wrote."""
    return rows_from(data.getlist(f"{kind}_row"))


def rows_from(texts: Sequence[str]) -> list[ColumnMapping]:
    """Rows as they travel in a page; raises BadRequest for what no page wrote."""
    try:
        stored = [json.loads(text) for text in texts]
        return [sources.from_json(str(one["column"]), one) for one in stored]
    except (ValueError, KeyError, TypeError, MappingError) as exc:
        raise BadRequest("These rows come from no page of ours.") from exc


def stored_row(row: ColumnMapping) -> str:
    """A row as it travels in a page."""
    return json.dumps({"column": row.column, **sources.to_json(row)})


def read_reasons(data: QueryDict, kind: Kind) -> dict[str, str]:
    """Why rows were suggested, by column, as the page holds it."""
    pairs = (text.partition(":") for text in data.getlist(f"{kind}_why"))
    return {column: why for column, _colon, why in pairs}


def reason(suggested: Suggested) -> str:
    """Why a row is suggested."""
    match suggested.why:
        case Why.NEW_ID:
            return _("the same question has a new id; both are read")
        case Why.PROFILE:
            return _("this profile field belongs there")
        case Why.SISTERS:
            more = suggested.count - 1
            if not more:
                return _("mapped so in “%(form)s”") % {"form": suggested.witness}
            return ngettext(
                "mapped so in “%(form)s” and %(count)s more form",
                "mapped so in “%(form)s” and %(count)s more forms",
                more,
            ) % {"form": suggested.witness, "count": more}
        case Why.LABEL:
            return _("“%(label)s” is a usual name of it in forms") % {
                "label": suggested.witness
            }
        case Why.MACRO:
            return _("so that no answer is lost")


def read_seen(data: QueryDict, kind: Kind) -> int:
    """The id of the version that the person saw; 0 where there was none."""
    seen = data.get(f"{kind}_seen", "")
    return int(seen) if seen.isdecimal() else 0


def show(
    place: Place,
    rows: Sequence[ColumnMapping],
    *,
    seen: int,
    reasons: Mapping[str, str] | None = None,
    said: str = "",
) -> Editor:
    """The rows with what is wrong beside each, and why it was suggested."""
    columns = catalogue()
    problems = mappings.check(rows, form=place.form)
    words = words_of(rows, columns=columns, labels=place.labels())
    macro = next((row.column for row in rows if isinstance(row.source, Macro)), "")
    return Editor(
        kind=place.kind,
        rows=[
            replace(
                _shown(
                    place, row, columns.get(row.column), words[row.column], problems
                ),
                why=(reasons or {}).get(row.column, ""),
            )
            for row in rows
        ],
        said=said,
        general=[one for one in problems if not one.column],
        seen=seen,
        macro_column=_caption(columns, macro),
    )


def _shown(
    place: Place,
    row: ColumnMapping,
    column: CatalogueColumn | None,
    words: str,
    problems: Sequence[Problem],
) -> ShownRow:
    kind = column.type if column is not None else ColumnType.TEXT
    constants = {ColumnType.BOOLEAN: "boolean", ColumnType.LOOKUP: "lookup"}
    return ShownRow(
        code=row.column,
        caption=str(column.caption) if column is not None else row.column,
        kind=kind.value,
        words=words,
        is_chosen=row.source != sources.NOTHING,
        # Profile fields are strings and dates; a form's own fields are converted.
        takes_field=place.form is not None
        or kind not in {ColumnType.BOOLEAN, ColumnType.DECIMAL, ColumnType.INTEGER},
        takes_constant=constants.get(kind, "text"),
        takes_macro=kind is ColumnType.TEXT,
        has_table=kind is not ColumnType.TEXT and isinstance(row.source, FormField),
        stored=stored_row(row),
        problems=[one for one in problems if one.column == row.column],
    )


def _caption(columns: Mapping[str, CatalogueColumn], code: str) -> str:
    return str(columns[code].caption) if code in columns else code


def words_of(
    rows: Sequence[ColumnMapping],
    *,
    columns: Mapping[str, CatalogueColumn],
    labels: Mapping[FieldRef, str],
) -> dict[str, str]:
    """Where each column's value comes from, in words."""
    chosen = {
        int(row.source.value)
        for row in rows
        if isinstance(row.source, Constant)
        and row.column in columns
        and columns[row.column].type is ColumnType.LOOKUP
        and row.source.value.isdecimal()
    }
    names = names_of_values(chosen)
    return {
        row.column: _words(row, columns.get(row.column), names, labels) for row in rows
    }


def _words(
    row: ColumnMapping,
    column: CatalogueColumn | None,
    names: Mapping[int, str],
    labels: Mapping[FieldRef, str],
) -> str:
    match row.source:
        case Macro():
            return _("Unmapped form fields")
        case Constant(value=value):
            return constant_words(value, column, names)
        case FormField(refs=refs, join=join, separator=separator):
            if not refs:
                return _("Nothing chosen yet")
            between = _(" or else ") if join is Join.FIRST else f" {separator.strip()} "
            plain = between if between.strip() else " + "
            words = [labels.get(ref) or profile_name(ref.key) for ref in refs]
            # One question under two ids is one to a person.
            return plain.join(dict.fromkeys(words))
    return ""


def constant_words(
    value: str, column: CatalogueColumn | None, names: Mapping[int, str]
) -> str:
    """A constant as a person reads it; times in the person's zone."""
    kind = column.type if column is not None else ColumnType.TEXT
    if kind is ColumnType.LOOKUP and value.isdecimal():
        return f"“{names.get(int(value), value)}”"
    if kind is ColumnType.BOOLEAN:
        return _("Yes") if value == "true" else _("No")
    try:
        if kind is ColumnType.DATE:
            return date_format(date.fromisoformat(value), "j M Y")
        if kind is ColumnType.DATETIME:
            moment = datetime.fromisoformat(value)
            here = moment.astimezone(timezone.get_current_timezone())
            return date_format(here, "j M Y, H:i")
    except ValueError:
        pass
    return f"“{value}”"


def profile_name(key: str) -> str:
    """A profile field's name as people read it: FIRST_NAME is "First name"."""
    return key.replace("_", " ").capitalize().replace("Linkedin", "LinkedIn")


def field_labels(schema: FormSchema) -> dict[FieldRef, str]:
    """The form's fields in the words of the form."""
    labels = {
        FieldRef(FieldKind.QUESTION, question.id): question.label
        for question in schema.questions
    }
    labels |= {
        FieldRef(FieldKind.CONSENT, str(consent.id)): consent.text
        for consent in schema.consents
    }
    return labels


def replaced(rows: Sequence[ColumnMapping], new: ColumnMapping) -> list[ColumnMapping]:
    """The rows with another source for one column; the macro moves with it."""
    made = []
    for row in rows:
        if row.column == new.column:
            made.append(new)
        elif isinstance(new.source, Macro) and isinstance(row.source, Macro):
            made.append(ColumnMapping(column=row.column, source=sources.NOTHING))
        else:
            made.append(row)
    return made
