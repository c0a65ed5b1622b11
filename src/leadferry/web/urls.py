"""Every page's address."""

from django.urls import include, path

from leadferry.web import ping

urlpatterns = [
    path("ping", ping.ping, name="ping"),
    path("", include("leadferry.web.accounts.urls")),
    path("", include("leadferry.web.leads.urls")),
    path("dashboard/", include("leadferry.web.dashboard.urls")),
    path("notifications/", include("leadferry.web.notifications.urls")),
    path("system/", include("leadferry.web.system.urls")),
    path("social-leads/", include("leadferry.web.social.urls")),
    path("first-steps/", include("leadferry.web.first_steps.urls")),
    path("linkedin/", include("leadferry.web.linkedin.urls")),
]
