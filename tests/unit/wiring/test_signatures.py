"""W005: receivers that do not take what may come."""

from __future__ import annotations

import functools
import types

import pytest
from django.dispatch import Signal

from signalscope.diagnosis.wiring.signatures import strict_signatures
from signalscope.registry.live import wires_of
from tests.unit.wiring.wired import Listener, found, plain, strict


class Strict:
    """Take no more."""

    def method(self, sender):
        """Take no more."""

    @classmethod
    def of_class(cls, sender):
        """Take no more."""

    def __call__(self, sender):
        """Take no more."""


class TestStrictSignatures:
    @pytest.mark.parametrize(
        "receiver",
        [
            strict,
            lambda: None,
            lambda *_: None,
            lambda sender, *, signal: None,
            Strict().method,
            Strict.of_class,
            Strict(),
            functools.wraps(plain)(lambda sender: None),
        ],
        ids=["function", "none", "args", "keyword", "method", "class method", "object", "wrapper"],
    )
    def test_is_found(self, receiver):
        (finding,) = found(strict_signatures, receiver)
        assert "has no **kwargs" in finding.message

    def test_each_is_told_once(self):
        signal, other = Signal(), Signal()
        signal.connect(strict)
        other.connect(strict)
        assert len(strict_signatures(wires_of([signal, other]))) == 1

    @pytest.mark.parametrize(
        "receiver",
        [
            plain,
            lambda **_: None,
            Listener().method,
            Listener(),
            functools.wraps(strict)(lambda *args, **kwargs: None),
            functools.partial(strict, instance=1),
            print,
            Strict,
            types.SimpleNamespace,
        ],
        ids=[
            *("function", "lambda", "method", "object", "wrapper", "partial", "builtin"),
            *("class", "class of Python's"),
        ],
    )
    def test_what_takes_more_or_does_not_tell(self, receiver):
        assert found(strict_signatures, receiver) == []
