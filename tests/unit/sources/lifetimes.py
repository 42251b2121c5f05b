"""W006 short-lived-receiver: programs that connect, each a function of its own.

With DEBUG on, what they connect lives in a cache of Django's.
"""

from __future__ import annotations

import functools

from django.dispatch import Signal, receiver

from tests.unit.sources.tables import Sources

LIVES = Sources()
finds, passes = LIVES.finds, LIVES.passes
noted, other = Signal(), Signal()  # others for each test
HELD = []


def plain(**_):
    """Be there for good."""


class Listener:
    def __init__(self, **_):
        HELD.clear()

    def method(self, **_):
        """Hear."""

    @classmethod
    def of_class(cls, **_):
        """Hear."""

    @staticmethod
    def static(**_):
        """Hear."""


@finds
def local_function():
    def handler(**_):
        pass

    noted.connect(handler)


@finds
def local_function_by_keyword():
    def handler(**_):
        pass

    noted.connect(sender=None, receiver=handler)


@finds
def decorated():
    @receiver(noted)
    def handler(**_):
        pass


@finds
def decorated_for_several():
    @receiver([noted, other], dispatch_uid="x")
    async def handler(**_):
        pass


@finds
def connected_twice():
    def handler(**_):
        pass

    for sender in (int, str):
        noted.connect(handler, sender=sender)


@finds
def a_lambda():
    noted.connect(lambda **_: None)


@finds
def a_lambda_by_keyword():
    noted.connect(receiver=lambda **_: None, sender=int)


@finds
def a_partial():
    noted.connect(functools.partial(plain, x=1))


@finds
def a_method():
    noted.connect(Listener().method)


def handler_for(name):
    def handler(**_):
        return name

    return handler


@finds
def a_factory():
    noted.connect(handler_for("x"))


@finds
def within_a_function():
    def outer():
        def handler(**_):
            pass

        noted.connect(handler, dispatch_uid="y")

    outer()


# --- Near misses ---


@passes
def of_a_module():
    noted.connect(plain)


@passes
def held_strongly():
    def handler(**_):
        pass

    noted.connect(handler, weak=False)


@passes
def a_lambda_held_strongly():
    noted.connect(lambda **_: None, weak=False)


@passes
def kept_in_a_list():
    def handler(**_):
        pass

    HELD.append(handler)
    noted.connect(handler)


@passes
def kept_by_its_caller():
    def handler(**_):
        pass

    noted.connect(handler)
    return handler


@passes
def kept_by_another():
    def handler(**_):
        pass

    def other():
        return handler

    HELD.append(other)
    noted.connect(handler)


@passes
def kept_as_a_global():
    global kept  # noqa: PLW0603 - that is the point

    def kept(**_):
        pass

    noted.connect(kept)


@passes
def kept_by_a_decorator():
    @HELD.append
    def handler(**_):
        pass

    noted.connect(HELD[-1])


@functools.cache
def cached_handler_for(name):
    def handler(**_):
        return name

    return handler


@passes
def kept_by_a_cache():
    noted.connect(cached_handler_for("x"))


@passes
def made_before():
    handler = handler_for("x")
    HELD.append(handler)
    noted.connect(handler)


@passes
def a_partial_that_is_kept():
    handler = functools.partial(plain, x=1)
    HELD.append(handler)
    noted.connect(handler)


@passes
def a_method_that_is_kept():
    listener = Listener()
    HELD.append(listener)
    noted.connect(listener.method)


@passes
def a_method_of_a_class():
    noted.connect(Listener.of_class)


@passes
def a_static_method():
    noted.connect(Listener.static)


NAMED = lambda **_: None  # noqa: E731 - as people write it


@passes
def a_lambda_of_a_module():
    noted.connect(NAMED)


def listener_of(name):
    return HELD[name]


@passes
def a_method_of_what_a_function_gives():
    HELD.append(Listener())
    noted.connect(listener_of(-1).method)
