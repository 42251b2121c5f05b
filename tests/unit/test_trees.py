"""Sinks that ask for it get the tree of each root dispatch, once, when the root has ended."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.dispatch import Signal

import signalscope
from signalscope.records import Dispatch
from signalscope.sinks import MAX_FAILURES, does_nothing
from signalscope.trees import Tree
from tests.programs import two_tasks
from tests.testapp.models import Note

outer, inner = Signal(), Signal()


class Forester:
    """Want all trees; write down what stands in each, and what else is told."""

    def __init__(self, *, wants=True):
        self.wants = wants
        self.asked = []
        self.trees = []
        self.told = []
        self.bypasses = []

    @does_nothing
    def dispatch_started(self, dispatch): ...

    @does_nothing
    def receiver_started(self, call): ...

    @does_nothing
    def receiver_finished(self, call): ...

    def dispatch_finished(self, dispatch):
        self.told.append(label(dispatch))

    def wants_tree(self, dispatch):
        self.asked.append(label(dispatch))
        return self.wants

    def tree_finished(self, tree):
        assert tree.root is tree.kept[0]
        assert tree.root.ended is not None
        self.told.append("tree")
        self.trees.append([label(each) for each in tree.kept])
        self.bypasses.append([each.operation for each in tree.bypasses])


def label(dispatch):
    name = dispatch.signal_name.rpartition(".")[2]
    return name if dispatch.sender_name is None else f"{name} {dispatch.sender_name}"


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    connected = []

    def connect(signal, receiver, **options):
        signal.connect(receiver, weak=False, **options)
        connected.append((signal, receiver, options.get("sender")))
        return receiver

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


@pytest.fixture
def alive():
    """Return what tells the objects of a class that came since, once garbage is collected."""

    def found():
        gc.collect()
        return [each for each in gc.get_objects() if type(each) in (Dispatch, Tree)]

    # Those that earlier tests left, in what they exported say.
    before = found()
    known = set(map(id, before))
    yield lambda of: [each for each in found() if type(each) is of and id(each) not in known]
    before.clear()


def works(**_):
    """Return."""


async def works_async(**_):
    """Return at once, in the thread of the sender: another would hold records a moment longer."""


def sends_on(**_):
    """Send another signal."""
    inner.send(sender=None)


async def sends_on_later(**_):
    """Send another signal, in a later step."""
    await asyncio.sleep(0)
    await inner.asend(sender=None)


class TestWhatIsInIt:
    def test_a_root_and_what_it_sets_off(self, listen, connect):
        """Told between the end of what is below and the root's own."""
        connect(outer, sends_on)
        connect(outer, works)
        connect(inner, works)
        sink = listen(Forester())
        outer.send(sender=None)
        inner.send(sender=None)
        assert sink.asked == ["outer", "inner"]
        assert sink.trees == [["outer", "inner"], ["inner"]]
        assert sink.told == ["inner", "tree", "outer", "tree", "inner"]

    def test_nothing_is_kept_that_nobody_wants(self, listen, connect):
        """Nor is it asked for again below."""
        seen = []
        connect(outer, sends_on)
        connect(inner, works)
        sink = listen(Forester(wants=False))
        sink.dispatch_finished = seen.append
        signalscope.remove_sink(sink)
        listen(sink)
        outer.send(sender=None)
        assert sink.asked == ["outer"]
        assert [dispatch.tree for dispatch in seen] == [None, None]
        assert sink.trees == []

    def test_one_tree_for_all_sinks(self, listen, connect):
        """Each that can is told of it, whoever asked."""
        connect(outer, works)
        one, other = listen(Forester()), listen(Forester(wants=False))
        outer.send(sender=None)
        assert one.trees == other.trees == [["outer"]]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_a_root_that_raises(self, listen, connect, error):
        def raises(**_):
            inner.send(sender=None)
            raise error

        connect(outer, raises)
        connect(inner, works)
        sink = listen(Forester())
        with pytest.raises(error):
            outer.send(sender=None)
        assert sink.trees == [["outer", "inner"]]

    def test_no_more_than_max_records(self, listen, connect, settings):
        settings.SIGNALSCOPE = {"MAX_RECORDS": 5}

        def sends_often(**_):
            for _each in range(20):
                inner.send(sender=None)

        connect(outer, sends_often)
        connect(inner, works)
        sink = listen(Forester())
        outer.send(sender=None)
        assert sink.trees == [["outer", *["inner"] * 4]]

    def test_what_the_settings_leave_out_is_not_in_it(self, listen, connect, settings):
        """What that sets off is."""
        settings.SIGNALSCOPE = {"DENY": [inner]}
        third = Signal()
        connect(outer, sends_on)
        connect(inner, lambda **_: third.send(sender=int))
        connect(third, works)
        sink = listen(Forester())
        with signalscope.record(inner):
            outer.send(sender=None)
        outer.send(sender=None)
        assert [[name.rpartition(" ")[2] for name in tree] for tree in sink.trees] == [
            ["outer", "int"]
        ] * 2

    @pytest.mark.django_db
    def test_bulk_operations_inside_of_receivers(self, listen, connect):
        from django.db.models.signals import post_save

        connect(post_save, works, sender=Note)
        connect(outer, lambda **_: Note.objects.bulk_create([Note(title="x")]))
        sink = listen(Forester())
        outer.send(sender=None)
        Note.objects.bulk_create([Note(title="y")])
        assert sink.bypasses == [["bulk_create"]]


class TestWhereItIs:
    def test_two_threads_at_once(self, listen, connect):
        """Each root has a tree of its own."""
        both = threading.Barrier(2)

        def meets(sender, **_):
            both.wait(10)
            inner.send(sender=sender)
            both.wait(10)

        connect(outer, meets)
        connect(inner, works)
        sink = listen(Forester())
        threads = [threading.Thread(target=outer.send, args=(each,)) for each in (int, str)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(sink.trees) == [["outer int", "inner int"], ["outer str", "inner str"]]

    def test_two_tasks_at_once(self, listen, connect):
        meets, send = two_tasks(outer, lambda sender: inner.asend(sender=sender))
        connect(outer, meets)
        connect(inner, works)
        sink = listen(Forester())
        send()
        assert sorted(sink.trees) == [["outer int", "inner int"], ["outer str", "inner str"]]

    def test_concurrent_receivers_tasks_and_threads(self, listen, connect):
        """They are of the root that started them."""

        async def starts(**_):
            await asyncio.create_task(inner.asend(sender=str))
            await sync_to_async(inner.send)(sender=bytes)

        connect(outer, sends_on_later)
        connect(outer, starts)
        connect(inner, works)
        sink = listen(Forester())
        asyncio.run(outer.asend(sender=int))
        (tree,) = sink.trees
        assert sorted(tree) == ["inner", "inner bytes", "inner str", "outer int"]

    def test_a_cancelled_root(self, listen, connect):
        async def waits(**_):
            await inner.asend(sender=None)
            began.set()
            await asyncio.Event().wait()

        async def main():
            nonlocal began
            began = asyncio.Event()
            sending = asyncio.create_task(outer.asend(sender=int))
            await began.wait()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

        began = None
        connect(outer, waits)
        connect(inner, works)
        sink = listen(Forester())
        asyncio.run(main())
        assert sink.trees == [["outer int", "inner"]]

    def test_what_outlives_the_root_is_a_root(self, listen, connect):
        async def main():
            tasks, ended = [], asyncio.Event()

            async def outlives():
                await ended.wait()
                await inner.asend(sender=None)

            async def starts(**_):
                tasks.append(asyncio.create_task(outlives()))

            connect(outer, starts)
            await outer.asend(sender=int)
            ended.set()
            await asyncio.gather(*tasks)

        connect(inner, works)
        sink = listen(Forester())
        asyncio.run(main())
        assert sink.trees == [["outer int"], ["inner"]]

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("recorded", [False, True])
    def test_callbacks_on_commit(self, listen, connect, recorded):
        """Before the root has ended they are a part of it; afterwards each is a root."""

        def asks(**_):
            transaction.on_commit(sends_on)

        def commits(**_):
            with transaction.atomic():
                asks()

        connect(inner, works)
        sink = listen(Forester())
        block = signalscope.record() if recorded else contextlib.nullcontext()
        with block:
            connect(outer, commits)
            outer.send(sender=None)
            outer.disconnect(commits)
            connect(outer, asks)
            with transaction.atomic():
                outer.send(sender=None)
        assert sink.trees == [["outer", "inner"], ["outer"], ["inner"]]


class TestHarm:
    def test_recordings_are_as_without(self, listen, connect):
        """What hangs under what, how deep, and how often."""

        def play():
            with signalscope.record() as all_of_it, signalscope.record(inner) as some:
                outer.send(sender=int)
                with signalscope.record() as before:
                    pass
            return all_of_it.outline(), some.outline(), before.outline()

        def opens(**_):
            with signalscope.record(inner) as inside:
                inner.send(sender=None)
            insides.append(inside.outline())

        insides = []
        connect(outer, sends_on)
        connect(outer, opens)
        connect(inner, works)
        without = play()
        sink = listen(Forester())
        assert play() == without
        assert insides[0] == insides[1]
        assert len(sink.trees) == 1

    @pytest.mark.parametrize("method", ["wants_tree", "tree_finished"])
    def test_a_sink_that_raises(self, listen, connect, caplog, alive, method):
        """The others are told; the program sees nothing; after many faults it is dropped."""
        connect(outer, works)
        faulty, other = Forester(), Forester()
        calls = []

        def raises(_):
            calls.append(1)
            raise ValueError

        setattr(faulty, method, raises)
        listen(faulty)
        listen(other)
        for _ in range(MAX_FAILURES + 5):
            assert outer.send(sender=None) == [(works, None)]
        assert len(other.trees) == MAX_FAILURES + 5
        assert len(calls) == MAX_FAILURES
        assert f"failed in {method}" in caplog.text
        # The traceback in the log may hold one; it is empty.
        assert all(tree.is_over and not tree.kept for tree in alive(Tree))

    def test_nothing_that_was_sent_is_kept_alive(self, listen, connect, alive):
        """Neither while the root runs nor after it."""

        class Instance:
            pk = 1

        def sends_one(**_):
            instance = Instance()
            seen.append(weakref.ref(instance))
            inner.send(sender=None, instance=instance)
            del instance
            assert seen[0]() is None

        seen = []
        connect(outer, sends_one)
        connect(inner, works)
        sink = listen(Forester())
        outer.send(sender=None)
        assert sink.trees == [["outer", "inner"]]
        assert len(seen) == 1
        assert alive(Tree) == []
        assert alive(Dispatch) == []

    def test_a_task_that_outlives_the_root_keeps_no_tree(self, listen, connect, alive):
        """Only the calls around where it was started, as without."""

        async def main():
            tasks, ended = [], asyncio.Event()

            async def starts(**_):
                tasks.append(asyncio.create_task(ended.wait()))
                for _each in range(50):
                    await inner.asend(sender=None)

            connect(outer, starts)
            await outer.asend(sender=int)
            kept = [label(each) for each in alive(Dispatch)]
            ended.set()
            await asyncio.gather(*tasks)
            return kept

        connect(inner, works_async)
        sink = listen(Forester())
        assert asyncio.run(main()) == ["outer int"]
        assert len(sink.trees[0]) == 51

    def test_a_root_that_never_ends_leaves_nothing(self, listen, connect, alive):
        """Its tree goes with the task that nobody goes on with."""

        async def waits(**_):
            inner.send(sender=None)
            began.set()
            await asyncio.Event().wait()

        async def main():
            nonlocal began
            began = asyncio.Event()
            sending = asyncio.ensure_future(outer.asend(sender=int))
            await began.wait()
            assert [len(tree.kept) for tree in alive(Tree)] == [2]
            del sending

        began = None
        connect(outer, waits)
        connect(inner, works)
        sink = listen(Forester())
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # which hears that the task is destroyed
        loop.run_until_complete(main())
        signalscope.remove_sink(sink)  # so that it is not told that the coroutine is closed
        loop.close()
        del loop
        assert sink.trees == []
        assert alive(Tree) == []
        assert alive(Dispatch) == []
