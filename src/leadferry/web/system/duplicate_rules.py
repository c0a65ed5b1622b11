"""Duplicate rules: what makes two leads similar, tried before it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.leads import duplicate_queries as queries
from leadferry.leads import duplicate_runs as runs
from leadferry.leads import duplicate_services as services
from leadferry.leads.duplicate_models import DuplicateRule
from leadferry.leads.matching.rules import FUZZY, Kind
from leadferry.leads.similar_queries import KIND_WORDS
from leadferry.web.access import MANAGE_SETTINGS, requires
from leadferry.web.fields import dress

_SAME = [("", gettext_lazy("does not matter")), ("same", gettext_lazy("is the same"))]
_ALIKE = [*_SAME, ("alike", gettext_lazy("is similar"))]


def _input(kind: str) -> str:
    return f"column_{kind}"


class RuleForm(forms.Form):
    """Columns that are the same or similar, how sure that is, and when it counts."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=250)
    certainty = forms.IntegerField(
        label=gettext_lazy("How sure it is, in %"),
        min_value=1,
        max_value=99,
        help_text=gettext_lazy(
            "When all of it is the same. Similar names lower it; several rules "
            "together raise it."
        ),
    )
    for_new = forms.BooleanField(
        label=gettext_lazy("For new leads: mark them and show “Similar leads”"),
        required=False,
    )
    for_search = forms.BooleanField(
        label=gettext_lazy("For “Find and merge duplicates”"), required=False
    )

    def __init__(
        self, data: Mapping[str, str] | None, *, initial: dict[str, object]
    ) -> None:
        super().__init__(data, initial=initial)
        for kind in Kind:
            self.fields[_input(kind)] = forms.ChoiceField(
                label=KIND_WORDS[kind],
                required=False,
                choices=_ALIKE if kind in FUZZY else _SAME,
            )
        dress(self)

    def columns(self) -> list[forms.BoundField]:
        """The inputs of the columns."""
        return [self[_input(kind)] for kind in Kind]

    def draft(self) -> services.Draft:
        """What was chosen."""
        given = self.cleaned_data
        columns = [[kind.value, given[_input(kind)]] for kind in Kind]
        return services.Draft(
            name=given["name"],
            conditions=[one for one in columns if one[1]],
            certainty=given["certainty"],
            for_new=given["for_new"],
            for_search=given["for_search"],
        )


@requires(MANAGE_SETTINGS)
@require_safe
def rule_list(request: HttpRequest) -> HttpResponse:
    """Every rule with what it compares and when it counts."""
    context = {
        "rules": queries.shown_rules(),
        "building": queries.building(),
        "section": "system",
    }
    return render(request, "web/system/duplicate_rules.html", context)


def _found(rule_id: int) -> DuplicateRule:
    rule = DuplicateRule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise Http404
    return rule


@requires(MANAGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: HttpRequest) -> HttpResponse:
    """A rule of one's own; it may be tried before it counts."""
    form = RuleForm(
        request.POST.dict() if request.method == "POST" else None,
        initial={"certainty": 80},
    )
    if request.method == "POST" and form.is_valid():
        try:
            by = cast("User", request.user)
            rule = services.add_rule(form.draft(), by=by)
        except RejectedError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("The rule is added."))
            return redirect("duplicate-rule", rule_id=rule.pk)
    context = {"form": form, "section": "system"}
    status = 422 if form.errors else 200
    return render(request, "web/system/duplicate_rule.html", context, status=status)


@requires(MANAGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_page(request: HttpRequest, rule_id: int) -> HttpResponse:
    """What it compares, when it counts, and what it finds in the leads there are."""
    rule = _found(rule_id)
    form = RuleForm(
        request.POST.dict() if request.method == "POST" else None,
        initial={
            "name": rule.name,
            "certainty": rule.certainty,
            "for_new": rule.for_new,
            "for_search": rule.for_search,
            **{_input(kind): how for kind, how in rule.conditions},
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            by = cast("User", request.user)
            services.change_rule(rule, form.draft(), by=by)
        except RejectedError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("The rule is applied."))
            return redirect("duplicate-rule", rule_id=rule.pk)
    context = {
        "rule": rule,
        "form": form,
        "building": queries.building(),
        "trial": queries.last_trial(rule),
        "section": "system",
    }
    status = 422 if form.errors else 200
    return render(request, "web/system/duplicate_rule.html", context, status=status)


@requires(MANAGE_SETTINGS)
@require_POST
def delete_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """A rule of one's own goes; what was merged by it stays merged."""
    try:
        services.delete_rule(_found(rule_id), by=cast("User", request.user))
    except RejectedError as exc:
        messages.error(request, str(exc))
        return redirect("duplicate-rule", rule_id=rule_id)
    messages.success(request, _("The rule is deleted."))
    return redirect("duplicate-rules")


@requires(MANAGE_SETTINGS)
@require_POST
def try_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Look in the background for what the rule would find; nothing is marked."""
    run = runs.try_rule(_found(rule_id), by=cast("User", request.user))
    return redirect("duplicate-run", run_id=run.pk)
