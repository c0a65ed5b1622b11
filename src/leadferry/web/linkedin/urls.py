from django.urls import path

from leadferry.web.linkedin import views

urlpatterns = [path("return", views.came_back, name="linkedin-return")]
