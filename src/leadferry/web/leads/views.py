"""The list of leads, and one lead."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leadferry.ingest import queries as ingest
from leadferry.ingest.lineage import lineage_of
from leadferry.ingest.retention import purged_of
from leadferry.leads import queries
from leadferry.leads.columns import catalogue
from leadferry.leads.queries import LeadFilter
from leadferry.web.access import requires
from leadferry.web.leads.forms import LeadFilterForm


@requires("leads.view_lead")
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    """Newest first, narrowed by search, form and campaign."""
    form = LeadFilterForm(request.GET.dict())
    form.is_valid()  # a value that does not exist narrows nothing
    values = form.cleaned_data
    value = values.get("value") or ""
    chosen = LeadFilter(
        search=values.get("search", ""),
        form=getattr(values.get("form"), "pk", None),
        campaign=getattr(values.get("campaign"), "pk", None),
        column=form.chosen_column if value else None,
        value=int(value) if value else None,
    )
    page = queries.lead_page(
        chosen, before=values.get("before"), after=values.get("after")
    )
    context = {
        "filter_form": form,
        "page": page,
        "is_filtered": chosen != LeadFilter(),
        "held_back": ingest.held_back_count(),
    }
    only_results = request.headers.get("HX-Target") == "lead-results"
    template = "web/leads/_results.html" if only_results else "web/leads/list.html"
    answer = render(request, template, context)
    # The same address answers with a whole page or a part of it.
    answer["Vary"] = "HX-Target"
    return answer


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
        "submissions": ingest.submissions_of(lead),
        "purged": purged_of(lead),
    }
    return render(request, "web/leads/lead.html", context)
