from django.urls import path

from leadferry.web.notifications import views

urlpatterns = [
    path("", views.notifications, name="notifications"),
    path("read", views.mark_read, name="mark-read"),
    path("<int:message_id>/read", views.mark_one, name="mark-one"),
]
