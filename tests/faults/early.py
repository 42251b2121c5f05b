"""An app that sends a signal while apps come up."""

from django.apps import AppConfig
from django.conf import settings
from django.dispatch import Signal

early = Signal()


class EarlyConfig(AppConfig):
    """Sends in `ready`, to a receiver that was connected when its module came in."""

    name = "tests.faults.early"
    label = "early"
    path = "."

    def ready(self):
        """Send."""
        settings.SENT_IN_READY.extend(answer for _, answer in early.send(sender="ready"))


def hear(sender, **_):
    """Answer."""
    return f"heard of {sender}"


early.connect(hear)
