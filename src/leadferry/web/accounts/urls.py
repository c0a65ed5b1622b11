from django.urls import path

from leadferry.web.accounts import views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("change-password", views.change_password, name="change-password"),
]
