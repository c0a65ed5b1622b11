"""Every address of the instance but the door's."""

from django.urls import include, path

urlpatterns = [path("", include("leadferry.web.urls"))]
