from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "leadferry.jobs"

    def ready(self) -> None:
        """Make the tasks known; nothing is started here."""
        from django.utils.module_loading import autodiscover_modules  # noqa: PLC0415

        autodiscover_modules("tasks")
