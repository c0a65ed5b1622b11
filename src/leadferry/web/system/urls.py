from django.urls import path

from leadferry.web.system import (
    columns,
    lookups,
    mail,
    people,
    retention,
    roles,
    settings,
    views,
)

urlpatterns = [
    path("", views.system_designer, name="system-designer"),
    path("settings", settings.setting_list, name="system-settings"),
    path("settings/<str:code>", settings.setting_page, name="system-setting"),
    path("retention", retention.retention_page, name="retention"),
    path("email", mail.mail_settings, name="mail-settings"),
    path("email/test", mail.mail_test, name="mail-test"),
    path("lookups", lookups.lookup_list, name="lookups"),
    path("lookups/<str:code>", lookups.lookup_page, name="lookup"),
    path("lookups/<str:code>/change", lookups.lookup_change, name="lookup-change"),
    path("lookups/<str:code>/<int:value_id>", lookups.value_page, name="lookup-value"),
    path("columns", columns.column_list, name="lead-columns"),
    path("columns/new", columns.new_column, name="lead-column-new"),
    path("columns/<str:code>", columns.column_page, name="lead-column"),
    path("users", people.user_list, name="users"),
    path("users/new", people.invite, name="user-new"),
    path("users/<int:user_id>", people.user_page, name="user"),
    path("users/<int:user_id>/link", people.password_link, name="user-link"),
    path("roles", roles.role_list, name="roles"),
    path("roles/new", roles.role_page, name="role-new"),
    path("roles/<int:role_id>", roles.role_page, name="role"),
    path("roles/<int:role_id>/delete", roles.delete_role, name="role-delete"),
]
