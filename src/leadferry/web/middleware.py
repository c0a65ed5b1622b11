"""What holds for every page: a password, a language and a time zone of one's own."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

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


class ProfileMiddleware:
    """Language and time zone of the person, else those of the instance."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One request."""
        if not request.user.is_authenticated:
            return self._get_response(request)
        named = request.user.time_zone or system_settings.read(
            system_settings.TIME_ZONE
        )
        language = request.user.language or translation.get_language()
        with timezone.override(_zone(named)), translation.override(language):
            answer = self._get_response(request)
            answer.headers.setdefault("Content-Language", language)
            return answer


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # A zone that this machine does not know any more.
        return ZoneInfo("UTC")
