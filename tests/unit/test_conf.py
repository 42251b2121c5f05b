"""The setting: its defaults, and what is said of a wrong one."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core import checks
from django.core.signals import request_started

import signalscope
from signalscope import conf


def errors():
    """Return what the check says of the setting, and leave out what other tests connected."""
    messages = checks.run_checks(tags=["signalscope"])
    return [each for each in messages if each.level >= checks.ERROR]


class TestDefaults:
    def test_without_the_setting(self, settings):
        """The contract's defaults."""
        loaded = conf.load()
        assert loaded == conf.Settings(enabled=False)
        assert (loaded.max_records, loaded.max_depth, loaded.slow_ms) == (10_000, None, 100)
        assert loaded.deny == (
            "django.db.models.signals.pre_init",
            "django.db.models.signals.post_init",
        )

    def test_enabled_follows_debug(self, settings):
        """Unless it is given."""
        settings.DEBUG = True
        assert conf.load().enabled is True
        settings.SIGNALSCOPE = {"ENABLED": False}
        assert conf.load().enabled is False

    def test_a_changed_setting_is_seen(self, settings):
        """`override_settings` is honoured, and so is a dict changed in place."""
        settings.SIGNALSCOPE = {"MAX_RECORDS": 5}
        assert conf.load().max_records == 5
        settings.SIGNALSCOPE["MAX_RECORDS"] = 6
        assert conf.load().max_records == 6


WRONG = [
    ({"MAX_RECORD": 5}, "no key 'MAX_RECORD'", "Did you mean 'MAX_RECORDS'?"),
    ({"enabled": True}, "no key 'enabled'", "Did you mean 'ENABLED'?"),
    ({"XYZZY": 1}, "no key 'XYZZY'", "The keys are ENABLED, SINKS"),
    ({"ENABLED": "yes"}, "SIGNALSCOPE['ENABLED'] is 'yes'", "Make it True or False."),
    ({"MAX_RECORDS": 0}, "['MAX_RECORDS'] is 0", "a whole number above 0"),
    ({"MAX_RECORDS": True}, "['MAX_RECORDS'] is True", "a whole number above 0"),
    ({"MAX_DEPTH": -1}, "['MAX_DEPTH'] is -1", "None or a number above 0"),
    ({"SLOW_MS": "fast"}, "['SLOW_MS'] is 'fast'", "a number of milliseconds"),
    ({"DENY": "post_save"}, "['DENY'] is 'post_save'", "a list of signals"),
    ({"ALLOW": [3]}, "['ALLOW'] is [3]", "a list of signals"),
    ({"SINKS": object()}, "a value of type object", "a list of sinks"),
    ({"SILENCED": [1]}, "['SILENCED'] is [1]", "a list of ids"),
    (["ENABLED"], "SIGNALSCOPE is ['ENABLED']", "Make it a dict"),
]


@pytest.mark.parametrize(("raw", "message", "hint"), WRONG)
class TestWrongSettings:
    def test_check_names_the_key_and_the_remedy(self, settings, raw, message, hint):
        """One error of ``manage.py check`` for each problem."""
        settings.SIGNALSCOPE = raw
        (error,) = errors()
        assert error.id == "signalscope.E001"
        assert message in error.msg
        assert hint in error.hint

    def test_recording_raises_the_same(self, settings, raw, message, hint):
        """Who asks for a recording under wrong settings hears why there is none."""
        settings.SIGNALSCOPE = raw
        with pytest.raises(signalscope.ConfigurationError) as caught, signalscope.record():
            pass
        assert message in str(caught.value)
        assert hint in str(caught.value)


@pytest.mark.parametrize("path", ["no.such.module.Sink", "signalscope.sinks.Sin", "Sink"])
def test_a_sink_that_is_not_there_is_an_error_of_the_check(settings, path):
    """What has no key in the setting is wrong all the same; nothing is made of it for that."""
    settings.SIGNALSCOPE = {"SINKS": ["signalscope.integrations.logging.LoggingSink", path]}
    (error,) = errors()
    assert error.id == "signalscope.E001"
    assert f"SIGNALSCOPE['SINKS'] has {path!r}, which cannot be imported" in error.msg
    assert error.hint == "Name a sink, or a callable that makes one."


@pytest.mark.parametrize(
    ("id", "hint"), [("W11", "'W110'"), ("recursion", "'W101'"), ("xyz", "The ids are W001, ")]
)
def test_an_id_that_no_rule_has_is_an_error_of_the_check(settings, id, hint):  # noqa: A002
    """It would silence nothing, and nobody would know."""
    settings.SIGNALSCOPE = {"SILENCED": ["W104", id, "W012"]}
    (error,) = errors()
    assert error.id == "signalscope.E001"
    assert error.msg == f"SIGNALSCOPE['SILENCED']: {id!r} is no id of a rule."
    assert hint in error.hint


def test_where_no_check_runs_the_log_says_what_is_wrong(settings, caplog):
    """A server under WSGI starts, and a typo must neither stop it nor go unseen."""
    settings.SIGNALSCOPE = {"ENABLD": True}
    apps.get_app_config("signalscope").ready()
    (line,) = caplog.records
    assert (line.name, line.levelname) == ("signalscope", "WARNING")
    assert "'ENABLD'" in line.getMessage()
    assert not signalscope.is_installed()


def test_right_settings_pass(settings):
    """Every key with a value that it takes."""
    settings.SIGNALSCOPE = {
        "ENABLED": True,
        "SINKS": ["signalscope.integrations.logging.LoggingSink"],
        "ALLOW": [request_started, "django.*"],
        "DENY": (),
        "MAX_RECORDS": 1,
        "MAX_DEPTH": None,
        "SLOW_MS": 0.5,
        "REPEATED_QUERIES": 2,
        "QUERIES": False,
        "SILENCED": ["W103"],
    }
    assert errors() == []
    assert conf.load().allow == (request_started, "django.*")
