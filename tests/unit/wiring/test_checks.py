"""The rules of the wiring as system checks, and what they leave alone."""

from __future__ import annotations

import sys

import pytest
from django.core import checks
from django.core.management import call_command
from django.db.models.signals import m2m_changed, post_save

from signalscope.diagnosis.wiring import rules
from signalscope.diagnosis.wiring.rules import diagnose_wiring
from tests.testapp.models import Note
from tests.unit.wiring.wired import HERE, strict


class TestSystemCheck:
    @pytest.fixture(autouse=True)
    def _wired(self):
        post_save.connect(strict, sender=Note)
        yield
        post_save.disconnect(strict, sender=Note)

    @staticmethod
    def told():
        messages = checks.run_checks(tags=["signalscope"])
        own = [each for each in messages if each.msg.startswith(f"{HERE}.")]
        return [each for each in own if each.id == "signalscope.W005"]

    def test_a_finding_is_a_warning(self):
        """With the place, the finding and the remedy."""
        (message,) = self.told()
        assert message.level == checks.WARNING
        assert "has no **kwargs" in message.msg
        assert message.hint == "Add **kwargs to its parameters."
        line = strict.__code__.co_firstlineno
        assert message.obj == f"tests/unit/wiring/wired.py:{line}"

    def test_manage_py_check(self, capsys):
        call_command("check", "--tag", "signalscope")
        assert "(signalscope.W005)" in capsys.readouterr().err

    def test_silenced(self, settings):
        settings.SIGNALSCOPE = {"SILENCED": ["W005"]}
        assert self.told() == []

    def test_silenced_as_checks_are(self, settings, capsys):
        settings.SILENCED_SYSTEM_CHECKS = ["signalscope.W005"]
        call_command("check", "--tag", "signalscope")
        assert "W005" not in capsys.readouterr().err

    def test_silenced_by_a_comment(self):
        # signalscope: ignore[W005] on purpose
        def silent_one(sender):
            pass

        Note.silent_one = silent_one
        post_save.connect(silent_one, sender=Note)
        try:
            assert len(self.told()) == 1
        finally:
            post_save.disconnect(silent_one, sender=Note)
            del Note.silent_one

    def test_settings_that_are_wrong_are_told_by_themselves(self, settings):
        settings.SIGNALSCOPE = {"SILENCEDD": []}
        assert self.told() == []

    def test_a_fault_of_ours_stops_nobody(self, monkeypatch, caplog):
        """Nor the other rules."""

        def fails(_):
            raise RuntimeError("ours")

        monkeypatch.setattr(rules, "_RULES", (fails, *rules._RULES))
        assert len(self.told()) == 1
        assert "A rule failed: fails" in caplog.text


def test_nothing_is_imported_or_changed():
    """To look is no more than that."""
    before = set(sys.modules), [list(signal.receivers) for signal in (post_save, m2m_changed)]
    diagnose_wiring()
    assert before == (
        set(sys.modules),
        [list(signal.receivers) for signal in (post_save, m2m_changed)],
    )


def test_this_project_is_free_of_findings():
    """What it wires for good, that is; and the bookstore is a model of a project.

    Its pitfalls are models of what not to do; one that has died is remembered.
    """
    own = [
        each for each in diagnose_wiring() if (each.receiver or "").startswith("demo_bookstore.")
    ]
    assert [each for each in own if ".pitfalls." not in each.receiver] == []
