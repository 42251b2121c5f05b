"""What the filter box asks for."""

from __future__ import annotations

import pytest

from signalscope.rendering.filters import Filter, quoted

NAMES = ("django.db.models.signals.post_save", "bookstore.Book", ["bookstore.signals.log_sale"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "post_save",
        "POST_save Book log",
        "signal:post_save sender:book receiver:log_sale",
        'receiver:"bookstore.signals.log_sale"',
        'Signal:"post_save',
        "signals.log",
        '""',
    ],
)
def test_accepts(text):
    assert Filter.of(text).accepts(*NAMES)


@pytest.mark.parametrize(
    "text",
    ["pre_save", "post_save review", "sender:post_save", "receiver:book.", '"post_save Book"'],
)
def test_refuses(text):
    assert not Filter.of(text).accepts(*NAMES)


def test_no_sender_and_no_receivers():
    assert Filter.of("paid").accepts("shop.paid", None)
    assert not Filter.of("sender:shop").accepts("shop.paid", None)
    assert not Filter.of("receiver:shop").accepts("shop.paid", None)


@pytest.mark.parametrize("name", ["shop.connect.<locals>.log", "functools.partial(a, b)", 'a"b'])
def test_quoted_finds_just_that_kind(name):
    wanted = Filter.of(quoted("receiver", name))
    assert wanted.accepts("s", None, [name.replace('"', "")])
    assert not wanted.accepts(name, name, ["other"])
