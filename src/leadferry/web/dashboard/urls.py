from django.urls import path

from leadferry.web.dashboard import latency

urlpatterns = [
    path("latency/", latency.latency, name="latency"),
]
