"""The mapping editors: what is added, chosen and tried before "Apply"."""

from collections.abc import Sequence
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from leadferry.accounts.models import User
from leadferry.ingest import dry_run
from leadferry.integrations import mappings, queries
from leadferry.integrations.suggestions import suggest_rows
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.mapping import sources
from leadferry.mapping.fields import ColumnType, DateOrder
from leadferry.mapping.fits import takes_several
from leadferry.mapping.sources import (
    ColumnMapping,
    Constant,
    FieldRef,
    FormField,
    Join,
    Macro,
)
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social import editor, pickers
from leadferry.web.social.editor import Place

LONGEST_SEPARATOR = 20
# What can be written in more than one way, by the type of the column.
_READS = {
    ColumnType.DATE: "date",
    ColumnType.DATETIME: "date",
    ColumnType.DECIMAL: "number",
    ColumnType.INTEGER: "number",
}


def place_of(integration_id: int, form_id: int | None) -> Place:
    """The integration and, for a custom mapping, its form; else a 404."""
    integration = queries.integrations().filter(pk=integration_id).first()
    if integration is None:
        raise Http404
    if form_id is None:
        return Place(integration=integration, form=None)
    form = queries.forms_of(integration).filter(pk=form_id).first()
    if form is None:
        raise Http404
    return Place(integration=integration, form=form)


def _column(code: str) -> CatalogueColumn:
    column = catalogue().get(code)
    if column is None:
        raise Http404
    return column


@requires(MANAGE_INTEGRATIONS)
@require_POST
def pick(
    request: HttpRequest, integration_id: int, what: str, form_id: int | None = None
) -> HttpResponse:
    """The dialog in which columns, form fields or a value are chosen."""
    place = place_of(integration_id, form_id)
    rows = editor.read_rows(request.POST, place.kind)
    if what == "columns":
        offered = pickers.columns_to_add({row.column for row in rows})
        return _dialog(request, place, what, {"columns": offered})
    column = _column(request.POST.get("column", ""))
    return _dialog(request, place, what, _choices(request, place, column, rows, what))


def _choices(
    request: HttpRequest,
    place: Place,
    column: CatalogueColumn,
    rows: Sequence[ColumnMapping],
    what: str,
) -> dict[str, object]:
    row = next((row for row in rows if row.column == column.code), None)
    source = row.source if row is not None else sources.NOTHING
    held = source.value if isinstance(source, Constant) else ""
    context: dict[str, object] = {"column": column, "held": held}
    if what == "fields":
        chosen = source.refs if isinstance(source, FormField) else ()
        context |= {
            "groups": pickers.fields_to_choose(place, column, chosen),
            "chosen": [pickers.key_of(ref) for ref in chosen],
            "source": source,
            "row": row,
            "reads": _READS.get(column.type, ""),
            "several": takes_several(column.for_mapping()),
        }
    elif what == "text":
        context["form"] = pickers.TextValueForm(None, column=column, held=held)
    elif what == "lookup":
        chosen_id = int(held) if held.isdecimal() else None
        context["offered"] = pickers.values_to_choose(column, chosen=chosen_id)
    elif what != "boolean":
        raise Http404
    return context


def _dialog(
    request: HttpRequest, place: Place, what: str, context: dict[str, object]
) -> HttpResponse:
    return render(request, f"web/social/_pick_{what}.html", {**context, "place": place})


@requires(MANAGE_INTEGRATIONS)
@require_safe
def lookup_values(request: HttpRequest, code: str) -> HttpResponse:
    """The values of a column's lookup that have the typed letters."""
    column = _column(code)
    typed = request.GET.get("typed", "")[:100]
    context = {"offered": pickers.values_to_choose(column, typed=typed)}
    return render(request, "web/social/_lookup_values.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def change(
    request: HttpRequest, integration_id: int, form_id: int | None = None
) -> HttpResponse:
    """One step in the editor; nothing is stored before "Apply"."""
    place = place_of(integration_id, form_id)
    rows = editor.read_rows(request.POST, place.kind)
    verb, _colon, code = request.POST.get("do", "").partition(":")
    if verb == "suggest":
        return _suggest(request, place, rows)
    if verb == "add":
        rows = _added(rows, request.POST.getlist("columns"))
    elif verb == "remove":
        rows = [row for row in rows if row.column != code]
    elif verb == "macro":
        rows = editor.replaced(rows, ColumnMapping(column=code, source=Macro()))
    elif verb == "tick":
        return _ticked(request, place, rows)
    elif verb in {"fields", "text", "boolean", "lookup"}:
        made = _chosen(request, _column(code), verb)
        if isinstance(made, pickers.TextValueForm):
            context = {"column": _column(code), "form": made}
            answer = _dialog(request, place, "text", context)
            answer["HX-Retarget"] = "#picker-content"
            return answer
        rows = editor.replaced(rows, _row(request, code, made))
    seen = editor.read_seen(request.POST, place.kind)
    return _render_editor(request, place, rows, seen=seen)


def _suggest(
    request: HttpRequest, place: Place, rows: list[ColumnMapping]
) -> HttpResponse:
    """Rows that the mapping lacks, each with its reason; nothing is stored."""
    suggested = suggest_rows(place.integration, form=place.form, rows=rows)
    reasons = {one.row.column: editor.reason(one) for one in suggested}
    said = ngettext(
        "%(count)s row is suggested: keep it, change it or remove it.",
        "%(count)s rows are suggested: keep them, change them or remove them.",
        len(suggested),
    ) % {"count": len(suggested)}
    shown = editor.show(
        place,
        mappings.merged(rows, [one.row for one in suggested]),
        seen=editor.read_seen(request.POST, place.kind),
        reasons=editor.read_reasons(request.POST, place.kind) | reasons,
        said=said
        if suggested
        else _("Nothing to suggest: what is left has no column that is free and fits."),
    )
    context = {"editor": shown, "place": place}
    return render(request, "web/social/_mapping.html", context)


def _ticked(
    request: HttpRequest, place: Place, rows: list[ColumnMapping]
) -> HttpResponse:
    """ "Custom mapping" was ticked or not any more."""
    if "custom" not in request.POST or place.form is None:
        return render(request, "web/social/_no_custom_mapping.html", {"place": place})
    held = queries.custom_mapping(place.form)
    if held is not None and not rows:
        rows = queries.mapping_rows(held)
    # The first time it starts as a copy of the default mapping.
    rows = rows or editor.read_rows(request.POST, "default")
    return _render_editor(request, place, rows, seen=held.pk if held else 0)


def _row(request: HttpRequest, code: str, source: sources.Source) -> ColumnMapping:
    """The row with what the person said of how its answers are written."""
    order, mark = request.POST.get("date_order", ""), request.POST.get("mark", "")
    return ColumnMapping(
        column=code,
        source=source,
        date_order=DateOrder(order) if order in set(DateOrder) else None,
        decimal_mark=mark if mark in {",", "."} else None,
    )


def _added(rows: list[ColumnMapping], codes: Sequence[str]) -> list[ColumnMapping]:
    columns = catalogue()
    taken = {row.column for row in rows}
    new = [
        ColumnMapping(column=code, source=sources.NOTHING)
        for code in dict.fromkeys(codes)
        if code in columns and code not in taken
    ]
    return [*rows, *new]


def _chosen(
    request: HttpRequest, column: CatalogueColumn, verb: str
) -> "sources.Source | pickers.TextValueForm":
    if verb == "text":
        form = pickers.TextValueForm(request.POST.dict(), column=column, held="")
        return Constant(form.cleaned_data["value"]) if form.is_valid() else form
    if verb == "fields":
        return _chosen_fields(request)
    value = request.POST.get("value", "")
    if verb == "lookup":
        by = cast("User", request.user)
        return Constant(pickers.lookup_value(column, value, by=by))
    return Constant(value)


def _chosen_fields(request: HttpRequest) -> FormField:
    ticked = request.POST.getlist("field")
    # The order that the person gave them, where the page could tell it.
    order = [key for key in request.POST.getlist("order") if key in ticked]
    keys = dict.fromkeys([*order, *ticked])
    refs: list[FieldRef] = []
    for key in keys:
        ref = pickers.ref_of(key)
        if ref is not None:
            refs.append(ref)
    return FormField(
        refs=tuple(refs),
        join=Join.FIRST if request.POST.get("join") == "first" else Join.ALL,
        separator=request.POST.get("separator", " ")[:LONGEST_SEPARATOR],
    )


def _render_editor(
    request: HttpRequest, place: Place, rows: Sequence[ColumnMapping], *, seen: int
) -> HttpResponse:
    reasons = editor.read_reasons(request.POST, place.kind)
    shown = editor.show(place, rows, seen=seen, reasons=reasons)
    context = {"editor": shown, "place": place}
    return render(request, "web/social/_mapping.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def try_out(
    request: HttpRequest, integration_id: int, form_id: int | None = None
) -> HttpResponse:
    """The last submissions, mapped by the rows as they stand in the page."""
    place = place_of(integration_id, form_id)
    rows = editor.read_rows(request.POST, place.kind)
    tried = dry_run.try_mapping(place.integration, form=place.form, rows=rows)
    context = {"tried": tried, "place": place}
    return render(request, "web/social/_dry_run.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_safe
def versions(
    request: HttpRequest, integration_id: int, form_id: int | None = None
) -> HttpResponse:
    """Every "Apply" of a mapping: who, when, what changed; the way back."""
    place = place_of(integration_id, form_id)
    rows = list(queries.versions_of(place.integration, place.form)[:100])
    maps = [queries.mapping_rows(version) for version in rows]
    context = {
        "place": place,
        "versions": [
            (
                version,
                diff_in_words(maps[i + 1] if i + 1 < len(maps) else [], maps[i], place),
            )
            for i, version in enumerate(rows)
        ],
        "section": "system",
    }
    return render(request, "web/social/versions.html", context)


def diff_in_words(
    old: Sequence[ColumnMapping], new: Sequence[ColumnMapping], place: Place
) -> list[tuple[str, str, str]]:
    """(column, old source, new source) of each column that differs."""
    columns = catalogue()
    labels = place.labels()
    before = editor.words_of(old, columns=columns, labels=labels)
    after = editor.words_of(new, columns=columns, labels=labels)
    return [
        (
            str(columns[one.column].caption) if one.column in columns else one.column,
            before[one.column] if one.old else _("not mapped"),
            after[one.column] if one.new else _("not mapped"),
        )
        for one in mappings.differences(old, new)
    ]
