"""System Designer, the way in to everything that is set up."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leadferry.accounts.models import User
from leadferry.web.access import signed_in
from leadferry.web.system.tiles import tiles_for


@signed_in
@require_safe
def system_designer(request: HttpRequest) -> HttpResponse:
    """Tiles in blocks, found by what is typed."""
    typed = request.GET.get("search", "")[:100]
    blocks = tiles_for(cast("User", request.user), typed=typed)
    context = {"blocks": blocks, "typed": typed, "section": "system"}
    return render(request, "web/system/designer.html", context)
