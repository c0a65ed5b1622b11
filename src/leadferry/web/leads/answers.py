"""Answers that are no value of their column: settled once, for every lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.leads import queries, value_tables
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.models import AnswerText
from leadferry.leads.value_suggestions import Suggestion, ValueSuggestions
from leadferry.mapping.fields import ColumnType
from leadferry.web.access import MANAGE_INTEGRATIONS, requires
from leadferry.web.leads.forms import AnswerFilterForm, NewAnswerForm
from leadferry.web.social import pickers
from leadferry.web.social.editor import constant_words

PAGE_SIZE = 50
MOST_LEADS = 50


@dataclass(frozen=True, kw_only=True)
class ShownAnswer:
    """An answer with its column, and what it was settled to or may mean."""

    answer: AnswerText
    column: CatalogueColumn
    value: str
    suggestions: list[Suggestion]


@requires(MANAGE_INTEGRATIONS)
@require_safe
def answer_list(request: HttpRequest) -> HttpResponse:
    """What waits, most leads first; or what was settled."""
    form = AnswerFilterForm(request.GET.dict())
    form.is_valid()  # a column that does not exist narrows nothing
    column = form.cleaned_data.get("column") or ""
    settled = request.GET.get("show") == "settled"
    page = Paginator(queries.answers(settled=settled, column=column), PAGE_SIZE)
    shown = page.get_page(request.GET.get("page"))
    context = {
        "filter_form": form,
        "settled": settled,
        "page": shown,
        "rows": _shown(list(shown.object_list)),
        "waiting": queries.answers(settled=False, column=column).count(),
        "column": column,
        "section": "answers",
    }
    return render(request, "web/leads/answers.html", context)


def _shown(answers: Sequence[AnswerText]) -> list[ShownAnswer]:
    columns = catalogue()
    suggestions = ValueSuggestions()
    words = value_words(answers, columns)
    return [
        ShownAnswer(
            answer=answer,
            column=columns[answer.column],
            value=words.get(answer.pk, ""),
            suggestions=[] if answer.value else suggestions.of(answer, most=1),
        )
        for answer in answers
        if answer.column in columns
    ]


def value_words(
    answers: Sequence[AnswerText], columns: Mapping[str, CatalogueColumn]
) -> dict[int, str]:
    """What each settled answer was settled to, as a person reads it."""
    names = queries.names_of_settled(answers)
    return {
        answer.pk: constant_words(answer.value, columns.get(answer.column), names)
        for answer in answers
        if answer.value
    }


@requires(MANAGE_INTEGRATIONS)
@require_POST
def settle_suggested(request: HttpRequest) -> HttpResponse:
    """The ticked answers take the values that were suggested for them."""
    by = cast("User", request.user)
    done = 0
    for pair in request.POST.getlist("settle")[:PAGE_SIZE]:
        answer_id, _colon, value = pair.partition(":")
        chosen = int(answer_id) if answer_id.isdecimal() else 0
        answer = AnswerText.objects.filter(pk=chosen).first()
        if answer is None:
            # It went with its last lead meanwhile.
            continue
        try:
            value_tables.settle(answer, value=value, by=by)
        except RejectedError as exc:
            messages.error(request, f"“{answer.text}”: {exc}")
        else:
            done += 1
    if done:
        messages.success(request, _settled_words(done))
    elif not request.POST.getlist("settle"):
        messages.error(request, _("Nothing was ticked."))
    return redirect("answers")


def _settled_words(count: int) -> str:
    return ngettext(
        "%(count)s answer is settled; its leads follow within seconds.",
        "%(count)s answers are settled; their leads follow within seconds.",
        count,
    ) % {"count": count}


def _found(answer_id: int) -> AnswerText:
    answer = AnswerText.objects.select_related("by").filter(pk=answer_id).first()
    if answer is None or answer.column not in catalogue():
        raise Http404
    return answer


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def answer_page(request: HttpRequest, answer_id: int) -> HttpResponse:
    """One answer: who gave it, what it may mean, what it was settled to."""
    answer = _found(answer_id)
    column = catalogue()[answer.column]
    form = None
    if request.method == "POST":
        made = _settle(request, answer, column)
        if isinstance(made, HttpResponse):
            return made
        form = made
    elif takes_text(column):
        form = pickers.TextValueForm(None, column=column, held=answer.value)
    words = value_words([answer], {answer.column: column})
    given = queries.answered_leads(answer)
    context = {
        "answer": answer,
        "column": column,
        "value": words.get(answer.pk, ""),
        "suggestions": ValueSuggestions().of(answer),
        "form": form,
        "offered": pickers.values_to_choose(column) if column.lookup else None,
        "leads": given[:MOST_LEADS],
        "more_leads": max(0, answer.leads - MOST_LEADS),
        "progress": queries.progress_of(answer),
        "section": "answers",
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "web/leads/answer.html", context, status=status)


def takes_text(column: CatalogueColumn) -> bool:
    """Whether a value of the column is typed, not chosen from a list."""
    return column.type not in {ColumnType.LOOKUP, ColumnType.BOOLEAN}


def _settle(
    request: HttpRequest, answer: AnswerText, column: CatalogueColumn
) -> HttpResponse | pickers.TextValueForm:
    """Settle or take back; a form where what was typed does not fit."""
    by = cast("User", request.user)
    try:
        if "take_back" in request.POST:
            value_tables.take_back(answer, by=by)
            messages.success(
                request, _("It is taken back; its leads follow within seconds.")
            )
            return redirect("answers")
        value = request.POST.get("value", "")
        if column.lookup:
            value = pickers.lookup_value(column, value, by=by)
        elif takes_text(column) and "suggested" not in request.POST:
            form = pickers.TextValueForm(request.POST.dict(), column=column, held="")
            if not form.is_valid():
                return form
            value = form.cleaned_data["value"]
        value_tables.settle(answer, value=value, by=by)
    except RejectedError as exc:
        messages.error(request, str(exc))
        return redirect("answer", answer_id=answer.pk)
    messages.success(request, _settled_words(1))
    return redirect("answers")


@requires(MANAGE_INTEGRATIONS)
@require_safe
def answer_progress(request: HttpRequest, answer_id: int) -> HttpResponse:
    """How many of the leads hold what was settled."""
    answer = _found(answer_id)
    context = {"answer": answer, "progress": queries.progress_of(answer)}
    return render(request, "web/leads/_answer_progress.html", context)


@requires(MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_answer(request: HttpRequest) -> HttpResponse:
    """An answer that people are going to give, put into the table before."""
    form = NewAnswerForm(
        request.POST or None, initial={"column": request.GET.get("column", "")}
    )
    if request.method == "POST" and form.is_valid():
        try:
            answer = value_tables.await_answer(
                column=form.cleaned_data["column"], text=form.cleaned_data["text"]
            )
        except RejectedError as exc:
            form.add_error("text", str(exc))
        else:
            return redirect("answer", answer_id=answer.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "section": "answers"}
    return render(request, "web/leads/new_answer.html", context, status=status)
