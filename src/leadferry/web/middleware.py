"""What holds for every page: a password of one's own, the instance's time zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from leadferry.accounts import settings as system_settings

GetResponse = Callable[[HttpRequest], HttpResponse]


class PasswordChangeMiddleware:
    """Leads whoever still has a password of the terminal to the page to change it."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One request."""
        user = request.user
        if getattr(user, "must_change_password", False):
            allowed = {reverse("change-password"), reverse("sign-out"), reverse("ping")}
            if request.path not in allowed:
                return redirect("change-password")
        return self._get_response(request)


class TimeZoneMiddleware:
    """Shows times in the zone of setting "Time zone"."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One request."""
        if not request.user.is_authenticated:
            return self._get_response(request)
        zone = ZoneInfo(system_settings.read(system_settings.TIME_ZONE))
        with timezone.override(zone):
            return self._get_response(request)
