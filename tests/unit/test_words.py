"""Names, places and numbers as they are shown."""

from __future__ import annotations

import pytest

from signalscope.rendering.words import place_of, share, short_path, split_name


@pytest.mark.parametrize(
    ("dotted", "name", "module"),
    [
        ("shop.signals.log_sale", "log_sale", "shop.signals"),
        ("shop.signals.Handler.on_save", "Handler.on_save", "shop.signals"),
        ("shop.apps.connect.<locals>.receiver", "connect.<locals>.receiver", "shop.apps"),
        ("shop.apps.<lambda>", "<lambda>", "shop.apps"),
        ("functools.partial(shop.signals.log)", "partial(log)", "shop.signals"),
        ("print", "print", ""),
        ("", "", ""),
    ],
)
def test_split_name(dotted, name, module):
    assert split_name(dotted) == (name, module)


@pytest.mark.parametrize(
    ("path_", "short"),
    [
        ("/srv/shop/signals.py", "shop/signals.py"),
        ("C:\\shop\\app\\signals.py", "app/signals.py"),
        ("signals.py", "signals.py"),
    ],
)
def test_short_path(path_, short):
    assert short_path(path_) == short


def test_place_is_short_with_the_full_path_at_hand():
    place = place_of("Sent at", "/srv/shop/views.py", 3)
    assert (place.text, place.title) == ("shop/views.py:3", "Sent at /srv/shop/views.py:3")


@pytest.mark.parametrize(("file", "line"), [(None, None), ("", 3), ("/srv/shop/views.py", None)])
def test_place_that_is_not_known(file, line):
    assert place_of("Sent at", file, line) is None


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(8, 100, "8%"), (1, 999, "under 1%"), (0, 9, "0%"), (0, 0, "0%")]
)
def test_share(part, whole, text):
    assert share(part, whole) == text
