from django.apps import AppConfig


class DestinationsConfig(AppConfig):
    name = "leadferry.destinations"
