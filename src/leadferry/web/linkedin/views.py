"""The page to which LinkedIn sends a member back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leadferry.integrations.connect import finish_sign_in
from leadferry.kit.errors import RejectedError
from leadferry.web.access import public
from leadferry.web.problems import problem


# Public: LinkedIn brings the person here from another site, and `state` proves that
# this instance sent them.
@public
@never_cache
@require_safe
def came_back(request: HttpRequest) -> HttpResponse:
    """The sign-in is finished, or the page says why not."""
    try:
        sign_in = finish_sign_in(
            state=request.GET.get("state", ""),
            code=request.GET.get("code", ""),
            error=request.GET.get("error", ""),
        )
    except RejectedError as exc:
        title = _("This return from LinkedIn was not expected")
        return problem(request, status=401, title=title, text=str(exc))
    status = 200 if sign_in.user else 422
    context = {"sign_in": sign_in}
    answer = render(request, "web/linkedin/came_back.html", context, status=status)
    # Else the window would be cut off from the page that opened it.
    answer["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return answer
