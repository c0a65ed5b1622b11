from django.urls import path

from leadferry.web.linkedin import views

urlpatterns = [
    path("return", views.came_back, name="linkedin-return"),
    path("sign-ins/<str:token>", views.sign_in, name="linkedin-sign-in"),
]
