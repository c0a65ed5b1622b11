"""System settings by code."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.accounts.settings import Kind, Setting
from leadferry.kit.errors import RejectedError
from leadferry.kit.text import fold
from leadferry.web.access import MANAGE_SETTINGS, requires
from leadferry.web.system.forms import SettingForm


@requires(MANAGE_SETTINGS)
@require_safe
def setting_list(request: HttpRequest) -> HttpResponse:
    """Every setting with its code and value, found by what is typed."""
    typed = request.GET.get("search", "")[:100]
    words = fold(typed).split()
    shown = [
        (setting, _shown_value(setting))
        for setting in system_settings.CATALOGUE
        if setting.kind is not Kind.HIDDEN
        and all(word in fold(f"{setting.caption} {setting.code}") for word in words)
    ]
    context = {"rows": shown, "typed": typed, "section": "system"}
    return render(request, "web/system/settings.html", context)


def _shown_value(setting: Setting) -> str:
    value = system_settings.read(setting.code)
    if setting.code == system_settings.NOTIFICATION_ROLE:
        return _("set under social lead generation")
    if setting.kind is Kind.SECRET and value:
        return _("stored, never shown")
    return value


@requires(MANAGE_SETTINGS)
@sensitive_post_parameters("value")
@require_http_methods(["GET", "HEAD", "POST"])
def setting_page(request: HttpRequest, code: str) -> HttpResponse:
    """One value; those with a page of their own are changed there."""
    setting = system_settings.BY_CODE.get(code)
    if setting is None or setting.kind is Kind.HIDDEN:
        raise Http404
    if setting.kind is Kind.ELSEWHERE or code == system_settings.SMTP_PASSWORD:
        return redirect("mail-settings" if "Smtp" in code else "social-settings")
    form = SettingForm(request.POST.dict() if request.POST else None, setting=setting)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["value"]
        value = "" if typed is None else str(typed).strip()
        clears = "clear" in request.POST
        try:
            if value or clears or setting.kind is not Kind.SECRET:
                by = cast("User", request.user)
                system_settings.write(code, "" if clears else value, by=by)
        except RejectedError as exc:
            form.add_error("value", str(exc))
        else:
            messages.success(request, _("The setting is applied."))
            return redirect("system-settings")
    context = {
        "form": form, "setting": setting, "section": "system",
        "is_stored_secret": setting.kind is Kind.SECRET
        and bool(system_settings.read(code)),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "web/system/setting.html", context, status=status)
