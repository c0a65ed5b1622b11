"""The pages to which LinkedIn sends a member back."""

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leadferry.integrations.models import SignIn
from leadferry.integrations.sign_in import (
    LateReturn,
    RepeatedReturn,
    UnknownReturn,
    come_back,
)
from leadferry.integrations.tasks import finish_sign_in
from leadferry.jobs import inquiries
from leadferry.jobs.services import kick
from leadferry.kit import clock
from leadferry.web.access import public
from leadferry.web.linkedin.faults import next_steps, title_of
from leadferry.web.problems import problem

_SALT = "linkedin-sign-in"
_SHOWN_SECONDS = 24 * 3600


# Public: LinkedIn brings the person here from another site, and `state` proves that
# this instance sent them.
@public
@never_cache
@require_safe
def came_back(request: HttpRequest) -> HttpResponse:
    """Takes what LinkedIn sent, and leads on to an address without it."""
    try:
        back = come_back(
            state=request.GET.get("state", ""),
            code=request.GET.get("code", ""),
            error=request.GET.get("error", ""),
            description=request.GET.get("error_description", ""),
        )
    except (UnknownReturn, RepeatedReturn, LateReturn) as exc:
        return problem(
            request,
            status=401,
            title=title_of(exc),
            text=str(exc),
            steps=next_steps(request, None),
        )
    if back.finished_at is None:
        kick(finish_sign_in, back.pk, key=f"sign-in-{back.pk}")
    token = signing.dumps(back.pk, salt=_SALT)
    return _beside_its_opener(redirect("linkedin-sign-in", token=token))


def _beside_its_opener(answer: HttpResponse) -> HttpResponse:
    # Else the window would be cut off from the page that opened it.
    answer["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return answer


@public
@never_cache
@require_safe
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Waits for the worker, then says who is connected, or why nobody is."""
    try:
        number = signing.loads(token, salt=_SALT, max_age=_SHOWN_SECONDS)
    except signing.BadSignature as exc:
        raise Http404 from exc
    found = SignIn.objects.select_related("user", "expected").filter(pk=number).first()
    if found is None:
        raise Http404
    if found.finished_at is None:
        return _waiting(request, found)
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    context = {"sign_in": found, "title": title_of(found)}
    context["steps"] = next_steps(request, found)
    status = 200 if found.user else 422
    answer = render(request, "web/linkedin/came_back.html", context, status=status)
    return _beside_its_opener(answer)


def _waiting(request: HttpRequest, found: SignIn) -> HttpResponse:
    began = found.returned_at or found.started_at
    is_overdue = clock.now() - began > inquiries.PATIENCE
    if request.headers.get("HX-Request") and not is_overdue:
        return HttpResponse(status=204)
    template = "_waiting.html" if request.headers.get("HX-Request") else "waiting.html"
    context = {"is_overdue": is_overdue}
    answer = render(request, f"web/linkedin/{template}", context)
    return _beside_its_opener(answer)
