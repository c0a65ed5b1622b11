from django.urls import path
from django.views.generic import RedirectView

from leadferry.web.access import public
from leadferry.web.leads import edit, views

urlpatterns = [
    path("", public(RedirectView.as_view(pattern_name="leads"))),
    path("leads/", views.lead_list, name="leads"),
    path("leads/<int:lead_id>", views.lead_page, name="lead"),
    path("leads/values", views.filter_values, name="lead-filter-values"),
    path("leads/<int:lead_id>/edit", edit.edit_page, name="lead-edit"),
    path("leads/held-back", views.held_back, name="held-back"),
    path("leads/held-back/<int:held_id>/again", views.try_again, name="try-again"),
]
