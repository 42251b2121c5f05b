"""Generated programs run the same without us, with us idle, and with us recording.

A program is a list of operations on two signals: connect, disconnect, send by any of the four
methods, drop a receiver. What a receiver does when it is called is generated, too. Each program is
played afresh in every mode, and all that it can see is written down and compared.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import logging
import sys
import traceback
import warnings

import django
import pytest
from django.dispatch import Signal
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import signalscope

METHODS = ("send", "send_robust", "asend", "asend_robust")
SENDERS = (None, int, str, object(), "a string")
KINDS = ("function", "coroutine", "method", "partial", "object")
ACTIONS = (
    "return", "raise", "raise base", "cancel", "set variable", "read variable", "send", "asend",
    "disconnect self", "disconnect other", "connect other", "drop other", "warn", "pause",
)  # fmt: skip

receivers = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "actions": st.lists(st.sampled_from(ACTIONS), max_size=3),
    }
)
connects = st.tuples(
    st.just("connect"),
    st.integers(0, 1),
    st.integers(0, 3),
    st.sampled_from([0, 1, 1, 0, 2, 3, 4]),
    st.booleans(),
    st.sampled_from([None, None, "uid"]),
)
operations = st.one_of(
    connects,
    st.tuples(
        st.just("disconnect"), st.integers(0, 1), st.integers(0, 3), st.sampled_from(range(5))
    ),
    st.tuples(
        st.just("send"), st.integers(0, 1), st.sampled_from(METHODS), st.sampled_from(range(5))
    ),
    st.tuples(st.just("listeners"), st.integers(0, 1), st.sampled_from(range(5))),
    st.tuples(st.just("drop"), st.integers(0, 3)),
)  # fmt: skip
programs = st.fixed_dictionaries(
    {
        "caching": st.tuples(st.booleans(), st.booleans()),
        "receivers": st.lists(receivers, min_size=4, max_size=4),
        "connections": st.lists(
            operations.filter(lambda o: o[0] == "connect"), min_size=2, max_size=6
        ),
        "operations": st.lists(operations, min_size=1, max_size=8),
    }
)


class Stop(BaseException):
    """What no ``except Exception`` catches."""


class Player:
    """Plays one program, and keeps a diary of all that the program can see."""

    def __init__(self, program):
        self.program = program
        self.diary = []
        self.left = 8
        """Sends from within receivers, of which there would be thousands otherwise."""
        self.variable = contextvars.ContextVar("the program's", default=())
        # The sender's life matters to a signal that caches, so strings stay without caching.
        self.signals = [Signal(use_caching=caching) for caching in program["caching"]]
        kinds = [each["kind"] == "coroutine" for each in program["receivers"]]
        # Before 6.1, asend() runs synchronous receivers in a thread beside asynchronous ones.
        self.in_order = django.VERSION >= (6, 1) or len(set(kinds)) == 1
        self.alive = [self.make(number) for number in range(4)]

    def note(self, *entry):
        self.diary.append(entry)

    def make(self, number):
        kind = self.program["receivers"][number]["kind"]

        def function(**named):
            return self.play(number, named)

        async def coroutine(**named):
            return await self.aplay(number, named)

        class Listener:
            def method(self, **named):
                return function(**named)

            __call__ = method

        if kind == "method":
            listener = Listener()
            return listener, lambda: listener.method
        made = {
            "function": function,
            "coroutine": coroutine,
            "partial": functools.partial(function),
            "object": Listener(),
        }[kind]
        return made, lambda: made

    def receiver(self, number):
        kept = self.alive[number]
        return None if kept is None else kept[1]()

    # --- What receivers do ---

    def play(self, number, named):
        self.arrive(number, named)
        for action in self.program["receivers"][number]["actions"]:
            self.act(number, action)
        return number

    async def aplay(self, number, named):
        self.arrive(number, named)
        for action in self.program["receivers"][number]["actions"]:
            if action == "pause":
                await asyncio.sleep(0)
                self.note("resumed", number, self.variable.get())
            elif action == "asend" and self.left and self.in_order:
                self.left -= 1
                responses = await self.signals[1].asend_robust(sender=int)
                self.note("answers", self.answers(responses))
            elif action == "cancel":
                raise asyncio.CancelledError
            else:
                self.act(number, action)
        return number

    def arrive(self, number, named):
        stack = [
            (frame.f_code.co_filename, frame.f_code.co_name, line)
            for frame, line in traceback.walk_stack(sys._getframe(1))
            if frame.f_code.co_filename != __file__
        ]
        self.note("called", number, sorted(named), self.place(named["sender"]), stack)

    def act(self, number, action):  # noqa: C901 - a table, one row an action
        match action:
            case "raise":
                raise ValueError(number)
            case "raise base":
                raise Stop(number)
            case "set variable":
                self.variable.set((*self.variable.get(), number))
            case "read variable":
                self.note("variable", number, self.variable.get())
            case "send" if self.left:
                self.left -= 1
                self.note("answers", self.answers(self.signals[1].send_robust(sender=int)))
            case "disconnect self":
                self.note(action, self.signals[0].disconnect(self.receiver(number)))
            case "disconnect other":
                self.note(action, self.signals[0].disconnect(self.receiver((number + 1) % 4)))
            case "connect other":
                other = self.receiver((number + 1) % 4)
                if other is not None:
                    self.signals[0].connect(other, sender=str)
            case "drop other":
                self.alive[(number + 1) % 4] = None
            case "warn":
                warnings.warn("from a receiver", UserWarning, stacklevel=2)

    # --- What the program does ---

    def run(self):
        every_send = [("send", signal, method, 1) for signal in (0, 1) for method in METHODS]
        for operation in (
            *self.program["connections"], *every_send, *self.program["operations"], *every_send
        ):  # fmt: skip
            try:
                self.perform(*operation)
            except (Exception, Stop, asyncio.CancelledError, BaseExceptionGroup) as error:  # noqa: BLE001
                self.note("raised", self.described(error))
            self.note("variable", self.variable.get())
            self.note("registry", [self.registry(signal) for signal in self.signals])
        return self.diary

    def perform(self, name, *details):
        match name:
            case "connect":
                signal, number, sender, weak, uid = details
                receiver = self.receiver(number)
                if receiver is not None:
                    self.signals[signal].connect(
                        receiver, sender=SENDERS[sender], weak=weak, dispatch_uid=uid
                    )
            case "disconnect":
                signal, number, sender = details
                self.note(
                    name,
                    self.signals[signal].disconnect(self.receiver(number), sender=SENDERS[sender]),
                )
            case "listeners":
                signal, sender = details
                self.note(name, bool(self.signals[signal].has_listeners(SENDERS[sender])))
            case "drop":
                self.alive[details[0]] = None
                gc.collect(1)
            case "send":
                signal, method, sender = details
                if not self.in_order:
                    method = method.removeprefix("a")
                send = functools.partial(getattr(self.signals[signal], method), SENDERS[sender])
                if method.startswith("a"):
                    responses, variable = asyncio.run(self.sent_in_a_task(send))
                    self.note("variable in the task", variable)
                else:
                    responses = send(more=1)
                self.note("responses", self.answers(responses))

    async def sent_in_a_task(self, send):
        return await send(more=1), self.variable.get()

    # --- How it is written down ---

    def place(self, value):
        return next((at for at, each in enumerate(SENDERS) if each is value), "unknown")

    def number_of(self, receiver):
        known = [self.receiver(number) for number in range(4)]
        return next((at for at, each in enumerate(known) if each == receiver), "unknown")

    def answers(self, responses):
        return [
            (
                self.number_of(receiver),
                type(receiver).__name__,
                self.described(answer) if isinstance(answer, BaseException) else answer,
            )
            for receiver, answer in responses
        ]

    def described(self, error):
        frames = [
            (frame.filename, frame.name, frame.lineno)
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename != __file__
        ]
        inner = [self.described(each) for each in getattr(error, "exceptions", ())]
        causes = type(error.__cause__).__name__, type(error.__context__).__name__
        return type(error).__name__, str(error), frames, causes, inner

    def registry(self, signal):
        return [(key[0] if key[0] == "uid" else "id", rest[-1]) for key, *rest in signal.receivers]


class Quiet:
    """A sink that does nothing."""

    def dispatch_started(self, record):
        """Do nothing."""

    dispatch_finished = receiver_started = receiver_finished = dispatch_started


def plainly(play):
    return play()


def idly(play):
    signalscope.install()
    try:
        return play()
    finally:
        signalscope.uninstall()


def recorded(play):
    with signalscope.record():
        return play()


def nested(play):
    sink = Quiet()
    signalscope.add_sink(sink)
    try:
        with signalscope.record(), signalscope.record():
            return play()
    finally:
        signalscope.remove_sink(sink)


def seen(program, mode):
    """Play the program; return its diary with the warnings and log lines that it left."""
    lines = []

    class Handler(logging.Handler):
        def emit(self, record):
            lines.append((record.name, record.levelno, record.getMessage().partition(" at 0x")[0]))

    handler = Handler()
    logger = logging.getLogger()
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            diary = contextvars.copy_context().run(mode, Player(program).run)
            gc.collect(1)
    finally:
        logger.removeHandler(handler)
    warned = [
        (
            each.category.__name__,
            str(each.message).partition(" at 0x")[0],
            each.filename,
            each.lineno,
        )
        for each in caught
    ]
    return diary, sorted(warned), lines


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs)
def test_a_program_sees_no_difference(program):
    """Order, results, errors, frames, contexts, registry, logs and warnings are equal."""
    expected = seen(program, plainly)
    assume(seen(program, plainly) == expected)
    for mode in (idly, recorded, nested):
        assert seen(program, mode) == expected, mode.__name__
    assert any(entry[0] == "called" for entry in expected[0]) or not any(
        connection[3] in (0, 1) for connection in program["connections"]
    )
