"""Pages that say what went wrong, whose turn it is and what to press."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def problem(
    request: HttpRequest,
    *,
    status: int,
    title: str,
    text: str,
    steps: Sequence[object] = (),
) -> HttpResponse:
    """One sentence about a problem, on a page of its own, and what helps."""
    context = {"title": title, "text": text, "steps": steps}
    return render(request, "web/problem.html", context, status=status)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The person's roles do not open this page."""
    del exception
    return problem(
        request,
        status=403,
        title=_("This page is not open to you"),
        text=_(
            "Your roles do not include the right to see it. Ask an administrator of "
            "this instance to give you a role that does."
        ),
    )


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is nothing at this address."""
    del exception
    return problem(
        request,
        status=404,
        title=_("There is nothing here"),
        text=_(
            "The address is wrong, or what it showed was deleted or merged. "
            "Go back to the leads and search for it there."
        ),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of ours; nothing that might fail again is used to say so."""
    del request
    return HttpResponse(
        _(
            "Leadferry failed to make this page. No lead is lost by this. Try again; "
            "if it stays so, an administrator finds the reason in the log."
        ),
        status=500,
        content_type="text/plain; charset=utf-8",
    )
