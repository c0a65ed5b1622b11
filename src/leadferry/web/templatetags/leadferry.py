"""Small parts of pages."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from django import template
from django.template import RequestContext
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from leadferry.jobs import inquiries
from leadferry.jobs.models import Inquiry
from leadferry.leads.columns import BY_CODE
from leadferry.mapping.convert import Kind
from leadferry.mapping.sources import ColumnMapping, Constant, FormField, Join, Macro

register = template.Library()
# The mapping engine knows no Django, so its words are translated here.
_KINDS = {
    Kind.TOO_LONG: _("too long for the column"),
    Kind.NOT_A_NUMBER: _("not a number"),
    Kind.AMBIGUOUS_NUMBER: _("a number that can be read in two ways"),
    Kind.NOT_A_DATE: _("not a date"),
    Kind.PARTIAL_DATE: _("only a part of a date"),
    Kind.AMBIGUOUS_DATE: _("a date that can be read in two ways"),
    Kind.NOT_A_BOOLEAN: _("neither true nor false"),
    Kind.UNKNOWN_LOOKUP_VALUE: _("not among the values of the lookup"),
}
_ICONS = Path(__file__).parent.parent / "static" / "vendor" / "icons"


@register.filter
def source_in_words(row: ColumnMapping) -> str:
    """Where a mapped column's value comes from."""
    match row.source:
        case Macro():
            return str(_("Unmapped form fields"))
        case Constant(value=value):
            return f"“{value}”"
        case FormField(refs=refs, join=join):
            names = [ref.key.replace("_", " ").capitalize() for ref in refs]
            between = _(" or else ") if join is Join.FIRST else " + "
            return str(between).join(names)


@register.filter
def column_caption(code: str) -> str:
    """The caption of a Lead column."""
    return str(BY_CODE[code].caption) if code in BY_CODE else code


@register.filter
def in_words(kind: str) -> str:
    """Why an answer did not fit its column."""
    return str(_KINDS.get(Kind(kind), kind))


@register.simple_tag
@lru_cache(maxsize=200)
def icon(name: str) -> SafeString:
    """One of Tabler's icons, for the eye only: text beside it says the same."""
    drawing = (_ICONS / f"{name}.svg").read_text(encoding="utf-8")
    drawing = drawing[drawing.index("<svg") :]
    return mark_safe(  # noqa: S308 - our own files, not anybody's input
        drawing.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
    )


@register.simple_tag(takes_context=True)
def querystring_with(context: RequestContext, **changes: object) -> str:
    """The filter of this page with another position in the list."""
    query = context["request"].GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = str(value)
    return str(query.urlencode())


@register.filter
def is_waiting(inquiry: Inquiry | None) -> bool:
    """Whether a worker is still expected to answer."""
    return inquiries.is_waiting(inquiry)


@register.filter
def is_overdue(inquiry: Inquiry | None) -> bool:
    """Whether nobody took the question up."""
    return inquiries.is_overdue(inquiry)


@register.filter
def of(rows: Mapping[object, object], key: object) -> object:
    """What a mapping holds under a key; nothing where it holds none."""
    return rows.get(key, "")
