"""Registers the shop as a Django app."""

from django.apps import AppConfig


class BookstoreConfig(AppConfig):
    """The app `bookstore`, whose receivers are connected as soon as all models are loaded."""

    name = "demo_bookstore.bookstore"
    label = "bookstore"
    verbose_name = "Lighthouse Books"

    def ready(self) -> None:
        """Connect the receivers: importing the module is what runs its decorators."""
        from demo_bookstore.bookstore import signals  # noqa: F401, PLC0415
