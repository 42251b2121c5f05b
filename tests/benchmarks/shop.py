"""The bookstore, in SQLite's memory and without DEBUG, as the setting of the real workloads."""

from __future__ import annotations

from pathlib import Path


def configure():
    """Set Django up with the bookstore's own settings, less what writes files or patches."""
    import django
    from django.conf import settings

    from demo_bookstore import settings as demo

    own = {name: getattr(demo, name) for name in dir(demo) if name.isupper()}
    own |= {
        # With DEBUG on, Django keeps every statement, and that would be most of the cost.
        "DEBUG": False,
        # The variants install us; a program without us shall not even have imported it.
        "INSTALLED_APPS": [
            app for app in own["INSTALLED_APPS"] if app not in {"signalscope", "debug_toolbar"}
        ],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        # The import keeps more than the ten thousand dispatches of the default.
        "SIGNALSCOPE": {"MAX_RECORDS": 1_000_000},
        "RUN_DIR": Path("/nonexistent"),
    }
    if "MAILERS" in own:
        own["MAILERS"] = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    else:
        own["EMAIL_BACKEND"] = "django.core.mail.backends.dummy.EmailBackend"
    for name in ("EMAIL_FILE_PATH", "DEBUG_TOOLBAR_PANELS", "DEBUG_TOOLBAR_CONFIG"):
        own.pop(name, None)
    settings.configure(**own)
    django.setup()

    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
