"""Muting skips receivers in one context, and touches nothing."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import unittest

import pytest
from django.dispatch import Signal

import signalscope

noted = Signal(use_caching=True)
followed = Signal()
SENDS = ("send", "send_robust", "asend", "asend_robust")


def one(**_):
    """Return a name."""
    return "one"


def two(**_):
    """Return a name."""
    return "two"


async def three(**_):
    """Return a name, later."""
    await asyncio.sleep(0)
    return "three"


@pytest.fixture(autouse=True)
def wired():
    """Connect the receivers of this module."""
    noted.connect(one)
    noted.connect(two, sender=int, dispatch_uid="second")
    noted.connect(three)
    followed.connect(one)
    yield
    noted.disconnect(one)
    noted.disconnect(sender=int, dispatch_uid="second")
    noted.disconnect(three)
    followed.disconnect(one)


def heard(signal=noted, method="send"):
    """Send, and return who answered."""

    async def send():
        return await getattr(signal, method)(sender=int)

    sent = asyncio.run(send()) if method.startswith("a") else getattr(signal, method)(sender=int)
    return {response for _, response in sent}


@pytest.mark.parametrize("method", SENDS)
class TestWhatIsSkipped:
    @pytest.mark.parametrize(
        ("arguments", "answers"),
        [
            ({}, set()),
            ({"signals": [noted]}, set()),
            ({"signals": [followed]}, {"one", "two", "three"}),
            ({"signals": ["test_muting.noted"]}, set()),
            ({"receiver": one}, {"two", "three"}),
            ({"receiver": three}, {"one", "two"}),
            ({"receiver": "test_muting.two"}, {"one", "three"}),
            ({"receiver": one, "signals": [followed]}, {"one", "two", "three"}),
            ({"sender": int}, set()),
            ({"sender": str}, {"one", "two", "three"}),
            ({"sender": "int", "receiver": two}, {"one", "three"}),
        ],
        ids=str,
    )
    def test_by_signal_receiver_and_sender(self, method, arguments, answers):
        """All that is given has to hold; sync and async receivers alike."""
        signals = arguments.get("signals", ())
        narrowed = {key: value for key, value in arguments.items() if key != "signals"}
        with signalscope.muted(*signals, **narrowed):
            assert heard(method=method) == answers
        assert heard(method=method) == {"one", "two", "three"}

    def test_a_recording_says_who_was_muted(self, method):
        """Also where nobody is left to call."""
        with signalscope.record() as recording, signalscope.muted(noted):
            heard(method=method)
        (dispatch,) = recording.dispatches
        assert dispatch.calls == []
        names = {f"{__name__}.{name}" for name in ("one", "two", "three")}
        assert {(each.receiver_name, each.reason) for each in dispatch.not_called} == {
            (name, "muted") for name in names
        }


class TestWhatStays:
    def test_nothing_of_the_signal_is_touched(self):
        """Receivers, order, uids, caches and listeners are as before."""
        noted.send(sender=int)
        before = list(noted.receivers), dict(noted.sender_receivers_cache)
        with signalscope.muted():
            noted.send(sender=int)
            assert (list(noted.receivers), dict(noted.sender_receivers_cache)) == before
            assert noted.has_listeners(int)
        assert (list(noted.receivers), dict(noted.sender_receivers_cache)) == before

    def test_other_threads_hear_everything(self):
        """Only this context is muted."""
        answers = []
        with signalscope.muted():
            thread = threading.Thread(target=lambda: answers.append(heard()))
            thread.start()
            thread.join()
        assert answers == [{"one", "two", "three"}]

    def test_tasks_hear_what_they_were_started_with(self):
        """A task muted by itself does not mute its neighbour."""

        async def quiet(gate):
            async with signalscope.muted(receiver=one):
                gate.set()
                await asyncio.sleep(0)
                return await noted.asend(sender=str)

        async def loud(gate):
            await gate.wait()
            return await noted.asend(sender=str)

        async def main():
            gate = asyncio.Event()
            return await asyncio.gather(quiet(gate), loud(gate))

        quiet_answers, loud_answers = asyncio.run(main())
        assert [answer for _, answer in quiet_answers] == ["three"]
        assert [answer for _, answer in loud_answers] == ["one", "three"]

    def test_nested_mutes_add_up_and_end_one_by_one(self):
        """An inner one ends without the outer."""
        with signalscope.muted(receiver=one):
            with signalscope.muted(receiver=two):
                assert heard() == {"three"}
            assert heard() == {"two", "three"}
        assert heard() == {"one", "two", "three"}

    def test_an_error_ends_it(self):
        """As any block."""
        with pytest.raises(ZeroDivisionError), signalscope.muted():
            1 / 0  # noqa: B018
        assert heard() == {"one", "two", "three"}


class TestDecorator:
    def test_functions_and_coroutine_functions(self):
        """Each call is muted for its own duration; the name stays."""

        @signalscope.muted(receiver=one)
        def sync():
            return heard()

        @signalscope.muted(receiver=one)
        async def asynchronous():
            return {response for _, response in await noted.asend(sender=int)}

        assert (sync.__name__, asynchronous.__name__) == ("sync", "asynchronous")
        assert sync() == sync() == asyncio.run(asynchronous()) == {"two", "three"}
        assert heard() == {"one", "two", "three"}

    def test_one_decorated_function_in_several_threads(self):
        """They do not end each other's silence."""
        barrier = threading.Barrier(2)
        answers = []

        @signalscope.muted(receiver=one)
        def sync():
            barrier.wait(timeout=10)
            answers.append(heard())
            barrier.wait(timeout=10)

        threads = [threading.Thread(target=sync) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [{"two", "three"}] * 2

    @pytest.mark.parametrize("scope", [unittest.TestCase, unittest.IsolatedAsyncioTestCase])
    def test_classes_of_unittest(self, scope):
        """From what is set up for the class to its end; subclasses too, and nobody else."""
        told = []

        @signalscope.muted(receiver=one)
        class Muted(scope):
            @classmethod
            def setUpClass(cls):
                super().setUpClass()
                told.append(heard())

            def setUp(self):
                told.append({response for _, response in followed.send(sender=int)})

            def test_it(self):
                told.append({response for _, response in followed.send(sender=int)})

        class Below(Muted):
            async def test_more(self):
                told.append({response for _, response in await noted.asend(sender=int)})

        if scope is unittest.TestCase:
            del Below.test_more
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(Muted).run(result)
        if scope is not unittest.TestCase:
            unittest.defaultTestLoader.loadTestsFromTestCase(Below).run(result)
        assert result.wasSuccessful(), result.errors + result.failures
        assert len(told) == (3 if scope is unittest.TestCase else 8)
        assert all("one" not in answers for answers in told)
        assert heard() == {"one", "two", "three"}

    def test_a_class_whose_set_up_fails_ends_its_silence(self):
        @signalscope.muted()
        class Fails(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                raise RuntimeError

            def test_it(self):
                """Never run."""

        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(Fails).run(result)
        assert len(result.errors) == 1
        assert heard() == {"one", "two", "three"}

    def test_methods_of_other_classes(self):
        """Those that are tests, as `mock.patch` takes them; inherited ones too."""

        class Base:
            def test_inherited(self):
                return heard()

        @signalscope.muted(receiver=one)
        class Tests(Base):
            test_data = 3

            def test_own(self):
                return heard()

            async def test_async(self):
                return {response for _, response in await noted.asend(sender=int)}

            def helper(self):
                return heard()

            @staticmethod
            def test_static():
                return heard()

        tests = Tests()
        silent = {"two", "three"}
        assert tests.test_inherited() == tests.test_own() == silent
        assert asyncio.run(tests.test_async()) == silent
        assert tests.helper() == tests.test_static() == Base().test_inherited() == silent | {"one"}

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            (lambda: signalscope.muted()(Signal), "Signal has no method whose name begins with"),
            (lambda: signalscope.muted(one), "by receiver="),
            (lambda: signalscope.muted(3), "takes signals or their names, and got a value of t"),
            (lambda: signalscope.muted(receiver=3), "takes a receiver or its name"),
            (lambda: signalscope.muted()(counts), "no generator function"),
            (lambda: signalscope.muted(but=3), "got a value of type int"),
            (lambda: signalscope.muted(but=["a.b", None, object()]), "of type object"),
        ],
    )
    def test_wrong_use_says_what_to_do(self, wrong, says):
        with pytest.raises(signalscope.SignalscopeError, match=says):
            wrong()


def counts():
    """Be a generator function."""
    yield 1


class Listener:
    def hear(self, **_):
        return self


def test_the_method_of_one_object():
    """That of another is heard; by name, all are meant."""
    signal, mine, other = Signal(), Listener(), Listener()
    signal.connect(mine.hear)
    signal.connect(other.hear)
    with signalscope.muted(receiver=mine.hear):
        assert heard(signal) == {other}
        assert signalscope.why(other.hear, signal).runs
        assert not signalscope.why(mine.hear, signal).runs
    with signalscope.muted(receiver="Listener.hear"):
        assert heard(signal) == set()


class TestEndsWhereItBegan:
    def test_one_object_in_two_threads(self):
        """The first to leave ends its own silence, and no other's."""
        block = signalscope.muted(receiver=one)
        entered, left = threading.Event(), threading.Event()
        told = {}

        def first():
            with block:
                entered.set()
                assert left.wait(timeout=10)
                told["inside"] = heard()
            told["after"] = heard()

        thread = threading.Thread(target=first)
        thread.start()
        assert entered.wait(timeout=10)
        with block:
            pass
        told["other"] = heard()
        left.set()
        thread.join()
        everyone = {"one", "two", "three"}
        assert told == {"inside": everyone - {"one"}, "after": everyone, "other": everyone}

    def test_closed_in_another_context(self):
        """As a generator's may be: it holds no more, whatever else is muted."""

        def generator():
            with signalscope.muted(receiver=one):
                yield

        def begin():
            next(running)
            return contextvars.copy_context()

        running = generator()
        inside = contextvars.copy_context().run(begin)
        assert inside.run(heard) == {"two", "three"}
        running.close()
        with signalscope.muted(receiver=two):
            assert inside.run(heard) == {"one", "two", "three"}

    def test_a_task_that_outlives_it_hears_everything(self):
        async def main():
            gate = asyncio.Event()

            async def task():
                await gate.wait()
                return {response for _, response in await noted.asend(sender=int)}

            with signalscope.muted(receiver=one):
                started = asyncio.create_task(task())
                await asyncio.sleep(0)
            with signalscope.muted(receiver=two):
                gate.set()
                return await started

        assert asyncio.run(main()) == {"one", "two", "three"}


class TestAllButSome:
    @pytest.mark.parametrize(
        ("but", "answers"),
        [
            (one, {"one"}),
            ([one, three], {"one", "three"}),
            (f"{__name__}.two", {"two"}),
            (f"{__name__}.t*", {"two", "three"}),
            (noted, {"one", "two", "three"}),
            (f"{__name__}.noted", {"one", "two", "three"}),
            (followed, set()),
            (None, set()),
            ([], set()),
        ],
    )
    def test_what_is_named_still_runs(self, but, answers):
        """A receiver, a signal, or what has that name."""
        with signalscope.muted(but=but):
            assert heard() == answers

    def test_of_a_signal(self):
        """The rest is as without it."""
        with signalscope.muted(noted, but=one):
            assert heard() == heard(followed) == {"one"}
