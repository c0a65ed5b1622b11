"""Destinations: made, set up, looked after, deleted."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts.models import User
from leadferry.destinations import earlier, examination, queries, registry, services
from leadferry.destinations.kinds import Kind
from leadferry.destinations.models import Destination
from leadferry.destinations.tasks import (
    kick_delivery,
    remove_deleted,
    send_earlier_leads,
    test_connection,
)
from leadferry.jobs import inquiries
from leadferry.jobs.services import kick
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.social.destination_form import DestinationForm


def listed() -> list[dict[str, object]]:
    """The destinations as "Settings" lists them."""
    return [
        {"destination": one, "kind": registry.KINDS.get(one.kind), "counts": counts}
        for one in queries.destinations()
        for counts in [queries.counts_of(one)]
    ]


def destination_or_404(destination_id: int) -> Destination:
    """The destination; raises Http404."""
    destination = queries.find_destination(destination_id)
    if destination is None:
        raise Http404
    return destination


@requires(MANAGE_INTEGRATIONS)
@require_safe
def choose_kind(request: HttpRequest) -> HttpResponse:
    """Which kind of destination it is to be."""
    context = {"kinds": registry.KINDS.values(), "section": "system"}
    return render(request, "web/social/destination_kinds.html", context)


@requires(MANAGE_INTEGRATIONS)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """The set-up of a new destination; its connection is tested at once."""
    known = registry.KINDS.get(kind)
    if known is None:
        raise Http404
    form = DestinationForm(
        request.POST if request.method == "POST" else None, kind=known, destination=None
    )
    if request.method == "POST" and form.is_valid():
        destination = services.create(
            kind, form.wanted(), by=cast("User", request.user)
        )
        _test(destination.pk)
        messages.success(
            request,
            _("%(name)s is set up: new leads go there from now on.")
            % {"name": destination.name},
        )
        return redirect("destination", destination_id=destination.pk)
    return _show_form(request, form, known, None)


@requires(MANAGE_INTEGRATIONS)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, destination_id: int) -> HttpResponse:
    """Another set-up of a destination."""
    destination = destination_or_404(destination_id)
    kind = registry.KINDS.get(destination.kind)
    if kind is None:
        raise Http404
    form = DestinationForm(
        request.POST if request.method == "POST" else None,
        kind=kind,
        destination=destination,
    )
    if request.method == "POST" and form.is_valid():
        services.change(destination.pk, form.wanted(), by=cast("User", request.user))
        _test(destination.pk)
        kick_delivery(destination.pk)
        messages.success(request, _("The changes are applied."))
        return redirect("destination", destination_id=destination.pk)
    return _show_form(request, form, kind, destination)


def _show_form(
    request: HttpRequest,
    form: DestinationForm,
    kind: Kind,
    destination: Destination | None,
) -> HttpResponse:
    context = {
        "form": form,
        "kind": kind,
        "destination": destination,
        "section": "system",
    }
    status = 422 if form.errors else 200
    return render(request, "web/social/destination_form.html", context, status=status)


@requires(MANAGE_INTEGRATIONS)
@require_safe
def page(request: HttpRequest, destination_id: int) -> HttpResponse:
    """One destination: how it does, what waits, what can be done."""
    destination = destination_or_404(destination_id)
    run = earlier.last_of(destination.pk)
    context = {
        "destination": destination,
        "kind": registry.KINDS.get(destination.kind),
        "since": clock.from_ms(destination.since),
        "counts": queries.counts_of(destination),
        "rate": queries.rate_of(destination),
        "again_at": clock.from_ms(destination.due_at) if destination.due_at else None,
        "run": run,
        "progress": earlier.progress_of(run) if run else None,
        "test": inquiries.find(examination.topic(destination.pk)),
        "section": "system",
    }
    only_state = request.headers.get("HX-Target") == "destination-state"
    template = "_destination_state.html" if only_state else "destination.html"
    answer = render(request, f"web/social/{template}", context)
    # The same address answers with a whole page or a part of it.
    answer["Vary"] = "HX-Target"
    return answer


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def test(request: HttpRequest, destination_id: int) -> HttpResponse:
    """A worker tests the connection; a look shows how far it is."""
    destination = destination_or_404(destination_id)
    if request.method == "POST":
        _test(destination.pk)
        return redirect("destination", destination_id=destination.pk)
    context = {
        "destination": destination,
        "test": inquiries.find(examination.topic(destination.pk)),
    }
    return render(request, "web/social/_destination_test.html", context)


def _test(destination_id: int) -> None:
    inquiries.ask(examination.topic(destination_id), test_connection, destination_id)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def switch(request: HttpRequest, destination_id: int) -> HttpResponse:
    """Stopped, or resumed."""
    destination = destination_or_404(destination_id)
    act = services.stop if request.POST.get("to") == "stop" else services.resume
    act(destination.pk, by=cast("User", request.user))
    kick_delivery(destination.pk)
    return redirect("destination", destination_id=destination.pk)


@requires(MANAGE_INTEGRATIONS)
@require_POST
def send_earlier(request: HttpRequest, destination_id: int) -> HttpResponse:
    """All earlier leads are sent, or no more of them."""
    destination = destination_or_404(destination_id)
    by = cast("User", request.user)
    if request.POST.get("to") == "cancel":
        earlier.cancel(destination.pk, by=by)
    else:
        try:
            earlier.start(destination.pk, by=by)
        except RejectedError as exc:
            messages.warning(request, str(exc))
        else:
            kick(send_earlier_leads, key="send-earlier-leads")
    return redirect("destination", destination_id=destination.pk)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, destination_id: int) -> HttpResponse:
    """A destination goes, after a question."""
    destination = destination_or_404(destination_id)
    if request.method == "POST":
        services.delete(destination.pk, by=cast("User", request.user))
        kick(remove_deleted, key="remove-deleted-destinations")
        messages.success(
            request, _("%(name)s is deleted.") % {"name": destination.name}
        )
        return redirect("social-settings")
    context = {
        "destination": destination,
        "counts": queries.counts_of(destination),
        "section": "system",
    }
    return render(request, "web/social/destination_delete.html", context)
