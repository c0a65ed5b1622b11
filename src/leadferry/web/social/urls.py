from django.urls import path

from leadferry.web.social import (
    changes,
    completeness,
    doctor,
    integrations,
    mapping,
    removal,
    replay,
    sync,
    views,
    where,
    wizard,
)

urlpatterns = [
    path("", integrations.integration_list, name="social-leads"),
    path("settings", views.settings_page, name="social-settings"),
    path("settings/test", views.application_test, name="application-test"),
    path("settings/version", views.use_version, name="use-version"),
    path(
        "settings/subscriptions",
        removal.subscriptions_again,
        name="subscriptions-again",
    ),
    path(
        "settings/users/<int:user_id>/delete",
        removal.delete_user,
        name="linkedin-user-delete",
    ),
    path(
        "settings/ad-accounts/<int:account_id>/delete",
        removal.delete_ad_account,
        name="ad-account-delete",
    ),
    path(
        "<int:integration_id>/delete",
        removal.delete_integration,
        name="integration-delete",
    ),
    path("prerequisites", integrations.check_again, name="check-again"),
    path("new", wizard.choose_network, name="wizard"),
    path("new/user", wizard.choose_user, name="wizard-user"),
    path("new/sign-in", wizard.sign_in_at_linkedin, name="wizard-sign-in"),
    path(
        "new/accounts/<int:user_id>", wizard.choose_ad_accounts, name="wizard-accounts"
    ),
    path("new/name/<int:user_id>", wizard.choose_integration, name="wizard-name"),
    path("new/create", wizard.create, name="wizard-create"),
    path("<int:integration_id>", integrations.integration_page, name="integration"),
    path("<int:integration_id>/apply", integrations.apply, name="integration-apply"),
    path(
        "<int:integration_id>/refresh", integrations.refresh, name="integration-refresh"
    ),
    # Each for the default mapping, and for the mapping of one form.
    path("<int:integration_id>/mapping", mapping.change, name="mapping-change"),
    path(
        "<int:integration_id>/forms/<int:form_id>/mapping",
        mapping.change,
        name="custom-mapping-change",
    ),
    path(
        "<int:integration_id>/mapping/pick/<str:what>",
        mapping.pick,
        name="mapping-pick",
    ),
    path(
        "<int:integration_id>/forms/<int:form_id>/mapping/pick/<str:what>",
        mapping.pick,
        name="custom-mapping-pick",
    ),
    path("<int:integration_id>/mapping/try", mapping.try_out, name="mapping-try"),
    path(
        "<int:integration_id>/forms/<int:form_id>/mapping/try",
        mapping.try_out,
        name="custom-mapping-try",
    ),
    path(
        "<int:integration_id>/mapping/versions",
        mapping.versions,
        name="mapping-versions",
    ),
    path(
        "<int:integration_id>/forms/<int:form_id>/mapping/versions",
        mapping.versions,
        name="custom-mapping-versions",
    ),
    path("<int:integration_id>/sync", sync.sync_box, name="sync"),
    path("<int:integration_id>/sync/expected", sync.expected, name="sync-expected"),
    path("<int:integration_id>/where", where.where_is, name="where"),
    path("<int:integration_id>/where/ask", where.ask_for, name="where-ask"),
    path(
        "<int:integration_id>/completeness",
        completeness.completeness,
        name="completeness",
    ),
    path(
        "<int:integration_id>/completeness/progress",
        completeness.progress,
        name="completeness-progress",
    ),
    path(
        "<int:integration_id>/completeness/check",
        completeness.check_now,
        name="completeness-check",
    ),
    path(
        "<int:integration_id>/completeness/csv",
        completeness.as_csv,
        name="completeness-csv",
    ),
    path(
        "<int:integration_id>/completeness/days/<str:day>",
        completeness.day_page,
        name="completeness-day",
    ),
    path(
        "<int:integration_id>/completeness/months/<str:month>",
        completeness.certificate,
        name="completeness-certificate",
    ),
    path("<int:integration_id>/doctor", doctor.doctor_page, name="doctor"),
    path("<int:integration_id>/doctor/check", doctor.check_now, name="doctor-check"),
    path("<int:integration_id>/doctor/link", doctor.make_link, name="doctor-link"),
    path(
        "<int:integration_id>/doctor/links/<int:link_id>/withdraw",
        doctor.withdraw_link,
        name="doctor-link-withdraw",
    ),
    path("shown/<str:token>", doctor.shown_to_page, name="shown-to-page"),
    path("syncs/<int:run_id>", sync.sync_run, name="sync-run"),
    path("syncs/<int:run_id>/cancel", sync.cancel, name="sync-cancel"),
    path("syncs/<int:run_id>/resume", sync.resume, name="sync-resume"),
    path("<int:integration_id>/replay", replay.choose, name="replay"),
    path("replays/<int:batch_id>", replay.batch_page, name="replay-batch"),
    path("replays/<int:batch_id>/tick", replay.tick, name="replay-tick"),
    path("replays/<int:batch_id>/tick-all", replay.tick_all, name="replay-tick-all"),
    path("replays/<int:batch_id>/apply", replay.apply, name="replay-apply"),
    path("replays/<int:batch_id>/undo", replay.undo, name="replay-undo"),
    path("replays/<int:batch_id>/stop", replay.stop, name="replay-stop"),
    path("replays/<int:batch_id>/export", replay.export, name="replay-export"),
    path("forms/<int:form_id>/changes", changes.form_changes, name="form-changes"),
    path("values/<str:code>", mapping.lookup_values, name="lookup-values"),
]
