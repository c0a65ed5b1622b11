"""The catalogue of Lead columns."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from leadferry.accounts.models import User
from leadferry.integrations import mappings
from leadferry.integrations import queries as integrations
from leadferry.kit.errors import RejectedError
from leadferry.kit.text import comparable
from leadferry.leads import column_services as services
from leadferry.leads.columns import catalogue
from leadferry.leads.models import LeadColumn
from leadferry.web.access import MANAGE_SETTINGS, requires
from leadferry.web.system.forms import ColumnForm


@requires(MANAGE_SETTINGS)
@require_safe
def column_list(request: HttpRequest) -> HttpResponse:
    """Every column with its code and type, found by what is typed."""
    typed = request.GET.get("search", "")[:100]
    words = comparable(typed).split()
    shown = [
        column
        for column in catalogue().values()
        if all(word in comparable(f"{column.caption} {column.code}") for word in words)
    ]
    context = {"columns": shown, "typed": typed, "section": "system"}
    return render(request, "web/system/columns.html", context)


@requires(MANAGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_column(request: HttpRequest) -> HttpResponse:
    """A column of one's own; it can be mapped at once."""
    form = ColumnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_column(form.column(), by=cast("User", request.user))
        except RejectedError as exc:
            form.add_error("code", str(exc))
        else:
            messages.success(request, _("The column is added and can be mapped."))
            return redirect("lead-columns")
    context = {"form": form, "section": "system"}
    status = 422 if form.errors else 200
    return render(request, "web/system/column_new.html", context, status=status)


@requires(MANAGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def column_page(request: HttpRequest, code: str) -> HttpResponse:
    """A column that was added: its caption, where it is mapped, the way out."""
    column = LeadColumn.objects.filter(code=code).first()
    if column is None:
        raise Http404
    if request.method == "POST":
        by = cast("User", request.user)
        if "retire" in request.POST:
            try:
                mappings.retire_column(column, by=by)
            except RejectedError as exc:
                messages.error(request, str(exc))
                return redirect("lead-column", code=code)
            messages.success(request, _("The column is retired."))
        elif "restore" in request.POST:
            services.restore_column(column, by=by)
            messages.success(request, _("The column is offered again."))
        else:
            caption = " ".join(request.POST.get("caption", "").split())[:250]
            services.rename_column(column, caption=caption, by=by)
            messages.success(request, _("The column is applied."))
        return redirect("lead-columns")
    context = {
        "column": catalogue()[code],
        "used": integrations.mappings_in_force_naming(code),
        "section": "system",
    }
    return render(request, "web/system/column.html", context)
