"""Who may open which page: each view says it, and a test walks them all."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]
PUBLIC = "public"
SIGNED_IN = "signed in"
MANAGE_INTEGRATIONS = "integrations.manage_integrations"
MANAGE_SETTINGS = "accounts.manage_settings"
MANAGE_USERS = "accounts.manage_users"


def _declare(view: View, access: str) -> View:
    vars(view)["access"] = access
    return view


def access_of(view: Callable[..., Any]) -> str | None:
    """What a view declares: PUBLIC, SIGNED_IN, a permission, or nothing."""
    return getattr(view, "access", None)


def public(view: View) -> View:
    """Everybody may open it."""

    @wraps(view)
    def open_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    return _declare(open_view, PUBLIC)


def signed_in(view: View) -> View:
    """Every person of this instance may open it."""
    return _declare(login_required(view), SIGNED_IN)


def requires(permission: str) -> Callable[[View], View]:
    """Only holders of the permission may open it; others see why they cannot."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        return _declare(login_required(guarded), permission)

    return decorate
