from django.urls import path

from leadferry.web.accounts import views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("forgotten-password", views.forgotten, name="forgotten"),
    path("choose-password/<str:token>", views.choose_password, name="choose-password"),
    path("profile", views.profile, name="profile"),
    path("profile/theme", views.choose_theme, name="choose-theme"),
    path("change-password", views.change_password, name="change-password"),
]
