from django.urls import path

from leadferry.web.social import views

urlpatterns = [
    path("", views.entry, name="social-leads"),
    path("settings", views.settings_page, name="social-settings"),
    path("settings/test", views.test_application, name="test-application"),
]
