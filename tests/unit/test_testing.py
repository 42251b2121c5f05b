"""The assertions: what passes, what fails, what cannot be known, and what the messages teach."""

from __future__ import annotations

import inspect
import re
import sys
import unittest
from decimal import Decimal
from types import SimpleNamespace
from unittest import mock

import pytest
from django.db import connection
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_init, pre_save
from django.dispatch import Signal

import signalscope
from signalscope import testing
from signalscope.errors import SignalscopeError
from tests.testapp.models import Note, Tag

opened = Signal()
closed = Signal()
audited = Signal()

HERE = __name__


def greet(**_):
    """Do nothing."""


def count_visitors(**_):
    """Do nothing."""


def sweep(**_):
    """Do nothing."""


def lock_up(**_):
    """Send once more, as a receiver of its own signal does that forgot itself."""


class Elsewhere:
    """What stands around a recording: the recording, and what it may have besides."""

    def __init__(self, recording, **more):
        self.recording = recording
        self.__dict__.update(more)

    def __getattr__(self, name):
        return getattr(self.recording, name)


def with_dropped(recording):
    """Return the recording as one that had no room for three more."""
    return Elsewhere(recording, dropped=3)


def saved(pk=3, *, model=Note, signal=post_save, **kwargs):
    """Send what a save sends, without a database."""
    kwargs = {"created": False, "raw": False, "using": "default", "update_fields": None} | kwargs
    if signal is pre_save:
        del kwargs["created"]
    signal.send(sender=model, instance=model(pk=pk), **kwargs)


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    connected = []

    def connect(signal, receiver, sender=None):
        signal.connect(receiver, sender=sender, weak=False)
        connected.append((signal, receiver, sender))
        return receiver

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


@pytest.fixture
def day(connect):
    """Record a day: opened twice, by str and int, closed once; greet before count_visitors."""
    connect(opened, greet)
    connect(opened, count_visitors)
    connect(closed, sweep)
    with signalscope.record() as recording:
        opened.send(sender=str)
        opened.send(sender=int)
        closed.send(sender=str)
    return recording


@pytest.fixture
def saves(connect):
    """Record saves of Notes 3 (created) and 4 (its title), and of Tag 3, which greet hears."""
    connect(post_save, greet)
    connect(pre_save, sweep)
    with signalscope.record() as recording:
        saved(3, signal=pre_save)
        saved(3, created=True)
        saved(4, update_fields=frozenset({"title", "tags"}))
        saved(3, model=Tag, created=True, using="other")
    return recording


def failure(function, *args, **kwargs):
    """Return the message with which an assertion fails."""
    with pytest.raises(AssertionError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def refusal(function, *args, **kwargs):
    """Return the message with which a question is refused; that is no failure of an assertion."""
    with pytest.raises(SignalscopeError) as caught:
        function(*args, **kwargs)
    assert not isinstance(caught.value, AssertionError)
    return str(caught.value)


def titles(message):
    """Return the titles of the lists in a message."""
    return re.findall(r"^  (\S.*:)$", message.partition("  Recorded:")[0], re.MULTILINE)


def first_line(message):
    """Return the head of a message."""
    return message.splitlines()[0]


class TestCalled:
    @pytest.mark.parametrize(
        ("receiver", "asked", "count"),
        [
            (greet, {}, 2),
            ("test_testing.greet", {}, 2),
            (f"{HERE}.greet", {}, 2),
            (sweep, {}, 1),
            (greet, {"signal": opened}, 2),
            (greet, {"signal": "test_testing.opened"}, 2),
            (greet, {"signal": closed}, 0),
            (greet, {"sender": str}, 1),
            (greet, {"sender": "int"}, 1),
            (greet, {"sender": float}, 0),
            (greet, {"signal": opened, "sender": int}, 1),
            (sweep, {"signal": closed, "sender": int}, 0),
            (lock_up, {}, 0),
            ("no.such.receiver", {}, 0),
        ],
    )
    def test_calls_are_counted_as_asked(self, day, receiver, asked, count):
        """Each count passes where it is right, and fails anywhere else."""
        check_counts(CALLED, day, receiver, asked, count)

    @pytest.mark.parametrize(
        ("asked", "count"),
        [
            ({"created": True}, 2),
            ({"created": False}, 1),
            ({"created": mock.ANY}, 3),
            ({"created": True, "using": "default"}, 1),
            ({"raw": False}, 3),
            ({"raw": True}, 0),
            ({"using": "other", "sender": Tag}, 1),
            ({"using": "other", "sender": Note}, 0),
            ({"update_fields": None}, 2),
            ({"update_fields": ["tags", "title"]}, 1),
            ({"update_fields": {"title": 1, "tags": 2}.keys()}, 1),
            ({"update_fields": (name for name in ("title", "tags"))}, 1),
            ({"update_fields": ["title"]}, 0),
            ({"update_fields": "title"}, 0),
            ({"update_fields": []}, 0),
            ({"instance": "testapp.Note pk=3"}, 1),
            ({"instance": "testapp.Note"}, 0),
            ({"instance": Note(pk=4)}, 1),
            ({"instance": Tag(pk=3), "created": True}, 1),
            ({"instance": Note(pk=5)}, 0),
            ({"action": "post_add"}, 0),
            ({"signal": pre_save}, 0),
        ],
    )
    def test_kwargs_are_compared_with_what_was_sent(self, saves, asked, count):
        """Flags by value, update_fields as sets, instances by model and key."""
        if inspect.isgenerator(asked.get("update_fields")):
            testing.assert_called(saves, greet, times=count, **asked)
        else:
            check_counts(CALLED, saves, greet, asked, count)

    def test_a_string_is_one_field(self, connect):
        """Not the set of its letters."""
        connect(post_save, greet)
        with signalscope.record() as recording:
            saved(update_fields=frozenset({"title"}))
        testing.assert_called(recording, greet, update_fields="title")

    def test_facts_of_many_to_many_changes(self, connect):
        """Action, direction and the number of keys are kept; the keys are not."""
        connect(m2m_changed, greet)
        with signalscope.record() as recording:
            m2m_changed.send(
                sender=Note.tags.through,
                instance=Note(pk=1),
                action="post_add",
                reverse=False,
                model=Tag,
                pk_set={5, 6},
                using="default",
            )
        testing.assert_called(recording, greet, action="post_add", reverse=False, pk_count=2)
        testing.assert_not_called(recording, greet, action="pre_add")
        testing.assert_not_called(recording, greet, pk_count=3)
        assert "Did you mean pk_count?" in refusal(
            testing.assert_called, recording, greet, pk_set={5, 6}
        )

    def test_instances_under_other_names(self, connect):
        """A signal of one's own may carry a model instance under any name."""
        connect(opened, greet)
        with signalscope.record() as recording:
            opened.send(sender=None, note=Note(pk=7))
            opened.send(sender=None)
        testing.assert_called(recording, greet, times=1, note=Note(pk=7))
        testing.assert_called(recording, greet, times=1, note="testapp.Note pk=7")
        message = failure(testing.assert_called, recording, greet, note=Note(pk=8))
        assert "note=testapp.Note pk=7, not testapp.Note pk=8" in message
        assert "opened  no note  at" in message
        testing.assert_not_called(recording, greet, tag=Tag(pk=7))

    def test_asked_of_a_recording_that_was_saved(self, saves):
        """The assertions hold for what `from_dict` brings back."""
        again = signalscope.Recording.from_dict(saves.to_dict())
        testing.assert_called(again, greet, times=1, update_fields=["title", "tags"])
        testing.assert_called(again, greet, times=1, sender=Tag, instance=Tag(pk=3))
        testing.assert_not_sent(again, post_delete)


CALLED = testing.assert_called, testing.assert_not_called
SENT = testing.assert_sent, testing.assert_not_sent


def check_counts(assertions, recording, subject, asked, count):
    """Ask for `count`, for others, for any and for none."""
    positive, negative = assertions
    positive(recording, subject, times=count, **asked)
    for other in {0, 1, 2, 3, 4} - {count}:
        failure(positive, recording, subject, times=other, **asked)
    if count:
        positive(recording, subject, **asked)
        failure(negative, recording, subject, **asked)
    else:
        failure(positive, recording, subject, **asked)
        negative(recording, subject, **asked)


class TestSent:
    @pytest.mark.parametrize(
        ("signal", "asked", "count"),
        [
            (opened, {}, 2),
            ("opened", {}, 2),
            (f"{HERE}.opened", {"sender": str}, 1),
            (opened, {"sender": "int"}, 1),
            (closed, {"sender": int}, 0),
            (audited, {}, 0),
            ("no.such.signal", {}, 0),
        ],
    )
    def test_sends_are_counted_as_asked(self, day, signal, asked, count):
        """A send counts once, however many receivers it has."""
        check_counts(SENT, day, signal, asked, count)

    @pytest.mark.parametrize(
        ("asked", "count"),
        [
            ({"created": True}, 2),
            ({"created": True, "sender": Note}, 1),
            ({"instance": Note(pk=3), "created": False}, 0),
        ],
    )
    def test_kwargs_are_compared(self, saves, asked, count):
        """As with calls."""
        check_counts(SENT, saves, post_save, asked, count)

    @pytest.mark.parametrize(
        ("signal", "asked", "count"),
        [
            (audited, {}, 3),
            ("audited", {"sender": "str"}, 2),
            (audited, {"sender": str}, 2),
            (audited, {"sender": float}, 0),
            (opened, {}, 3),
            (opened, {"sender": float}, 1),
            (closed, {}, 1),
        ],
    )
    def test_sends_without_receivers_count_where_noted(self, day, signal, asked, count):
        """They are no dispatches, yet they were sent."""
        check_counts(SENT, unheard(day), signal, asked, count)

    def test_kwargs_of_unheard_sends_are_not_known(self, day):
        """So they neither count nor are they ruled out."""
        recording = unheard(day)
        for message in (
            failure(testing.assert_sent, recording, audited, created=True),
            failure(testing.assert_not_sent, recording, audited, created=True),
            failure(testing.assert_sent, recording, audited, times=1, created=True),
        ):
            assert "It was sent 3 times to no receiver, and the kwargs of a send without" in message
            assert titles(message) == []
        assert first_line(message) == (
            f"It cannot be known whether {HERE}.audited was sent once with created=True"
        )
        testing.assert_not_sent(recording, audited, float, created=True)

    def test_the_message_lists_unheard_sends(self, day):
        """With their number."""
        message = failure(testing.assert_not_sent, unheard(day), audited)
        assert first_line(message) == f"{HERE}.audited was sent 3 times, but should not have been"
        assert "\n    2 × audited str  to no receiver\n" in message
        message = failure(testing.assert_sent, unheard(day), audited, float)
        assert "2 × audited str  sender=str, not float  to no receiver" in message


def unheard(recording):
    """Return the recording as one that noted sends without receivers."""
    noted = {
        (f"{HERE}.audited", "str"): 2,
        (f"{HERE}.audited", None): 1,
        (f"{HERE}.opened", "float"): 1,
    }
    return Elsewhere(recording, unheard=noted)


class TestMessages:
    def test_a_receiver_that_did_not_run(self, day):
        """The nearest names of those that ran, and the tree."""
        message = failure(testing.assert_called, day, "shop.count_vistors")
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
        message = failure(testing.assert_called, recording, "x.paint_walls_redd")
        nearest = ["paint_walls_red", "paint_walls_redder", "paint_walls"]
        assert f"Nearest names: {', '.join(f'{HERE}.{name}' for name in nearest)}\n" in message

    def test_a_place_that_is_not_known(self, day):
        """Then none is given."""
        saved = day.to_dict()
        for entry in saved["dispatches"]:
            entry["location"] = None
        again = signalscope.Recording.from_dict(saved)
        message = failure(testing.assert_not_called, again, sweep)
        assert message.splitlines()[2] == "    closed str"

    def test_no_name_is_near(self, day):
        """Then none is shown."""
        message = failure(testing.assert_called, day, "xyz")
        assert message.splitlines()[:2] == ["xyz was not called", "  Recorded:"]

    def test_nothing_ran(self):
        """That, too, is said."""
        with signalscope.record() as recording:
            pass
        message = failure(testing.assert_called, recording, greet)
        assert "  No receiver was called at all." in message
        assert "  No signal was sent to any receiver." in failure(
            testing.assert_sent, recording, opened
        )

    def test_the_nearest_signals(self, day):
        """Of those that were sent."""
        message = failure(testing.assert_sent, day, "shop.signals.openned")
        assert f"\n  Nearest names: {HERE}.opened\n" in message

    def test_a_call_with_other_kwargs(self, saves):
        """The differences, the nearest first, and where it was sent."""
        message = failure(
            testing.assert_called, saves, greet, signal=post_save, sender=Note, raw=False, using="x"
        )
        assert first_line(message) == (
            f"{HERE}.greet was not called for post_save from testapp.Note with raw=False, using='x'"
        )
        at = rf"at {re.escape(__file__)}:\d+"
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
        message = failure(testing.assert_called, saves, sweep, signal=post_save, created=True)
        assert "pre_save testapp.Note  signal=pre_save, not post_save; no created  at" in message
        message = failure(testing.assert_called, saves, sweep, signal="shop.pre_save")
        assert "signal=django.db.models.signals.pre_save, not shop.pre_save" in message

    def test_a_wrong_number(self, saves):
        """Both numbers; the calls as asked, and the others only where some are missing."""
        message = failure(testing.assert_called, saves, greet, times=3, created=True)
        assert first_line(message) == (
            f"{HERE}.greet was called 2 times with created=True, not 3 times"
        )
        assert "As asked:" in message
        assert "created=False, not True" in message
        message = failure(testing.assert_called, saves, greet, times=1, created=True)
        assert first_line(message) == f"{HERE}.greet was called 2 times with created=True, not once"
        assert "created=False" not in message.partition("Recorded:")[0]
        message = failure(testing.assert_called, saves, lock_up, times=2)
        assert first_line(message) == f"{HERE}.lock_up was not called, but should have been 2 times"

    def test_a_call_that_should_not_be(self, saves):
        """What was sent, and from where."""
        message = failure(testing.assert_not_called, saves, greet, update_fields=["tags", "title"])
        assert first_line(message) == (
            f"{HERE}.greet was called once with update_fields={{'tags', 'title'}}, "
            "but should not have been"
        )
        facts = "post_save testapp.Note  instance=testapp.Note pk=4, created=False, raw=False"
        assert facts in message
        assert f"at {__file__}:" in message
        assert titles(message) == ["As asked:"]
        message = failure(testing.assert_called, saves, greet, times=4)
        assert titles(message) == ["As asked:"]

    def test_a_send_that_should_not_be(self, saves):
        """Only what is as asked; neither other sends nor names."""
        message = failure(testing.assert_not_sent, unheard(saves), post_save, Tag)
        assert first_line(message) == (
            "django.db.models.signals.post_save was sent once by testapp.Tag, "
            "but should not have been"
        )
        assert titles(message) == ["As asked:"]
        assert "Note" not in message.partition("Recorded:")[0]

    def test_a_send_by_another(self, saves):
        """Sends of the same signal only, and no names where there are some."""
        message = failure(testing.assert_sent, unheard(saves), post_save, int)
        assert titles(message) == ["Not as asked:"]
        assert "    2 × post_save testapp.Note  sender=testapp.Note, not int  at" in message
        assert "    post_save testapp.Tag  sender=testapp.Tag, not int  at" in message
        assert "audited" not in message
        assert "pre_save" not in message.partition("Recorded:")[0]
        message = failure(testing.assert_sent, saves, pre_save, times=2)
        assert titles(message) == ["As asked:"]
        message = failure(testing.assert_not_sent, unheard(saves), audited, str)
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
            message = failure(testing.assert_called, recording, receiver)
            assert "\n  Connected, but not called:\n    muted: opened str  at " in message
            assert "Nearest" not in message
        message = failure(testing.assert_called, recording, count_visitors, sender=int)
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
        testing.assert_called(recording, ran)
        message = failure(testing.assert_called, recording, given)
        assert "twin is another object than the one given here" in message
        testing.assert_called(recording, "make.<locals>.twin")

    def test_what_nothing_listened_to(self, day):
        """A receiver that did not run may not have been connected."""
        message = failure(testing.assert_called, unheard(day), lock_up, signal=audited)
        assert "\n  Sent, but nothing listened:\n    2 × audited str\n    audited\n" in message
        assert "audited" not in failure(testing.assert_called, unheard(day), lock_up, signal=opened)

    def test_long_messages_are_cut(self, connect):
        """At sixty lines of the tree, and eight of a list."""
        connect(opened, greet)
        with signalscope.record() as recording:
            for number in range(50):
                opened.send(sender=f"visitor {number}")
        lines = failure(testing.assert_not_called, recording, greet).splitlines()
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
        lines = failure(testing.assert_not_called, recording, greet, sender="visitor *")
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
            failure(testing.assert_called, recording, greet, **asked)
        assert "using=<Note>" in failure(testing.assert_called, recording, greet, using=Note(pk=5))

    def test_names_are_not_imported(self, day):
        """Importing a module could connect the very receiver."""
        sys.modules.pop("this", None)
        failure(testing.assert_called, day, "this.greet", signal="this.opened", sender="this.Book")
        assert "this" not in sys.modules


class TestRefusals:
    @pytest.mark.parametrize("assertion", [testing.assert_called, testing.assert_not_called])
    def test_what_recordings_never_keep_is_refused(self, saves, assertion):
        """It must neither pass nor look like a failure; the message lists what is kept."""
        message = refusal(assertion, saves, greet, quantity=3)
        assert "'quantity'" in message
        assert ", ".join(testing.KEPT) in message
        assert "Did you mean" not in message
        assert "Did you mean created?" in refusal(assertion, saves, greet, create=True)
        assert "'title'" in refusal(assertion, saves, greet, title="War and Peace")
        assert "instance=3" in refusal(assertion, saves, greet, instance=3)

    @pytest.mark.parametrize("assertion", [testing.assert_sent, testing.assert_not_sent])
    def test_also_of_signals(self, saves, assertion):
        """As with calls."""
        assert "'quantity'" in refusal(assertion, saves, post_save, quantity=3)

    @pytest.mark.parametrize(
        ("assertion", "args"),
        [
            (testing.assert_called, (None,)),
            (testing.assert_not_called, (None,)),
            (testing.assert_sent, (None,)),
            (testing.assert_not_sent, (None,)),
            (testing.assert_order, (greet, None)),
            (testing.assert_order, (greet,)),
            (testing.assert_order, ()),
        ],
    )
    def test_nothing_to_ask_for(self, day, assertion, args):
        """None, which elsewhere stands for any, would pass by mistake."""
        refusal(assertion, day, *args)

    def test_the_list_of_what_is_kept_is_true(self, connect):
        """All of it is kept, and no other argument is."""
        connect(opened, greet)
        given = {
            "action": "post_add",
            "created": True,
            "instance": Note(pk=1),
            "pk_set": {1},
            "raw": False,
            "reverse": False,
            "update_fields": None,
            "using": "default",
            "quantity": 3,
            "title": "x",
            "price": Decimal(1),
            "origin": "y",
        }
        with signalscope.record() as recording:
            opened.send(sender=None, **given)
        assert sorted(recording.dispatches[0].kwargs) == sorted(testing.KEPT)


class TestDoubt:
    """What cannot be known neither passes nor is called untrue."""

    def test_dropped_records_leave_calls_open(self, day):
        """Absence and exact numbers cannot be told; a call that is there, and one too many, can."""
        recording = with_dropped(day)
        testing.assert_called(recording, greet)
        testing.assert_sent(recording, opened)
        for message in (
            failure(testing.assert_not_called, recording, lock_up),
            failure(testing.assert_called, recording, greet, times=2),
            failure(testing.assert_called, recording, greet, times=5),
            failure(testing.assert_not_sent, recording, audited),
            failure(testing.assert_sent, recording, opened, times=2),
        ):
            assert message.startswith("It cannot be known whether ")
            assert "\n  3 records found no room, so that absence proves nothing." in message
            assert 'SIGNALSCOPE["MAX_RECORDS"]' in message
        message = failure(testing.assert_not_called, recording, lock_up)
        assert first_line(message) == f"It cannot be known whether {HERE}.lock_up was not called"
        message = failure(testing.assert_called, recording, greet, times=2)
        assert first_line(message) == f"It cannot be known whether {HERE}.greet was called 2 times"
        for message in (
            failure(testing.assert_not_called, recording, greet),
            failure(testing.assert_called, recording, greet, times=1),
            failure(testing.assert_sent, recording, opened, times=1),
        ):
            assert " was " in first_line(message)
            assert "cannot" not in first_line(message)

    def test_a_missing_call_may_have_been_dropped(self, day):
        """It was not recorded, and the message says what that is worth."""
        message = failure(testing.assert_called, with_dropped(day), lock_up)
        assert first_line(message) == f"{HERE}.lock_up was not called"
        assert "3 records found no room" in message
        assert "room" not in failure(testing.assert_called, day, lock_up)

    def test_a_real_recording_that_was_full(self, connect, settings):
        """`dropped` of a recording is what counts."""
        settings.SIGNALSCOPE = {"MAX_RECORDS": 1}
        connect(opened, greet)
        with signalscope.record() as recording:
            opened.send(sender=None)
            opened.send(sender=None)
        message = failure(testing.assert_called, recording, greet, times=1)
        assert "1 record found no room" in message

    @pytest.mark.parametrize(
        ("assertion", "args"),
        [
            (testing.assert_order, (greet, sweep)),
            (testing.assert_no_recursion, ()),
            (testing.assert_max_queries, (3,)),
            (testing.assert_no_findings, ()),
        ],
    )
    def test_dropped_records_leave_the_rest_open(self, day, assertion, args):
        """What passes with everything recorded is not known without."""
        assertion(Elsewhere(day, findings=[]), *args)
        message = failure(assertion, Elsewhere(day, findings=[], dropped=3), *args)
        assert message.startswith("It cannot be known whether ")
        assert message.count("3 records found no room") == 1

    def test_flags_that_others_send_in_another_form(self, connect):
        """A custom signal's ``created=1`` is not kept, and may be what was asked for."""
        connect(opened, greet)
        with signalscope.record() as recording:
            opened.send(sender=None, created=1)
        for message in (
            failure(testing.assert_not_called, recording, greet, created=True),
            failure(testing.assert_called, recording, greet, created=True),
            failure(testing.assert_called, recording, greet, times=0, created=True),
        ):
            assert "1 more may be as asked; what is kept of them cannot tell." in message
            assert "opened  created was not sent, or in no form that is kept  at" in message
        assert titles(message) == ["Perhaps as asked:"]
        testing.assert_not_called(recording, greet, sender=int, created=True)

    def test_numbers_of_keys_that_are_not_known(self, connect):
        """Not every `pk_set` has a length."""
        connect(opened, greet)
        with signalscope.record() as recording:
            opened.send(sender=None, pk_set=iter(()))
        failure(testing.assert_called, recording, greet, pk_count=0)
        assert "pk_count is not known" in failure(
            testing.assert_not_called, recording, greet, pk_count=0
        )

    @pytest.mark.parametrize(
        ("sent", "asked"),
        [
            (None, Note(pk=3)),
            (3, Note()),
            (None, Note()),
            (SimpleNamespace(), Note(pk=3)),
        ],
    )
    def test_instances_without_a_key(self, connect, sent, asked):
        """Before it is saved, an instance cannot be told from others; its label can be asked for.

        Nor can one whose key is of a type that the label does not spell out.
        """
        connect(pre_save, greet)
        with signalscope.record() as recording:
            saved(sent, signal=pre_save)
        failure(testing.assert_called, recording, greet, instance=asked)
        message = failure(testing.assert_not_called, recording, greet, instance=asked)
        assert message.startswith("It cannot be known whether ")
        label = recording.dispatches[0].kwargs["instance"]
        assert f"to ask for just that: instance={label!r}" in message
        testing.assert_called(recording, greet, instance=label)
        testing.assert_not_called(recording, greet, instance=Tag(pk=3))

    def test_instances_whose_key_was_not_read(self, connect):
        """A deferred key leaves the model alone."""
        connect(opened, greet)
        note = Note()
        del note.__dict__["id"]
        with signalscope.record() as recording:
            opened.send(sender=None, instance=note)
        failure(testing.assert_called, recording, greet, instance="testapp.Note pk=3")
        failure(testing.assert_not_called, recording, greet, instance="testapp.Note pk=3")
        testing.assert_called(recording, greet, instance="testapp.Note")
        testing.assert_not_called(recording, greet, instance="testapp.Tag pk=3")


class TestOrder:
    @pytest.mark.parametrize(
        "receivers",
        [
            (greet, count_visitors),
            (greet, sweep),
            (greet, "count_visitors", sweep),
            ("*.count_visitors", sweep),
        ],
    )
    def test_the_order_of_first_calls(self, day, receivers):
        """As asked it passes; with any two exchanged it fails, though later calls may fit."""
        testing.assert_order(day, *receivers)
        message = failure(testing.assert_order, day, *reversed(receivers))
        assert " was first called after " in first_line(message)

    def test_the_message_shows_both_orders(self, day):
        """Asked, and as it was."""
        message = failure(testing.assert_order, day, greet, sweep, count_visitors)
        assert message.splitlines()[:4] == [
            f"{HERE}.sweep was first called after {HERE}.count_visitors",
            f"  asked: {HERE}.greet → {HERE}.sweep → {HERE}.count_visitors",
            f"  was:   {HERE}.greet → {HERE}.count_visitors → {HERE}.sweep",
            "  Recorded:",
        ]

    def test_one_of_them_did_not_run(self, day):
        """Then there is no order; the nearest names help."""
        message = failure(testing.assert_order, day, greet, "shop.sweeep")
        assert first_line(message) == "shop.sweeep was not called, so that there is no order"
        assert f"  was:   {HERE}.greet\n" in message
        assert f"  Nearest names: {HERE}.sweep" in message
        assert "was:   none of them" in failure(testing.assert_order, day, "x.y", "x.z")

    def test_two_names_of_one(self, day):
        """Nothing comes before itself."""
        message = failure(testing.assert_order, day, greet, "test_testing.greet")
        assert "are one receiver" in first_line(message)

    def test_a_receiver_that_wraps_another_comes_first(self, connect):
        """The order is that in which they begin."""

        def outer(**_):
            closed.send(sender=None)

        connect(opened, outer)
        connect(closed, sweep)
        with signalscope.record() as recording:
            opened.send(sender=None)
        testing.assert_order(recording, outer, sweep)
        failure(testing.assert_order, recording, sweep, outer)


class TestRecursion:
    def test_nesting_is_no_recursion(self, day):
        """Nor are two sends one after the other."""
        testing.assert_no_recursion(day)

    def test_the_cycle_is_spelt_out(self, connect):
        """From the first entry back to itself."""

        def ping(depth=0, **_):
            closed.send(sender=int, depth=depth)

        def pong(depth, **_):
            if depth < 1:
                opened.send(sender=str, depth=depth + 1)

        connect(opened, ping)
        connect(closed, pong)
        with signalscope.record() as recording:
            opened.send(sender=str)
        message = failure(testing.assert_no_recursion, recording)
        assert first_line(message) == (
            "opened str, closed int were sent again by their own receivers"
        )
        here = f"{HERE}.TestRecursion.test_the_cycle_is_spelt_out.<locals>"
        cycle = f"opened str → {here}.ping → closed int → {here}.pong → opened str  at {__file__}:"
        assert message.splitlines()[1].startswith(f"  {cycle}")
        assert "RECURSION" in message

    def test_one_signal(self, connect):
        """Equal cycles are counted."""

        def again(depth=0, **_):
            if depth < 3:
                opened.send(sender=str, depth=depth + 1)

        connect(opened, again)
        with signalscope.record() as recording:
            opened.send(sender=str)
        message = failure(testing.assert_no_recursion, recording)
        assert first_line(message) == "opened str was sent again by its own receivers"
        assert message.splitlines()[1].startswith("  3 × opened str → ")


@pytest.mark.django_db
class TestQueries:
    @pytest.fixture
    def queries(self, connect):
        """Record greet with three queries in two calls, and sweep with one."""

        def run(number):
            with connection.cursor() as cursor:
                for _ in range(number):
                    cursor.execute("SELECT 1 + %s", [number])

        def busy(number, **_):
            run(number)

        def modest(**_):
            run(1)

        connect(opened, greet)
        connect(opened, busy)
        connect(closed, modest)
        with signalscope.record() as recording:
            opened.send(sender=None, number=2)
            opened.send(sender=None, number=1)
            closed.send(sender=None)
            run(5)
        return recording

    def test_the_number_of_queries(self, queries):
        """Of all receivers, and of one; not what ran outside of receivers."""
        testing.assert_max_queries(queries, 4)
        testing.assert_max_queries(queries, 3, "busy")
        testing.assert_max_queries(queries, 1, receiver="modest")
        message = failure(testing.assert_max_queries, queries, 3)
        assert first_line(message) == "Receivers ran 4 queries, where at most 3 may be"
        here = f"{HERE}.TestQueries.queries.<locals>"
        assert message.splitlines()[1:5] == [
            f"  {here}.busy: 3 queries in 2 calls",
            "    2 × SELECT 1 + %s",
            f"  {here}.modest: 1 query in 1 call",
            "  Recorded:",
        ]
        message = failure(testing.assert_max_queries, queries, 0, "modest")
        assert first_line(message) == "modest ran 1 query, where at most 0 may be"
        assert "busy: 3" not in message

    def test_long_statements_are_cut(self, connect):
        """At a hundred characters."""

        def verbose(**_):
            with connection.cursor() as cursor:
                for _ in range(2):
                    cursor.execute("SELECT " + " + ".join(["1"] * 60))

        connect(opened, verbose)
        with signalscope.record() as recording:
            opened.send(sender=None)
        line = failure(testing.assert_max_queries, recording, 1).splitlines()[2]
        assert line.startswith("    2 × SELECT 1 + 1")
        assert line.endswith(" …")
        assert 95 < len(line.removeprefix("    2 × ")) <= 100

    def test_queries_that_were_not_counted(self, connect):
        """That is no pass."""
        connect(opened, greet)
        with signalscope.record(queries=False) as recording:
            opened.send(sender=None)
        message = refusal(testing.assert_max_queries, recording, 100)
        assert "queries=True" in message

    def test_a_receiver_that_did_not_run(self, queries):
        """A name with a slip in it has no budget to keep."""
        message = failure(testing.assert_max_queries, queries, 100, "modesty")
        assert first_line(message) == "modesty was not called, so that its queries tell nothing"
        assert "modest" in message.splitlines()[1]


class TestFindings:
    @pytest.fixture
    def found(self, day):
        """Two findings of one rule and one of another."""
        findings = [
            SimpleNamespace(id="W101", message="post_save recursed"),
            SimpleNamespace(id="W104", message="SELECT, five times\nin one call"),
            SimpleNamespace(id="W101", message="post_save recursed"),
        ]
        return Elsewhere(day, findings=findings)

    def test_findings_fail(self, found):
        """All, or those that are named; the message has theirs."""
        testing.assert_no_findings(found, "W105", "W109")
        message = failure(testing.assert_no_findings, found)
        assert message.splitlines()[:5] == [
            "3 findings, where none may be: W101, W104",
            "  2 × W101 post_save recursed",
            "  W104 SELECT, five times",
            "  in one call",
            "  Recorded:",
        ]
        message = failure(testing.assert_no_findings, found, "W104", "W105")
        assert first_line(message) == "1 finding, where none may be: W104"
        assert "W101" not in message

    def test_no_findings_pass(self, day):
        """Named or not."""
        testing.assert_no_findings(Elsewhere(day, findings=[]))
        testing.assert_no_findings(Elsewhere(day, findings=()), "W101")

    def test_a_recording_without_rules(self, day):
        """No rule has looked, so nothing is known."""
        assert "no rule has looked" in refusal(
            testing.assert_no_findings, Elsewhere(day, findings=None)
        )

    @pytest.mark.parametrize("wrong", ["recursion", "W1O1", "signalscope.W101", ""])
    def test_what_is_no_id(self, found, wrong):
        """It would pass for ever."""
        assert repr(wrong) in refusal(testing.assert_no_findings, found, wrong)


class TestTracebacks:
    @pytest.mark.parametrize(
        ("assertion", "args", "kwargs", "error"),
        [
            (testing.assert_called, (lock_up,), {}, AssertionError),
            (testing.assert_called, (greet,), {"quantity": 1}, SignalscopeError),
            (testing.assert_called, (None,), {}, SignalscopeError),
            (testing.assert_not_called, (greet,), {}, AssertionError),
            (testing.assert_sent, (audited,), {}, AssertionError),
            (testing.assert_not_sent, (opened,), {}, AssertionError),
            (testing.assert_order, (sweep, greet), {}, AssertionError),
            (testing.assert_order, (sweep,), {}, SignalscopeError),
            (testing.assert_max_queries, (-1,), {}, AssertionError),
            (testing.assert_no_findings, ("x",), {}, SignalscopeError),
        ],
    )
    def test_pytest_shows_the_line_of_the_test(self, day, assertion, args, kwargs, error):
        """The frames of the assertions are hidden."""
        with pytest.raises(error) as caught:
            assertion(Elsewhere(day, findings=[]), *args, **kwargs)
        shown = caught.traceback.filter(caught)
        assert [str(entry.path) for entry in shown] == [__file__]

    def test_so_does_unittest(self, day):
        """It leaves the frames of the assertions out as well."""

        class Case(unittest.TestCase):
            def runTest(self):  # noqa: N802 - unittest's name
                testing.assert_called(day, lock_up)

        result = unittest.TestResult()
        Case().run(result)
        ((_, text),) = result.failures
        assert __file__ in text
        assert testing.__file__ not in text

    def test_recursion_hides_its_frames_too(self, connect):
        """As the others do."""

        def again(depth=0, **_):
            if depth < 1:
                opened.send(sender=str, depth=depth + 1)

        connect(opened, again)
        with signalscope.record() as recording:
            opened.send(sender=str)
        with pytest.raises(AssertionError) as caught:
            testing.assert_no_recursion(recording)
        assert [str(entry.path) for entry in caught.traceback.filter(caught)] == [__file__]

    def test_every_assertion_is_public(self):
        """And none is left out of the list."""
        functions = {
            name
            for name, value in vars(testing).items()
            if inspect.isfunction(value) and name.startswith("assert_")
        }
        assert functions == {name for name in testing.__all__ if name.startswith("assert_")}


class TestConnected:
    @pytest.fixture(autouse=True)
    def _wired(self):
        lit.connect(lights, sender=int)
        lit.connect(shines)
        yield
        lit.disconnect(lights, sender=int)
        lit.disconnect(shines)

    def test_passes_where_it_is(self):
        """By function or name; muted or not."""
        testing.assert_connected(lights)
        testing.assert_connected(f"{__name__}.lights", lit, int)
        testing.assert_connected(shines, f"{__name__}.lit", str)
        testing.assert_not_connected(lights, lit, str)
        with pytest.raises(SignalscopeError, match="no loaded module defines it"):
            testing.assert_not_connected("no.such.receiver")
        with signalscope.muted():
            testing.assert_connected(lights)

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            (("ligts",), "Did you mean tests.unit.test_testing.lights"),
            ((f"{__name__}.lights", "lit", str), "for int, not for str"),
            ((f"{__name__}.lights", post_save), "to lit for int, not to post_save"),
            ((f"{__name__}.lights", "lit", str), f"Connected to it:\n  {__name__}.lights for int"),
        ],
    )
    def test_fails_with_what_is(self, asked, says):
        """What it is connected to, the nearest name, its neighbours."""
        with pytest.raises(AssertionError) as caught:
            testing.assert_connected(*asked)
        assert says in str(caught.value)

    def test_not_connected_fails_with_the_place(self):
        with pytest.raises(AssertionError, match="runs when lit is sent:\n- It is connected to"):
            testing.assert_not_connected(lights, lit)


lit = Signal()


def lights(**_):
    """Do nothing."""


def shines(**_):
    """Do nothing."""


class TestWhatARecordingDoesNotLookFor:
    @pytest.mark.parametrize(
        "asks",
        [
            lambda recording: recording.assert_not_sent(closed),
            lambda recording: recording.assert_not_sent(f"{HERE}.closed"),
            lambda recording: recording.assert_sent(closed),
            lambda recording: recording.assert_not_called(greet, signal=closed),
        ],
        ids=["not_sent", "by_name", "sent", "not_called"],
    )
    def test_is_no_answer(self, asks):
        """What it never looked for is not what did not happen."""
        with signalscope.record(opened) as recording:
            opened.send(sender=None)
        with pytest.raises(
            SignalscopeError, match=r"does not look for tests.*closed, so it cannot"
        ):
            asks(recording)
        recording.assert_not_called(greet, signal=opened)

    def test_holds_for_what_is_denied(self):
        """As ``pre_init`` is unless it is named."""
        with signalscope.record() as recording:
            Tag(name="a")
        with pytest.raises(SignalscopeError, match=r"does not look for django.*pre_init"):
            recording.assert_not_sent(pre_init)
        with signalscope.record(pre_init) as recording:
            pass
        recording.assert_not_sent(pre_init)

    def test_a_name_that_no_signal_has_is_not_sent(self):
        with signalscope.record(opened) as recording:
            pass
        recording.assert_not_sent("no.such.signal")
