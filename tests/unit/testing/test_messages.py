"""What the messages of failed assertions teach."""

from __future__ import annotations

import re
import sys

import pytest
from django.db.models.signals import post_save, pre_save

import signalscope
from signalscope.assertions import Assertions
from tests.testapp.models import Note, Tag
from tests.unit.testing import programs
from tests.unit.testing.programs import (
    HERE,
    audited,
    count_visitors,
    failure,
    first_line,
    greet,
    lock_up,
    opened,
    saved,
    sweep,
    titles,
    unheard,
)


class TestMessages:
    def test_a_receiver_that_did_not_run(self, day):
        """The nearest names of those that ran, and the tree."""
        message = failure(Assertions.assert_called, day, "shop.count_vistors")
        assert message.splitlines()[:3] == [
            "shop.count_vistors was not called",
            f"  Nearest names: {HERE}.count_visitors",
            "  Recorded:",
        ]
        tree = [f"    {line}" for line in day.tree().splitlines()]
        assert message.splitlines()[3:] == tree

    def test_the_likest_names_come_first(self, connect):
        """And no more than three."""
        names = ("paint_the_wall", "paint_walls", "paint_walls_red", "paint_walls_redder", "xyz")
        for name in names:
            receiver = connect(opened, lambda **_: None)
            receiver.__qualname__ = name
        with signalscope.record() as recording:
            opened.send(sender=None)
        message = failure(Assertions.assert_called, recording, "x.paint_walls_redd")
        nearest = ["paint_walls_red", "paint_walls_redder", "paint_walls"]
        assert f"Nearest names: {', '.join(f'{__name__}.{name}' for name in nearest)}\n" in message

    def test_a_place_that_is_not_known(self, day):
        """Then none is given."""
        saved = day.to_dict()
        for entry in saved["dispatches"]:
            entry["location"] = None
        again = signalscope.Recording.from_dict(saved)
        message = failure(Assertions.assert_not_called, again, sweep)
        assert message.splitlines()[2] == "    closed str"

    def test_no_name_is_near(self, day):
        """Then none is shown."""
        message = failure(Assertions.assert_called, day, "xyz")
        assert message.splitlines()[:2] == ["xyz was not called", "  Recorded:"]

    def test_nothing_ran(self):
        """That, too, is said."""
        with signalscope.record() as recording:
            pass
        message = failure(Assertions.assert_called, recording, greet)
        assert "  No receiver was called at all." in message
        assert "  No signal was sent to any receiver." in failure(
            Assertions.assert_sent, recording, opened
        )

    def test_the_nearest_signals(self, day):
        """Of those that were sent."""
        message = failure(Assertions.assert_sent, day, "shop.signals.openned")
        assert f"\n  Nearest names: {HERE}.opened\n" in message

    def test_a_call_with_other_kwargs(self, saves):
        """The differences, the nearest first, and where it was sent."""
        message = failure(
            Assertions.assert_called,
            saves,
            greet,
            signal=post_save,
            sender=Note,
            raw=False,
            using="x",
        )
        assert first_line(message) == (
            f"{HERE}.greet was not called for post_save from testapp.Note with raw=False, using='x'"
        )
        at = rf"at {re.escape(programs.__file__)}:\d+"
        apart = r"sender=testapp\.Tag, not testapp\.Note; using='other', not 'x'"
        lines = [
            r"  Not as asked:",
            rf"    2 × post_save testapp\.Note  using='default', not 'x'  {at}",
            rf"    post_save testapp\.Tag  {apart}  {at}",
            r"  Recorded:",
        ]
        for line, pattern in zip(message.splitlines()[1:], lines, strict=False):
            assert re.fullmatch(pattern, line), line

    def test_a_call_for_another_signal(self, saves):
        """Short names, as they can be told apart."""
        message = failure(Assertions.assert_called, saves, sweep, signal=post_save, created=True)
        assert "pre_save testapp.Note  signal=pre_save, not post_save; no created  at" in message
        message = failure(Assertions.assert_called, saves, sweep, signal="shop.pre_save")
        assert "signal=django.db.models.signals.pre_save, not shop.pre_save" in message

    def test_a_wrong_number(self, saves):
        """Both numbers; the calls as asked, and the others only where some are missing."""
        message = failure(Assertions.assert_called, saves, greet, times=3, created=True)
        assert first_line(message) == (
            f"{HERE}.greet was called 2 times with created=True, not 3 times"
        )
        assert "As asked:" in message
        assert "created=False, not True" in message
        message = failure(Assertions.assert_called, saves, greet, times=1, created=True)
        assert first_line(message) == f"{HERE}.greet was called 2 times with created=True, not once"
        assert "created=False" not in message.partition("Recorded:")[0]
        message = failure(Assertions.assert_called, saves, lock_up, times=2)
        assert first_line(message) == f"{HERE}.lock_up was not called, but should have been 2 times"

    def test_a_call_that_should_not_be(self, saves):
        """What was sent, and from where."""
        message = failure(
            Assertions.assert_not_called, saves, greet, update_fields=["tags", "title"]
        )
        assert first_line(message) == (
            f"{HERE}.greet was called once with update_fields={{'tags', 'title'}}, "
            "but should not have been"
        )
        facts = "post_save testapp.Note  instance=testapp.Note pk=4, created=False, raw=False"
        assert facts in message
        assert f"at {programs.__file__}:" in message
        assert titles(message) == ["As asked:"]
        message = failure(Assertions.assert_called, saves, greet, times=4)
        assert titles(message) == ["As asked:"]

    def test_a_send_that_should_not_be(self, saves):
        """Only what is as asked; neither other sends nor names."""
        message = failure(Assertions.assert_not_sent, unheard(saves), post_save, Tag)
        assert first_line(message) == (
            "django.db.models.signals.post_save was sent once by testapp.Tag, "
            "but should not have been"
        )
        assert titles(message) == ["As asked:"]
        assert "Note" not in message.partition("Recorded:")[0]

    def test_a_send_by_another(self, saves):
        """Sends of the same signal only, and no names where there are some."""
        message = failure(Assertions.assert_sent, unheard(saves), post_save, int)
        assert titles(message) == ["Not as asked:"]
        assert "    2 × post_save testapp.Note  sender=testapp.Note, not int  at" in message
        assert "    post_save testapp.Tag  sender=testapp.Tag, not int  at" in message
        assert "audited" not in message
        assert "pre_save" not in message.partition("Recorded:")[0]
        message = failure(Assertions.assert_sent, saves, pre_save, times=2)
        assert titles(message) == ["As asked:"]
        message = failure(Assertions.assert_not_sent, unheard(saves), audited, str)
        assert titles(message) == ["As asked:"]
        assert "1 × " not in message
        assert message.count("to no receiver") == 1

    def test_why_a_receiver_was_skipped(self, connect):
        """Said of the dispatches that are as asked, and in place of other names."""
        connect(opened, greet)
        connect(opened, sweep)
        connect(opened, count_visitors, sender=int)
        with signalscope.record() as recording, signalscope.muted(receiver=greet):
            opened.send(sender=str)
        for receiver in (greet, "greet"):
            message = failure(Assertions.assert_called, recording, receiver)
            assert "\n  Connected, but not called:\n    muted: opened str  at " in message
            assert "Nearest" not in message
        message = failure(Assertions.assert_called, recording, count_visitors, sender=int)
        assert "Connected" not in message

    def test_a_namesake(self, connect):
        """Where the object given is not the one that ran, the message says so."""

        def make():
            def twin(**_):
                pass

            return twin

        ran, given = make(), make()
        connect(opened, ran)
        with signalscope.record() as recording:
            opened.send(sender=None)
        Assertions.assert_called(recording, ran)
        message = failure(Assertions.assert_called, recording, given)
        assert "twin is another object than the one given here" in message
        Assertions.assert_called(recording, "make.<locals>.twin")

    def test_what_nothing_listened_to(self, day):
        """A receiver that did not run may not have been connected."""
        message = failure(Assertions.assert_called, unheard(day), lock_up, signal=audited)
        assert "\n  Sent, but nothing listened:\n    2 × audited str\n    audited\n" in message
        assert "audited" not in failure(
            Assertions.assert_called, unheard(day), lock_up, signal=opened
        )

    def test_long_messages_are_cut(self, connect):
        """At sixty lines of the tree, and eight of a list."""
        connect(opened, greet)
        with signalscope.record() as recording:
            for number in range(50):
                opened.send(sender=f"visitor {number}")
        lines = failure(Assertions.assert_not_called, recording, greet).splitlines()
        assert lines[1] == "  As asked:"
        assert [line.split("  at ")[0] for line in lines[2:10]] == [
            f"    opened visitor {number}" for number in range(8)
        ]
        assert lines[10:12] == ["    … and 42 more", "  Recorded:"]
        assert len(lines) == 12 + 60 + 1
        assert lines[-1] == "    … and 40 more lines of recording.tree()"

    @pytest.mark.parametrize("over", [0, 1])
    def test_only_too_long_messages_are_cut(self, connect, over):
        """What just fits stays whole."""
        connect(opened, greet)
        with signalscope.record() as recording:
            for number in range(30):
                opened.send(sender=str if number < 22 else f"visitor {number}")
            if over:
                opened.send(sender="one more")
        lines = failure(Assertions.assert_not_called, recording, greet, sender="visitor *")
        assert ("more line" in lines) is bool(over)
        assert "… and 2 more lines of recording.tree()" in lines or not over
        listed = lines.partition("Recorded:")[0]
        assert "…" not in listed
        assert listed.count("\n") == 2 + 8

    def test_no_code_of_the_program_runs(self, connect):
        """Neither ``repr`` nor ``str`` of an instance: Note's raise."""
        connect(post_save, greet)
        with signalscope.record() as recording:
            saved(3)
        for asked in ({"instance": Note(pk=5)}, {"using": Note(pk=5)}, {"update_fields": [Note]}):
            failure(Assertions.assert_called, recording, greet, **asked)
        assert "using=<Note>" in failure(
            Assertions.assert_called, recording, greet, using=Note(pk=5)
        )

    def test_names_are_not_imported(self, day):
        """Importing a module could connect the very receiver."""
        sys.modules.pop("this", None)
        failure(
            Assertions.assert_called, day, "this.greet", signal="this.opened", sender="this.Book"
        )
        assert "this" not in sys.modules
