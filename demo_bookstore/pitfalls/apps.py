"""Registers the pitfalls as a Django app of their own, with models that the shop does not need."""

from django.apps import AppConfig


class PitfallsConfig(AppConfig):
    """The app `pitfalls`."""

    name = "demo_bookstore.pitfalls"
    label = "pitfalls"
    verbose_name = "Pitfalls"

    def ready(self) -> None:
        """Import the module of receivers that is remembered; the other one is forgotten here."""
        from demo_bookstore.pitfalls.never_imported import remembered  # noqa: F401, PLC0415
