from django.urls import path
from django.views.generic import RedirectView

from leadferry.web.access import public
from leadferry.web.leads import views

urlpatterns = [
    path("", public(RedirectView.as_view(pattern_name="leads"))),
    path("leads/", views.lead_list, name="leads"),
    path("leads/<int:lead_id>", views.lead_page, name="lead"),
    path("leads/held-back", views.held_back, name="held-back"),
    path("leads/held-back/<int:held_id>/again", views.try_again, name="try-again"),
]
