"""What `muted` and `replaced` share: blocks that are decorators of functions and classes, too."""

from __future__ import annotations

import functools
import types
import unittest
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, Self, TypeVar

from signalscope.errors import SignalscopeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Rule", "Scoped"]

_Decorated = TypeVar("_Decorated", bound="Callable[..., Any]")


class Rule:
    """What holds in a block, from one entry of it to its end.

    A context may inherit it and outlive the block, or the block may end in another context: so it
    knows itself when it is over.
    """

    __slots__ = ("apply", "of", "over")

    def __init__(self, of: object, apply: Callable[..., Any]) -> None:
        self.of: object = of
        self.apply: Callable[..., Any] = apply
        self.over: bool = False


class Scoped:
    """A block in one context, as ``with``, as ``async with`` and as a decorator."""

    _rules: list[Rule]
    """Those of the entries that did not end yet, of all contexts."""

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *_error: object) -> None:
        raise NotImplementedError

    def _innermost(self, here: tuple[Any, ...]) -> Rule:
        """Return, and forget, the rule of the entry that ends: the last one of this context."""
        mine: list[Rule] = [rule for rule in here if rule.of is self and not rule.over]
        rule = mine[-1] if mine else self._rules[-1]
        self._rules.remove(rule)
        return rule

    async def __aenter__(self) -> Any:
        return self.__enter__()

    async def __aexit__(self, *_error: object) -> None:
        self.__exit__()

    def _again(self) -> Self:
        """Return one like this that was not entered: what is decorated may run several times."""
        raise NotImplementedError

    def __call__(self, decorated: _Decorated) -> _Decorated:
        """Decorate a function, a coroutine function or a class.

        Of a `unittest.TestCase` all tests are in the block, and what is set up for the class; of
        any other class the methods whose names begin with ``test``.
        """
        if isinstance(decorated, type):
            self._decorate_class(decorated)
            return decorated
        return self._decorate(decorated)  # type: ignore[no-any-return]

    def _decorate(self, function: Any) -> Any:
        name = type(self).__name__
        if isgeneratorfunction(function) or isasyncgenfunction(function):
            raise SignalscopeError(
                f"{name}() decorates no generator function, as {function.__qualname__} is one: its "
                f"caller runs in between. Write `with {name}(...):` inside of it."
            )
        decorated: Any
        if iscoroutinefunction(function):

            @functools.wraps(function)
            async def decorated(*args: Any, **kwargs: Any) -> Any:
                async with self._again():
                    return await function(*args, **kwargs)

        else:

            @functools.wraps(function)
            def decorated(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return function(*args, **kwargs)

        return decorated

    def _decorate_class(self, cls: Any) -> None:
        of_unittest = issubclass(cls, unittest.TestCase)
        if of_unittest:
            self._decorate_set_up(cls)
            return
        functions = {
            name: found
            for name in dir(cls)
            if name.startswith("test")
            and isinstance(found := _attribute(cls, name), types.FunctionType)
        }
        if not functions:
            raise SignalscopeError(
                f"{type(self).__name__}() decorates classes of tests, and {cls.__qualname__} has "
                "no method whose name begins with test. Decorate its methods."
            )
        for name, function in functions.items():
            setattr(cls, name, self._decorate(function))

    def _decorate_set_up(self, cls: Any) -> None:
        own = cls.__dict__.get("setUpClass")

        def set_up(test_case: Any) -> None:
            test_case.enterClassContext(self._again())
            if own is None:
                super(cls, test_case).setUpClass()  # type: ignore[misc]
            else:
                own.__get__(None, test_case)()

        cls.setUpClass = classmethod(set_up)
        if issubclass(cls, unittest.IsolatedAsyncioTestCase):
            self._decorate_run(cls)

    def _decorate_run(self, cls: Any) -> None:
        # Its tests run in a context that is as old as the test case, and so older than the block.
        own = cls.run

        @functools.wraps(own)
        def run(test_case: Any, result: Any = None) -> Any:
            context = getattr(test_case, "_asyncioTestContext", None)
            if context is None:
                return own(test_case, result)
            block = self._again()
            context.run(block.__enter__)
            try:
                return own(test_case, result)
            finally:
                context.run(block.__exit__)

        cls.run = run


def _attribute(cls: type, name: str) -> Any:
    """Return an attribute as its class holds it: a static method is no function there."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
