"""Roles and what they open."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import Group
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts import services
from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.web.access import MANAGE_USERS, requires
from leadferry.web.system.forms import RoleForm


@requires(MANAGE_USERS)
@require_safe
def role_list(request: HttpRequest) -> HttpResponse:
    """Every role with how many people it has."""
    roles = Group.objects.annotate(people=Count("user")).order_by("name")
    context = {"roles": list(roles), "section": "system"}
    return render(request, "web/system/roles.html", context)


def _role(role_id: int) -> Group:
    role = Group.objects.filter(pk=role_id).first()
    if role is None:
        raise Http404
    return role


@requires(MANAGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def role_page(request: HttpRequest, role_id: int | None = None) -> HttpResponse:
    """A role, or a new one."""
    role = _role(role_id) if role_id is not None else None
    form = RoleForm(request.POST or None, role=role)
    if request.method == "POST" and form.is_valid():
        try:
            kept = services.save_role(
                role,
                name=form.cleaned_data["name"],
                permissions=form.cleaned_data["permissions"],
                by=cast("User", request.user),
            )
        except RejectedError as exc:
            form.add_error("name", str(exc))
        else:
            messages.success(request, _("The role is applied."))
            return redirect("role", role_id=kept.pk)
    people = User.objects.filter(groups=role).order_by("username") if role else None
    context = {
        "form": form,
        "role": _role(role.pk) if role else None,
        "people": list(people[:100]) if people is not None else [],
        "section": "system",
    }
    status = 422 if form.errors else 200
    return render(request, "web/system/role.html", context, status=status)


@requires(MANAGE_USERS)
@require_POST
def delete_role(request: HttpRequest, role_id: int) -> HttpResponse:
    """A role goes, after a question that names what its people lose."""
    role = _role(role_id)
    if "confirmed" not in request.POST:
        context = {
            "role": role,
            "people": User.objects.filter(groups=role).count(),
            "section": "system",
        }
        return render(request, "web/system/role_delete.html", context)
    try:
        services.delete_role(role, by=cast("User", request.user))
    except RejectedError as exc:
        messages.error(request, str(exc))
        return redirect("role", role_id=role_id)
    messages.success(request, _("The role is deleted."))
    return redirect("roles")
