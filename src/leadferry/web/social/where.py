""" "Where is lead X?": one page per integration, by LinkedIn id, email or time."""

import re
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from leadferry.ingest import whereabouts
from leadferry.ingest.whereabouts import Whereabouts
from leadferry.integrations.models import Integration
from leadferry.kit import clock
from leadferry.sync.models import Polling
from leadferry.sync.polling import door_works
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social.found import integration_or_404

_ID = re.compile(r"[\w:-]{1,250}")
_DEFAULT_SPAN = timedelta(hours=24)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def where_is(request: HttpRequest, integration_id: int) -> HttpResponse:
    """Every notice and response found, with its outcome and the next step."""
    integration = integration_or_404(integration_id)
    # An email address is posted: addresses of pages end up in logs.
    asked = request.POST if request.method == "POST" else request.GET
    typed = asked.get("what", "").strip()[:300]
    since, until = request.GET.get("since", ""), request.GET.get("until", "")
    now = clock.now().astimezone(timezone.get_current_timezone())
    polling = Polling.objects.filter(integration=integration).first()
    missed_at = polling.missed_at if polling is not None else None
    context: dict[str, object] = {
        "integration": integration,
        "what": typed,
        "since": since or (now - _DEFAULT_SPAN).strftime("%Y-%m-%dT%H:%M"),
        "until": until or now.strftime("%Y-%m-%dT%H:%M"),
        "by_time": bool(since or until),
        "most": whereabouts.MOST,
        "polling": polling,
        "door_works": door_works(integration, missed_at=missed_at),
        "section": "system",
    }
    if typed or since or until:
        found, context["problem"] = _look(integration, typed, since, until)
        context["found"] = found
    return render(request, "web/social/where.html", context)


def _look(
    integration: Integration, typed: str, since: str, until: str
) -> tuple[list[Whereabouts], str]:
    if "@" in typed:
        return whereabouts.by_email(integration, typed), ""
    if typed:
        if not _ID.fullmatch(typed):
            return [], _("This is neither a LinkedIn lead id nor an email address.")
        return whereabouts.by_id(integration, typed), ""
    start, end = _moment(since), _moment(until)
    if start is None or end is None:
        return [], _("Both times are needed.")
    if start > end:
        return [], _("The first time comes after the last.")
    # The minute that was typed is meant whole.
    return whereabouts.by_time(integration, start=start, end=end + 59_999), ""


def _moment(typed: str) -> int | None:
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = timezone.make_aware(moment)
    return int(moment.timestamp() * 1000)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def ask_for(request: HttpRequest, integration_id: int) -> HttpResponse:
    """LinkedIn is asked for a response of which no notice came."""
    integration = integration_or_404(integration_id)
    response_id = request.POST.get("what", "").strip()
    if not _ID.fullmatch(response_id):
        raise Http404
    whereabouts.ask_for(integration, response_id)
    messages.success(request, _("LinkedIn is asked for it; look again in a moment."))
    address = reverse("where", kwargs={"integration_id": integration.pk})
    return redirect(f"{address}?{urlencode({'what': response_id})}")
