"""The panel for django-debug-toolbar: what a request's signals did, as a tree on a time axis.

Name it in ``DEBUG_TOOLBAR_PANELS`` as
``"signalscope.integrations.debug_toolbar.SignalscopePanel"``.

The way through this package: `panel` records a request and stores what it saw, `stats` packs and
unpacks that, `tabs` says what there is to ask for, `signalscope.rendering` turns the recording into
rows and tables and `wiring` what is connected now, `html` puts them into the templates, with links
to `editors`, and `views` serves tabs, further rows, downloads and the static files.
"""

try:
    import debug_toolbar as _debug_toolbar  # noqa: F401 - asked for here, so that its absence has a remedy
except ModuleNotFoundError as _error:
    if _error.name != "debug_toolbar":
        raise
    raise ModuleNotFoundError(
        "SignalscopePanel needs django-debug-toolbar; install it with: "
        'python -m pip install "django-signalscope[toolbar]"',
        name="debug_toolbar",
    ) from _error

from signalscope.integrations.debug_toolbar.panel import SignalscopePanel

__all__ = ["SignalscopePanel"]
