"""A prepared instance in this process's data folder."""

import os

DATABASE = "PostgreSQL" if os.environ.get("LEADFERRY_DATABASE_URL") else "SQLite"


def prepare() -> None:
    """Schema, roles and the sandbox's application; Django is ready after it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadferry.config.settings")
    import django

    django.setup()
    from leadferry.config.setup import prepare_instance
    from leadferry.integrations import connect

    prepare_instance()
    connect.save_application(
        client_id="demo-client",
        client_secret="demo-secret",  # noqa: S106 - the sandbox's own, known to all
        scopes="openid",
        api_version="202609",
        by=None,
    )
