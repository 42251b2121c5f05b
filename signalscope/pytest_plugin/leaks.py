"""Finds the test that leaves receivers other than it found them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from signalscope.leaks import Wiring

__all__ = ["LeakGuard"]


class LeakGuard:
    """A plugin that is there where ``--signalscope-fail-on-leaks`` asks for it.

    What a fixture with a wider scope than one test connects is not the test's, as long as that
    fixture lives; set-up of classes and modules are such fixtures to pytest.
    """

    def __init__(self) -> None:
        self._bases: list[Wiring] = []
        """What was connected before the test, and before each wider fixture that is set up now.

        One that is set up within another, by ``getfixturevalue``, is no part of that other.
        """
        self._leaked: tuple[str, Wiring] | None = None
        """The test that failed last, if that was the last one, and what it should have left."""
        self._wider: dict[int, tuple[Any, Wiring, Wiring]] = {}
        """For each fixture of a wider scope that lives: the wiring before and after its set-up."""
        self._ended: list[str] = []
        self._holds = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """Look at what is connected before anything is set up for the test."""
        leaked, self._leaked = self._leaked, None
        before = self._look()
        if before is not None and leaked is not None and leaked[0] == item.nodeid:
            # It runs again: what it left the first time, it need not connect once more.
            before = leaked[1]
        self._bases = [] if before is None else [before]
        self._ended = []
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Note what a fixture that outlives the test connects."""
        first = self._look() if fixturedef.scope != "function" and self._bases else None
        if first is None:
            return (yield)
        self._bases.append(first)
        try:
            return (yield)
        finally:
            before, after = self._bases.pop(), self._look()
            if after is not None and _differ(before, after):
                self._wider[id(fixturedef)] = (fixturedef, before, after)
                self._rebase(before, after)

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Expect that what a fixture connected is gone with it."""
        known = self._wider.pop(id(fixturedef), None)
        if known is not None and self._bases:
            _, before, after = known
            self._rebase(after, before)
            # pytest gives the set-up of classes and modules names that begin with underscores.
            self._ended.append(fixturedef.argname.strip("_"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        """Fail the test where anything is other than it was, after all is torn down."""
        result = yield
        if self._bases:
            from signalscope.leaks import changes, leak_message

            found = changes(self._bases[0])
            if found:
                self._leaked = item.nodeid, self._bases[0]
                pytest.fail(leak_message(found, self._who(item)), pytrace=False)
        return result

    def _rebase(self, before: Wiring, after: Wiring) -> None:
        self._bases = [_rebased(base, before, after) for base in self._bases]

    def _who(self, item: pytest.Item) -> str:
        ended = ", ".join(self._ended)
        return f"{item.nodeid}, or what ended with it ({ended})," if ended else item.nodeid

    def _look(self) -> Wiring | None:
        # No test can have connected anything where nobody has imported Django's signals.
        if "django.dispatch" not in sys.modules:
            return None
        from signalscope import conf, patching
        from signalscope.leaks import wiring

        if not conf.is_ready():
            return None
        if not self._holds:
            # So that it is known where each connect() is.
            patching.hold()
            self._holds = True
        return wiring()

    def pytest_unconfigure(self) -> None:
        """Leave Django as it was."""
        if self._holds:
            from signalscope import patching

            self._holds = False
            patching.release()


def _differ(before: Wiring, after: Wiring) -> bool:
    return any(before.links.get(signal) is not links for signal, links in after.links.items())


def _rebased(base: Wiring, before: Wiring, after: Wiring) -> Wiring:
    """Return `base` with what changed from `before` to `after`."""
    from signalscope.leaks import Links, is_same

    links = dict(base.links)
    for signal, now in after.links.items():
        then = before.links.get(signal, Links([], []))
        mine = links.get(signal, Links([], []))
        if mine is then or is_same(mine.items, then.items):
            links[signal] = now
        elif then is not now:
            had, has = ({id(each) for each in some.items} for some in (then, now))
            links[signal] = Links(
                [each for each in mine.items if id(each) not in had - has]
                + [each for each in now.items if id(each) in has - had],
                [each for each in mine.links if id(each.key) not in had - has]
                + [each for each in now.links if id(each.key) in has - had],
            )
    return base._replace(links=links)
