"""A stand-in is called for a connected receiver, in one context, and nothing is touched."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
import unittest
from unittest import mock

import pytest
from django.dispatch import Signal

import signalscope
from signalscope.testing import replaced

noted = Signal(use_caching=True)
followed = Signal()
HERE = __name__
SENDS = ("send", "send_robust", "asend", "asend_robust")


class Listener:
    def hear(self, **_):
        return "method"


class Callable:
    def __call__(self, **_):
        return "object"


def one(sender, **_):
    """Return a name."""
    return "one"


def two(**_):
    """Return a name."""
    return "two"


async def three(**_):
    """Return a name, later."""
    return "three"


def stand_in(**_):
    return "stand-in"


async def async_stand_in(**_):
    return "async stand-in"


listener, held = Listener(), Callable()
part = functools.partial(two)


@pytest.fixture(autouse=True)
def _wired():
    wired = [
        (noted, one, None, "uid"),
        (noted, two, None, None),
        (noted, three, None, None),
        (followed, one, int, None),
    ]
    for signal, receiver, sender, uid in wired:
        signal.connect(receiver, sender=sender, dispatch_uid=uid)
    yield
    for signal, receiver, sender, uid in wired:
        signal.disconnect(receiver, sender=sender, dispatch_uid=uid)


def answers(signal=noted, method="send"):
    async def send():
        return await getattr(signal, method)(sender=int, extra=1)

    if method.startswith("a"):
        sent = asyncio.run(send())
    else:
        sent = getattr(signal, method)(sender=int, extra=1)
    return [response for _, response in sent]


@pytest.mark.parametrize("method", SENDS)
class TestIsCalled:
    def test_in_its_place_with_its_arguments(self, method):
        """And the other receivers as ever."""
        with replaced(one, by=mock.Mock(return_value="mock")) as ours:
            assert answers(method=method) == ["mock", "two", "three"]
        ours.assert_called_once_with(signal=noted, sender=int, extra=1)
        assert answers(method=method) == ["one", "two", "three"]

    @pytest.mark.parametrize("by", [stand_in, async_stand_in, mock.Mock(return_value=3)])
    def test_for_an_asynchronous_one(self, method, by):
        """By a function of either kind."""
        with replaced(three, by=by):
            (_, _, last) = answers(method=method)
        assert last == ("stand-in" if by is stand_in else 3 if by is not async_stand_in else last)
        assert last != "three"

    def test_by_its_name_on_every_signal(self, method):
        with replaced(f"{HERE}.one", by=stand_in):
            assert answers(method=method) == ["stand-in", "two", "three"]
            assert answers(followed, method) == ["stand-in"]

    def test_what_it_raises_counts_as_the_receivers(self, method):
        with replaced(one, by=mock.Mock(side_effect=ValueError("no"))):
            if method.endswith("robust"):
                error, *others = answers(method=method)
                assert isinstance(error, ValueError)
                assert others == ["two", "three"]
            else:
                with pytest.raises(ValueError, match="no"):
                    answers(method=method)

    def test_a_recording_names_the_receiver_and_who_stood_in(self, method):
        with signalscope.record() as recording, replaced(one, by=stand_in):
            answers(method=method)
        recording.assert_called(one, times=1)
        recording.assert_called(f"{HERE}.one", times=1)
        (call,) = recording.calls(one)
        assert (call.receiver_name, call.replaced_by) == (f"{HERE}.one", f"{HERE}.stand_in")
        assert [each.replaced_by for each in recording.calls(two)] == [None]
        assert f"{HERE}.one  (replaced by {HERE}.stand_in)" in recording.tree()
        saved = signalscope.Recording.from_dict(json.loads(json.dumps(recording.to_dict())))
        assert saved.calls(f"{HERE}.one")[0].replaced_by == f"{HERE}.stand_in"


class TestStandsFor:
    @pytest.mark.parametrize(
        ("receiver", "answer"),
        [(listener.hear, "method"), (held, "object"), (part, "two")],
    )
    def test_methods_objects_and_partials(self, receiver, answer):
        signal = Signal()
        signal.connect(receiver, weak=False)
        with replaced(receiver, by=stand_in):
            assert answers(signal) == ["stand-in"]
        assert answers(signal) == [answer]

    def test_the_method_of_one_object(self):
        """That of another is called as ever."""
        signal, other = Signal(), Listener()
        signal.connect(listener.hear)
        signal.connect(other.hear)
        with replaced(other.hear, by=stand_in):
            assert answers(signal) == ["method", "stand-in"]

    def test_the_innermost_counts(self):
        with replaced(one, by=stand_in):
            with replaced(one, by=lambda **_: "inner"):
                assert answers(followed) == ["inner"]
            assert answers(followed) == ["stand-in"]

    def test_what_is_muted_stays_muted(self):
        with replaced(one, by=stand_in), signalscope.muted(receiver=one):
            assert answers(followed) == []
            assert answers() == ["two", "three"]

    def test_in_this_context_only(self):
        """Other threads call the receiver; what is started inside calls the stand-in."""
        found = []
        with replaced(one, by=stand_in):
            thread = threading.Thread(target=lambda: found.append(answers(followed)))
            thread.start()
            thread.join()

            async def task():
                return [response for _, response in await followed.asend(sender=int)]

            assert asyncio.run(task()) == ["stand-in"]
        assert found == [["one"]]

    def test_nothing_of_the_signal_is_touched(self):
        items, receivers = list(noted.receivers), noted.receivers
        with replaced(one, by=stand_in):
            assert noted.receivers is receivers
            assert noted.receivers == items
            answers()
        assert noted.receivers == items

    def test_a_mock_with_the_receivers_own_signature(self):
        """A call that the receiver would not take fails with the mock, too."""
        with replaced(one) as ours:
            assert answers(followed) == [None]
            ours.assert_called_once_with(signal=followed, sender=int, extra=1)
            with pytest.raises(TypeError, match="sender"):
                ours()
        with replaced(three) as ours:
            assert answers() == ["one", "two", None]
            ours.assert_awaited_once()


class TestDecorator:
    def test_of_functions_and_classes(self):
        @replaced(one, by=stand_in)
        def sync():
            return answers(followed)

        @replaced(one, by=stand_in)
        async def asynchronous():
            return [response for _, response in await followed.asend(sender=int)]

        told = []

        @replaced(one, by=stand_in)
        class Tests(unittest.TestCase):
            def test_it(self):
                told.append(answers(followed))

        assert sync() == asyncio.run(asynchronous()) == ["stand-in"]
        unittest.defaultTestLoader.loadTestsFromTestCase(Tests).run(unittest.TestResult())
        assert told == [["stand-in"]]
        assert answers(followed) == ["one"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: replaced(noted), "takes a receiver or its dotted name, .* django.dispatch"),
        (lambda: replaced(3), "got a value of type int"),
        (lambda: replaced(one, by=3), "takes what can be called"),
        (lambda: replaced(one)(one), "As a decorator, replaced.. needs the stand-in"),
        (lambda: replaced("on.one").__enter__(), "No receiver 'on.one' is connected.*Did you mean"),
        (lambda: replaced("xyz.q").__enter__(), "Is its module imported, and does it connect"),
        (lambda: replaced(one, by=async_stand_in).__enter__(), "one is synchronous"),
        (lambda: replaced(one, by=mock.AsyncMock()).__enter__(), "nobody would await"),
    ],
)
def test_wrong_use_says_what_to_do(wrong, says):
    """Before the program runs, and nothing stays behind."""
    with pytest.raises(signalscope.SignalscopeError, match=says):
        wrong()
    assert answers() == ["one", "two", "three"]
