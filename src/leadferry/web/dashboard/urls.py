from django.urls import path

from leadferry.web.dashboard import latency, leads

urlpatterns = [
    path("", leads.leads, name="dashboard"),
    path("latency/", latency.latency, name="latency"),
]
