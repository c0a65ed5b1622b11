from django.urls import path

from leadferry.web.dashboard import leads

urlpatterns = [
    path("", leads.leads, name="dashboard"),
]
