"""Runs the examples of the rules' pages, and prints which rules find something in each.

An example stands in a file of its own beside this one, below ``from around import *``: rules read
the source of receivers.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from contextlib import contextmanager, suppress

import around
import django
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save
from django.test import override_settings

SIGNALS = [post_save, m2m_changed, around.stock_ran_low, around.opened]
_clock = {"added": 0}


@contextmanager
def wiring_as_it_was():
    """Take away what was connected in between."""
    before = [list(signal.receivers) for signal in SIGNALS]
    try:
        yield
    finally:
        for signal, receivers in zip(SIGNALS, before, strict=True):
            signal.receivers[:] = receivers
            signal.sender_receivers_cache.clear()
        apps._pending_operations.clear()


def connected(name):
    """Look at what the example connects, and how."""
    from signalscope.diagnosis.wiring.rules import diagnose_wiring

    importlib.import_module(name)
    return diagnose_wiring(())


def made_ready(name):
    """The same where the example is a method that connects."""
    from signalscope.diagnosis.wiring.rules import diagnose_wiring

    # In development, where what dies in production lives on.
    with override_settings(DEBUG=True):
        importlib.import_module(name).ready(None)
        return diagnose_wiring(())


def saved(make, signal=post_save):
    """Return what records the save of an instance that `make` returns, in a transaction."""
    import signalscope

    def run(name):
        importlib.import_module(name)
        instance = make()
        with signalscope.record(signal) as recording, suppress(ConnectionError):
            instance.save()
        return recording.findings

    return run


def in_transaction(name):
    """Save an order while a transaction is open, which is then committed."""
    with transaction.atomic():
        return saved(around.Order)(name)


def run_as_code(name):
    """Record the example itself."""
    import signalscope

    around.stock_ran_low.connect(around.refuse)
    post_save.connect(around.tell, sender=around.Book)
    for title in ("Tides", "Reefs"):
        around.Book.objects.create(title=title, publisher=around.old)
    with signalscope.record() as recording:
        importlib.import_module(name)
    return recording.findings


def awaited(name):
    """Record what awaits, once its receiver is connected."""
    import signalscope

    module = importlib.import_module(name)
    around.opened.connect(module.note)
    with signalscope.record() as recording:
        asyncio.run(module.main())
    return recording.findings


def reviewed():
    """Return a review of a book whose receiver saves its reviews, though not for ever."""
    rounds = iter(range(3))

    def save_reviews(instance, **_):
        if next(rounds, None) is not None:
            for each in instance.reviews.all():
                each.save()

    post_save.connect(save_reviews, sender=around.Book, weak=False)
    book = around.Book.objects.bulk_create([around.Book()])[0]
    return around.Review.objects.bulk_create([around.Review(book=book)])[0]


def loaded():
    """Return what saves a user as ``loaddata`` does."""
    user = around.User(username=f"robin-{around.User.objects.count()}")

    class Loaded:
        @staticmethod
        def save():
            user.save_base(raw=True)

    return Loaded()


def ordered():
    """Return an order of ten books."""
    order = around.Order.objects.bulk_create([around.Order()])[0]
    for _ in range(10):
        book = around.Book.objects.bulk_create([around.Book()])[0]
        around.Line.objects.create(order=order, book=book)
    return order


def followed():
    """Return an order of which a second receiver is to hear."""
    post_save.connect(around.tell, sender=around.Order)
    return around.Order()


def waited():
    """Return an order, on a clock that goes on where somebody asks for something by HTTP."""
    around.requests.clock = _clock
    return around.Order()


HOW = {
    **dict.fromkeys(["W002", "W003", "W005", "W011", "W012", "W013"], connected),
    "W006": made_ready,
    "W101": saved(reviewed),
    "W102": saved(loaded),
    "W103": saved(waited),
    "W104": saved(ordered),
    "W105": run_as_code,
    "W106": saved(followed),
    "W107": in_transaction,
    "W108": run_as_code,
    "W109": saved(around.Book),
    "W110": awaited,
}


def main(wanted):
    """Run the examples of these rules, which are W101_0, W101_1 and so on."""
    import signalscope
    from signalscope import patching

    ticking = patching.recorder.clock
    patching.recorder.clock = lambda: ticking() + _clock["added"]
    found = {}
    signalscope.install()
    for name in wanted:
        with wiring_as_it_was():
            rule = name.partition("_")[0]
            found[name] = [each.id for each in HOW[rule](name) if each.id == rule]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    main(sys.argv[1:])
