from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "leadferry.jobs"

    def ready(self) -> None:
        """Make the tasks known; nothing is started here."""
        autodiscover_modules("tasks")
