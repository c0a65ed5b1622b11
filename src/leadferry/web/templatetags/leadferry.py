"""Small parts of pages."""

from functools import lru_cache
from pathlib import Path

from django import template
from django.template import RequestContext
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_ICONS = Path(__file__).parent.parent / "static" / "vendor" / "icons"


@register.simple_tag
@lru_cache(maxsize=200)
def icon(name: str) -> SafeString:
    """One of Tabler's icons, for the eye only: text beside it says the same."""
    drawing = (_ICONS / f"{name}.svg").read_text(encoding="utf-8")
    drawing = drawing[drawing.index("<svg") :]
    # Our own files, not anybody's input.
    return mark_safe(  # noqa: S308
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
