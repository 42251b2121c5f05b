"""What sets up a process, or is about all of its output, is run in a process of its own."""

from __future__ import annotations

import json
import re

import django
import pytest

from tests.docs.blocks import blocks
from tests.docs.project import SET_UP, WITH_TABLES, as_written, output_of, run

ALL = blocks()

pytestmark = pytest.mark.skipif(not ALL, reason="the documentation is not here")


def texts(page, kind):
    """Return the texts of a page's blocks of one kind."""
    return [each.text for each in ALL if (each.page, each.kind) == (page, kind)]


def masked(text, *patterns):
    """Return text without what differs from run to run: times, and more."""
    for pattern in (r"\d+(\.\d+)? (ms|µs|ns)\b", *patterns):
        text = re.sub(pattern, "_", text, flags=re.MULTILINE)
    return [line.rstrip() for line in text.splitlines()]


TRACED = """
import json
import sys
import types

from django.contrib.auth.models import Group
from django.db.models.signals import post_save
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from shop.models import Order

# It would look for a collector; tests/backends has the real one.
kept = InMemorySpanExporter()
name = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
sys.modules[name] = types.ModuleType(name)
sys.modules[name].OTLPSpanExporter = lambda: kept


def count_groups(**_):
    Group.objects.count()


def spans_of_a_save():
    kept.clear()
    Order().save()
    provider.force_flush()
    return [(span.name, span.attributes.get("shop.queries")) for span in kept.get_finished_spans()]


post_save.connect(count_groups, sender=Order)
"""


def test_spans(tmp_path):
    """As the page sets them up, and then with its hook."""
    pytest.importorskip("opentelemetry.instrumentation")
    pytest.importorskip("opentelemetry.sdk")
    setting_up, hooking = texts("docs/how-to/opentelemetry.md", "python")
    said = output_of(
        tmp_path,
        f"{WITH_TABLES}{TRACED}{setting_up}\nplain = spans_of_a_save()\n"
        # The second is instead of the first.
        f"SignalscopeInstrumentor().uninstrument()\n{hooking}\n"
        "print(json.dumps([plain, spans_of_a_save()]))",
    )
    plain, hooked = json.loads(said)
    assert sorted(plain) == [["__main__.count_groups", None], ["post_save shop.Order", None]]
    assert sorted(hooked) == [["__main__.count_groups", 1], ["post_save shop.Order", None]]


VIEWED = """
import asyncio

import signalscope
from shop import signals


async def main():
    async with signalscope.record() as recording:
        await signals.viewed.asend(sender=None)
    print(recording.tree())


asyncio.run(main())
"""
SUGGESTING = """
import asyncio

from django.dispatch import Signal

viewed = Signal()


async def suggest(**kwargs):
    await asyncio.sleep(0)


async def learn(**kwargs):
    await asyncio.sleep(0)


def count(**kwargs): ...


for each in (suggest, learn, count):
    viewed.connect(each)
"""


def test_tree_of_asynchronous_receivers(tmp_path):
    (shown,) = texts("docs/how-to/asgi.md", "text")
    said = output_of(tmp_path, SET_UP + VIEWED, files={"shop/signals.py": SUGGESTING})
    # Below it is W110, of which the page speaks later.
    *tree, finding = masked(said)
    wanted = masked(shown)
    if django.VERSION >= (6, 1):
        # As the page says, the synchronous one goes first there.
        places = r"^.. \d "
        tree, wanted = (sorted(masked("\n".join(each), places)) for each in (tree, wanted))
    assert tree == wanted
    assert finding.startswith("W110 ")


ENQUEUING = """
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.tasks import task

from shop.models import Order


@task
def ship(pk): ...


@receiver(post_save, sender=Order)
def confirm(instance, **kwargs):
    ship.enqueue(instance.pk)
"""
ENQUEUED = """
import signalscope
from shop import signals
from shop.models import Order

with signalscope.record() as recording:
    Order().save()
print(recording.tree())
"""
DUMMY = 'TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}\n'


@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has no tasks")
def test_tree_of_a_task(tmp_path):
    shown = texts("docs/how-to/celery-and-tasks.md", "text")[2]
    files = {"shop/signals.py": ENQUEUING}
    said = output_of(tmp_path, WITH_TABLES + ENQUEUED, settings=DUMMY, files=files)
    assert masked(said)[: len(shown.splitlines())] == masked(shown)


LOGGED = """
import sys

from shop import views

print("---", file=sys.stderr)
views.buy()
"""
BUYING = """
import logging

from shop import signals
from shop.models import Order

logger = logging.getLogger(__name__)


def buy():
    logger.info("new order")
    Order.objects.create()
    logger.info("order complete")
"""
RECEIPTS = """
import logging

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from shop.models import Order

logger = logging.getLogger(__name__)


@receiver(post_save, sender=Order)
def send_receipt(instance, created, **kwargs):
    logger.info("receipt for order %d", instance.pk)
    transaction.on_commit(lambda: logger.info("mailed"))
    instance.lines.count()
    if created:
        instance.save()
"""


def test_lines_of_the_log(tmp_path):
    """With the settings of the page, of which the lines are."""
    page = "docs/how-to/logging.md"
    (shown,) = texts(page, "text")
    done = run(
        tmp_path,
        WITH_TABLES + LOGGED,
        settings=as_written(texts(page, "python")[0]),
        files={"shop/views.py": BUYING, "shop/signals.py": RECEIPTS},
    )
    lines = renumbered(done.stderr.split("---\n")[-1])
    assert masked(lines) == masked(renumbered(shown))


def renumbered(lines):
    """Return lines of a log with the dispatches counted from 1."""
    first = min(int(each) for each in re.findall(r"#(\d+)", lines))
    return re.sub(r"#(\d+)", lambda found: f"#{int(found[1]) - first + 1}", lines)


REVIEWED = """
from demo_bookstore.bookstore.models import Book
from demo_bookstore.bookstore.services import post_review
from django.contrib.auth.models import User

book = Book.objects.create(title="Tides", price=10, published="2026-01-01")
post_review(book=book, user=User.objects.create(username="robin"), rating=4, text="Just right.")
"""
OF_THE_DEMO = """
from demo_bookstore.settings import *

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""


def test_lines_of_structlog(tmp_path):
    """The last three, as the page says."""
    pytest.importorskip("structlog")
    pytest.importorskip("debug_toolbar")
    page = "docs/how-to/structlog.md"
    (shown,) = texts(page, "text")
    settings = OF_THE_DEMO + as_written(texts(page, "python")[0])
    said = output_of(tmp_path, WITH_TABLES + REVIEWED, settings=settings)
    plain = re.sub(r"\x1b\[[\d;]*m", "", said)
    differing = (r"\d\d:\d\d:\d\d", r"(?<=dispatch_id=)\d+", r"(?<=duration_ms=)[\d.]+")
    assert masked(plain, *differing)[-3:] == masked(shown, *differing)


LOOPING = """
import inspect

import signalscope
from demo_bookstore.pitfalls.endless_loop import PITFALL
from demo_bookstore.pitfalls.models import Notice
from signalscope.checks import check_wiring

(wire,) = PITFALL.first.wires
wire.signal.connect(wire.receiver, **wire.options)
with signalscope.record() as recording:
    try:
        Notice.objects.create(title="The cat has come back")
    except signalscope.SignalscopeError as error:
        print(f"{type(error).__module__}.{type(error).__qualname__}: {error}")
for each in recording.findings:
    print(each.id, each.what, each.remedy)
for each in check_wiring():
    print(each.id.removeprefix("signalscope."), each.msg, each.hint)
print(inspect.getsource(wire.receiver))
"""


def test_the_tutorials_endless_loop(tmp_path):
    """The receiver, the error that ends it, and what is found are those that the page shows."""
    pytest.importorskip("debug_toolbar")
    page = "docs/tutorial.md"
    (receiver,) = (each for each in texts(page, "python") if "pin_every_time" in each)
    shown = [each for each in texts(page, "text") if "pin_every_time" in each]
    settings = OF_THE_DEMO + 'SIGNALSCOPE = {"MAX_DEPTH": 3}\n'
    said = " ".join(output_of(tmp_path, WITH_TABLES + LOOPING, settings=settings).split())
    assert len(shown) == 2
    paragraphs = [re.split(r"\n(?=W\d+ )", each) for each in shown]
    for each in (paragraph for some in paragraphs for paragraph in some):
        parts = (re.escape(" ".join(part.split())) for part in each.split("..."))
        assert re.search(".*".join(parts), said), each
    _, *body = receiver.splitlines()
    assert " ".join(" ".join(body).split()) in said
