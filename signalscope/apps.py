"""The composition root: settings in; install, sinks and checks out."""

from __future__ import annotations

import logging

from django.apps import AppConfig
from django.core import checks

from signalscope import patching
from signalscope.checks import check_settings, check_wiring
from signalscope.errors import SignalscopeError
from signalscope.sinks import made_from

__all__ = ["SignalscopeConfig"]

logger: logging.Logger = logging.getLogger("signalscope")


class SignalscopeConfig(AppConfig):
    """The app ``signalscope``, which installs at start where the settings enable it."""

    name = "signalscope"
    verbose_name: str = "Signalscope"

    def ready(self) -> None:
        """Register the checks, then install."""
        checks.register(check_settings, "signalscope")
        checks.register(check_wiring, "signalscope")
        try:
            settings = patching.configure()
        except SignalscopeError as error:
            # A typo in a debugging aid must not stop the program. The check says what is wrong, and
            # so does this where none runs: under WSGI, or in a worker.
            logger.warning("Nothing is recorded: %s", error)
            return
        if not settings.enabled:
            return
        patching.install_or_warn()
        for entry in settings.sinks:
            try:
                patching.add_sink(made_from(entry))
            except SignalscopeError as error:
                logger.warning("A sink is left out: %s", error)
        # One that came before the models, as OpenTelemetry's does.
        patching.name_for_sinks()
