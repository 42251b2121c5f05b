"""The composition root: settings in; install, sinks and checks out."""

from django.apps import AppConfig
from django.core import checks

from signalscope import conf, patching
from signalscope.checks import check_settings
from signalscope.errors import SignalscopeError

__all__ = ["SignalscopeConfig"]


class SignalscopeConfig(AppConfig):
    """The app ``signalscope``, which installs at start where the settings enable it."""

    name = "signalscope"
    verbose_name = "Signalscope"

    def ready(self) -> None:
        """Register the checks, then install."""
        checks.register(check_settings, "signalscope")
        try:
            settings = conf.load()
        except SignalscopeError:
            # The check says what is wrong; a typo in a debugging aid must not stop the program.
            return
        if settings.enabled:
            patching.install_or_warn()
