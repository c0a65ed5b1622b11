"""Every address of the instance but the door's."""

from django.urls import include, path

urlpatterns = [path("", include("leadferry.web.urls"))]

handler403 = "leadferry.web.problems.forbidden"
handler404 = "leadferry.web.problems.missing"
handler500 = "leadferry.web.problems.broken"
