"""The list of leads, and one lead."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from leadferry.destinations.queries import deliveries_of
from leadferry.ingest import queries as ingest
from leadferry.ingest.journey import way_of
from leadferry.ingest.lineage import lineage_of
from leadferry.ingest.retention import purged_of
from leadferry.kit import clock
from leadferry.leads import queries, search
from leadferry.leads.columns import catalogue
from leadferry.leads.queries import LeadFilter
from leadferry.leads.similar_queries import merge_of, merged_into, similar_leads
from leadferry.sync.periods import Period
from leadferry.sync.services import time_zone
from leadferry.web.access import requires
from leadferry.web.leads.forms import NONE, LeadFilterForm

# LinkedIn's clock may be ahead of ours.
_AHEAD_MS = 86_400_000


@requires("leads.view_lead")
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    """Newest first, narrowed by what was chosen."""
    form = LeadFilterForm(request.GET.dict())
    form.is_valid()  # a value that does not exist narrows nothing
    values = form.cleaned_data
    chosen = _chosen(form)
    page = queries.lead_page(
        chosen, before=values.get("before"), after=values.get("after")
    )
    context = {
        "filter_form": form,
        "page": page,
        "is_filtered": chosen != LeadFilter(),
        # Words follow a lead within moments: "none" may be true no longer.
        "looks_again": bool(chosen.search.strip() or chosen.has_similar)
        and not page.leads
        and search.is_behind(),
        "held_back": ingest.held_back_count(),
    }
    only_results = request.headers.get("HX-Target") == "lead-results"
    template = "web/leads/_results.html" if only_results else "web/leads/list.html"
    answer = render(request, template, context)
    # The same address answers with a whole page or a part of it.
    answer["Vary"] = "HX-Target"
    return answer


def _chosen(form: LeadFilterForm) -> LeadFilter:
    values = form.cleaned_data
    value, test = values.get("value") or "", values.get("test") or ""
    return LeadFilter(
        search=values.get("search", ""),
        form=_id(values.get("form")),
        campaign=_id(values.get("campaign")),
        creative=_id(values.get("ad")),
        submitted=_submitted(values.get("first"), values.get("last")),
        is_test=test == "1" if test else None,
        has_similar=values.get("similar") == "1",
        column=form.chosen_column if value else None,
        value=int(value) if value else None,
    )


def _id(choice: str | None) -> int | None:
    if not choice:
        return None
    return queries.NOTHING if choice == NONE else int(choice)


def _submitted(first: date | None, last: date | None) -> tuple[int, int] | None:
    """From the first to the last day of the instance, both included."""
    if first is None and last is None:
        return None
    zone = time_zone()
    start = Period(first, first).bounds(zone)[0] if first else 0
    end = Period(last, last).bounds(zone)[1] + 1 if last else clock.now_ms() + _AHEAD_MS
    return start, end


@requires("leads.view_lead")
@require_safe
def filter_values(request: HttpRequest) -> HttpResponse:
    """What a column can be filtered by, when it was chosen."""
    form = LeadFilterForm({"column": request.GET.get("column", "")})
    return render(request, "web/leads/_filter_value.html", {"filter_form": form})


@requires("leads.view_lead")
@require_safe
def lead_page(request: HttpRequest, lead_id: int) -> HttpResponse:
    """One lead: values, where it came from, what happened to it."""
    lead = queries.find_lead(lead_id)
    if lead is None:
        survivor = merged_into(lead_id)
        if survivor is not None:
            return redirect("lead", lead_id=survivor)
        raise Http404
    column = request.GET.get("column", "")[:50]
    columns = catalogue()
    context = {
        "lead": lead,
        "values": queries.filled_columns(lead),
        "history": queries.history_of(lead, column=column),
        "captions": {code: one.caption for code, one in columns.items()},
        "lineage": lineage_of(lead, column) if column in columns else None,
        "column": column,
        "way": way_of(lead),
        "submissions": ingest.submissions_of(lead),
        "purged": purged_of(lead),
        "similar": similar_leads(lead.pk),
        "merge": merge_of(lead.pk),
        "deliveries": deliveries_of(lead.pk),
    }
    return render(request, "web/leads/lead.html", context)
