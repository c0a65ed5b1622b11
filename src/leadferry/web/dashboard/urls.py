from django.urls import path

from leadferry.web.dashboard import connections, latency, leads

urlpatterns = [
    path("", leads.leads, name="dashboard"),
    path("latency/", latency.latency, name="latency"),
    path("connections/", connections.connections, name="connections"),
]
