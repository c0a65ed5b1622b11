from django.urls import path

from leadferry.web.first_steps import views

urlpatterns = [
    path("", views.first_steps, name="first-steps"),
    path("test-lead", views.test_lead, name="test-lead"),
    path("way", views.way, name="test-lead-way"),
]
