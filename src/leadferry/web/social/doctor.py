"""How an integration stands with LinkedIn, and what the page's administrator sees."""

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts.models import User
from leadferry.ingest import queries as ingest
from leadferry.ingest.tasks import examine
from leadferry.integrations import doctor, remedies
from leadferry.integrations.checks import Check
from leadferry.integrations.models import Finding, Integration
from leadferry.integrations.remedies import Said
from leadferry.jobs import inquiries
from leadferry.web.access import MANAGE_INTEGRATIONS, public, requires
from leadferry.web.problems import problem
from leadferry.web.social.found import integration_or_404


@dataclass(frozen=True, kw_only=True)
class Row:
    """A finding in words, with the page of ours that mends it."""

    finding: Finding
    said: Said
    href: str = ""
    caption: str = ""


def _row(finding: Finding) -> Row:
    said = remedies.say_of(finding)
    href, caption = page_of(said.page, finding.integration_id)
    return Row(finding=finding, said=said, href=href, caption=caption)


def page_of(name: str, integration_id: int) -> tuple[str, str]:
    """The address and caption of the page of ours that a remedy names."""
    if name == "settings":
        return reverse("social-settings"), _("Open Settings")
    if name == "wizard":
        return reverse("wizard"), _("Connect a user")
    if name == "integration":
        address = reverse("integration", kwargs={"integration_id": integration_id})
        return address, _("Open the integration")
    if name == "doctor":
        address = reverse("doctor", kwargs={"integration_id": integration_id})
        return address, _("Open the doctor")
    return "", ""


@requires(MANAGE_INTEGRATIONS)
@require_safe
def doctor_page(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Each check with its state, since when, who mends it and where."""
    return _page(request, integration_or_404(integration_id))


def _page(
    request: HttpRequest, integration: Integration, link: str = ""
) -> HttpResponse:
    rows = [_row(finding) for finding in doctor.findings_of(integration)]
    states = [row.finding.state for row in rows]
    context = {
        "integration": integration,
        "rows": rows,
        "broken": states.count(Finding.State.BROKEN),
        "warns": states.count(Finding.State.WARNS),
        "unknown": states.count(Finding.State.UNKNOWN),
        "looked_at": max((row.finding.looked_at for row in rows), default=None),
        "past": [_row(finding) for finding in doctor.past_of(integration)],
        "inquiry": inquiries.find(doctor.topic(integration.pk)),
        "last_challenge": ingest.last_challenge(),
        "links": doctor.links_of(integration),
        "made_link": link,
        "section": "system",
    }
    return render(request, "web/social/doctor.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def check_now(request: HttpRequest, integration_id: int) -> HttpResponse:
    """A worker makes the checks; a look asks whether it has."""
    integration = integration_or_404(integration_id)
    topic = doctor.topic(integration.pk)
    if request.method == "POST":
        inquiries.ask(topic, examine, integration.pk)
        return redirect("doctor", integration_id=integration.pk)
    answer = HttpResponse(status=204)
    if not inquiries.is_waiting(inquiries.find(topic)):
        answer["HX-Refresh"] = "true"
    return answer


@requires(MANAGE_INTEGRATIONS)
@never_cache
@require_POST
def make_link(request: HttpRequest, integration_id: int) -> HttpResponse:
    """A link for the administrator of the page; it is shown this once."""
    integration = integration_or_404(integration_id)
    made = doctor.make_link(integration, by=cast("User", request.user))
    address = reverse("shown-to-page", kwargs={"token": made.token})
    return _page(request, integration, request.build_absolute_uri(address))


@requires(MANAGE_INTEGRATIONS)
@require_POST
def withdraw_link(
    request: HttpRequest, integration_id: int, link_id: int
) -> HttpResponse:
    """The link opens nothing from now on."""
    integration = integration_or_404(integration_id)
    if doctor.withdraw_link(integration, link_id, by=cast("User", request.user)):
        messages.success(request, _("The link is withdrawn."))
    return redirect("doctor", integration_id=integration.pk)


# Public: the administrator of a company page has no user here. The token opens three
# checks of one integration for a week.
@public
@never_cache
@require_safe
def shown_to_page(request: HttpRequest, token: str) -> HttpResponse:
    """What the administrator of the page mends, without anything else."""
    integration = doctor.opened_by(token)
    if integration is None:
        return _quiet(
            problem(
                request,
                status=404,
                title=_("This link opens nothing any more"),
                text=_(
                    "It ended after seven days, or was withdrawn. Ask whoever sent it "
                    "for a new one."
                ),
                steps=[{"caption": _("You can close this page.")}],
            )
        )
    findings = {row.check_name: row for row in doctor.findings_of(integration)}
    rows = [
        (findings[check], remedies.say_of(findings[check]))
        for check in remedies.OF_THE_PAGE
        if check in findings
    ]
    page = findings.get(Check.PAGE)
    context = {
        "account": integration.ad_account,
        "page_number": page.detail if page and page.reason == "present" else "",
        "rows": rows,
        "needs_you": any(row.state == Finding.State.BROKEN for row, _said in rows),
    }
    return _quiet(render(request, "web/social/shown_to_page.html", context))


def _quiet(answer: HttpResponse) -> HttpResponse:
    # The address opens the page: it goes into no index and to no other site.
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
