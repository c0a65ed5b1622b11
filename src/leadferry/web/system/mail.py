"""The SMTP server, and a test of it."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from leadferry.accounts import mail
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import Mail, User
from leadferry.accounts.tasks import mail_test_topic, send_test_mail
from leadferry.jobs import inquiries
from leadferry.web.access import MANAGE_SETTINGS, requires
from leadferry.web.fields import dress
from leadferry.web.system.forms import MailForm


@requires(MANAGE_SETTINGS)
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def mail_settings(request: HttpRequest) -> HttpResponse:
    """Which server sends, and as whom."""
    read = system_settings.read
    user = cast("User", request.user)
    initial = {
        "host": read(system_settings.SMTP_HOST),
        "port": read(system_settings.SMTP_PORT),
        "security": read(system_settings.SMTP_SECURITY),
        "user": read(system_settings.SMTP_USER),
        "sender": read(system_settings.SMTP_FROM),
    }
    form = MailForm(request.POST.dict() if request.POST else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        mail.configure(form.values(), by=user)
        messages.success(request, _("The settings are applied."))
        return redirect("mail-settings")
    dress(form)
    waiting = Mail.objects.filter(given_up=False)
    context = {
        "form": form,
        "is_set_up": mail.is_set_up(),
        "test": inquiries.find(mail_test_topic(user.pk)),
        "waiting": waiting.count(),
        "failing": waiting.exclude(problem="").order_by("-pk").first(),
        "given_up": Mail.objects.filter(given_up=True).count(),
        "section": "system",
    }
    status = 422 if form.errors else 200
    return render(request, "web/system/mail.html", context, status=status)


@requires(MANAGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def mail_test(request: HttpRequest) -> HttpResponse:
    """A test goes to the person who presses; a look shows what came of it."""
    user = cast("User", request.user)
    topic = mail_test_topic(user.pk)
    if request.method == "POST":
        inquiries.ask(topic, send_test_mail, user.pk)
        return redirect("mail-settings")
    inquiry = inquiries.find(topic)
    if inquiries.is_waiting(inquiry):
        return HttpResponse(status=204)
    return render(request, "web/system/_mail_test.html", {"test": inquiry})
