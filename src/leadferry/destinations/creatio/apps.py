from django.apps import AppConfig


class CreatioConfig(AppConfig):
    name = "leadferry.destinations.creatio"
