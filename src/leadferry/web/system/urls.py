from django.urls import path

from leadferry.web.system import views

urlpatterns = [path("", views.system_designer, name="system-designer")]
