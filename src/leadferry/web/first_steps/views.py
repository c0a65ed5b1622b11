"""The guide from a fresh instance to the first test lead."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from leadferry.ingest.journey import journey_since
from leadferry.integrations import local_linkedin
from leadferry.integrations import queries as integrations
from leadferry.integrations.tasks import submit_test_lead
from leadferry.jobs import inquiries
from leadferry.kit import clock
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.first_steps.steps import first_steps as all_steps

_LONGEST = 2**53


@requires(MANAGE_INTEGRATIONS)
@require_safe
def first_steps(request: HttpRequest) -> HttpResponse:
    """Each step with what was seen of it; the first that is open stands out."""
    context = {
        **_steps(),
        "forms": integrations.forms_to_try(),
        "is_local": local_linkedin.is_used(),
        "local_url": settings.LINKEDIN_API,
        **_way(request),
        "section": "system",
    }
    return render(request, "web/first_steps/guide.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def test_lead(request: HttpRequest) -> HttpResponse:
    """Submit one at the local LinkedIn, or watch for the one that the person sends."""
    since = clock.now_ms()
    form = request.POST.get("form", "")
    if local_linkedin.is_used() and form.isdigit() and int(form) < _LONGEST**2:
        inquiries.ask(local_linkedin.TOPIC, submit_test_lead, int(form))
    return redirect(f"{reverse('first-steps')}?since={since}#test-lead")


@requires(MANAGE_INTEGRATIONS)
@require_safe
def way(request: HttpRequest) -> HttpResponse:
    """The stages of the test lead, asked again and again until it is there."""
    context = _way(request)
    if context.get("waits"):
        return render(request, "web/first_steps/_way.html", context)
    return render(request, "web/first_steps/_arrived.html", {**context, **_steps()})


def _steps() -> dict[str, object]:
    steps = all_steps()
    opened = [number for number, step in enumerate(steps) if not step.is_done]
    return {"steps": steps, "next_step": opened[0] if opened else None}


def _way(request: HttpRequest) -> dict[str, object]:
    text = request.GET.get("since", "")
    since = int(text) if text.isdecimal() and len(text) < 15 else None
    if since is None:
        return {"since": None}
    asked = inquiries.find(local_linkedin.TOPIC)
    journey = journey_since(since)
    return {
        "since": since,
        "journey": journey,
        "waits": not journey.is_over and not (asked and asked.problem),
        "refused": asked.problem if asked and local_linkedin.is_used() else "",
        "is_local": local_linkedin.is_used(),
    }
