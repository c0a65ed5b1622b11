"""Small parts of pages."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from django import template
from django.template import RequestContext
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from leadferry.destinations.queries import COUNTED_TO
from leadferry.jobs import inquiries
from leadferry.jobs.models import Inquiry
from leadferry.kit import clock
from leadferry.leads.columns import CORE_COLUMNS, CatalogueColumn
from leadferry.mapping.convert import Kind
from leadferry.mapping.fields import ColumnType

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
_TYPES = {
    ColumnType.TEXT: _("String"),
    ColumnType.INTEGER: _("Integer"),
    ColumnType.DECIMAL: _("Decimal"),
    ColumnType.BOOLEAN: _("Boolean"),
    ColumnType.DATE: _("Date"),
    ColumnType.DATETIME: _("Date/Time"),
    ColumnType.LOOKUP: _("Lookup"),
}
_SECONDS = _("%(number)s s")
# Up to how many milliseconds which unit is used, and how many of them it has.
_LENGTHS = (
    (1_000, _("%(number)s ms"), 1),
    (600_000, _SECONDS, 1_000),
    (7_200_000, _("%(number)s min"), 60_000),
    (172_800_000, _("%(number)s h"), 3_600_000),
)
_CAPTIONS = {column.code: column.caption for column in CORE_COLUMNS}
_ICONS = Path(__file__).parent.parent / "static" / "vendor" / "icons"


@register.filter
def column_caption(code: str) -> str:
    """The caption of a Lead column."""
    return str(_CAPTIONS.get(code, code))


@register.filter
def column_type(column: CatalogueColumn) -> str:
    """The type of a column, with its length."""
    name = str(_TYPES[column.type])
    if column.type is not ColumnType.TEXT:
        return name
    if column.length is None:
        return str(_("%(name)s, unlimited")) % {"name": name}
    return f"{name} ({column.length})"


@register.filter
def shown(value: object) -> object:
    """A value of a lead as people read it: times in their zone."""
    if isinstance(value, datetime):
        here = value.astimezone(timezone.get_current_timezone())
        return date_format(here, "j M Y, H:i")
    return date_format(value, "j M Y") if isinstance(value, date) else value


@register.filter
def from_ms(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as a time."""
    return clock.from_ms(milliseconds)


@register.filter
def time_left(seconds: int) -> str:
    """How long something still takes, as people say it."""
    if seconds < 60:
        return ngettext("%d second left", "%d seconds left", seconds) % seconds
    minutes = -(-seconds // 60)
    if minutes < 90:
        return ngettext("%d minute left", "%d minutes left", minutes) % minutes
    hours = -(-minutes // 60)
    return ngettext("%d hour left", "%d hours left", hours) % hours


@register.filter
def took(milliseconds: float) -> str:
    """How long something took, as exact as anybody wants to know it."""
    for below, unit, size in _LENGTHS:
        if milliseconds < below:
            number = milliseconds / size
            decimals = 1 if unit is _SECONDS and number < 10 else 0
            return str(unit) % {"number": number_format(number, decimals)}
    days = number_format(milliseconds / 86_400_000, 0)
    return gettext("%(number)s days") % {"number": days}


@register.filter
def capped(count: int) -> str:
    """A number that was counted to ten thousand at most."""
    number = number_format(min(count, COUNTED_TO), 0, force_grouping=True)
    return f"{number}+" if count > COUNTED_TO else number


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
