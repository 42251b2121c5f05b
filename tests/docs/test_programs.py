"""What sets up a process, or is about all of its output, is run in a process of its own."""

from __future__ import annotations

import json

import pytest

from tests.docs.blocks import blocks
from tests.docs.project import WITH_TABLES, output_of

ALL = blocks()

pytestmark = pytest.mark.skipif(not ALL, reason="the documentation is not here")


def texts(page, kind):
    """Return the texts of a page's blocks of one kind."""
    return [each.text for each in ALL if (each.page, each.kind) == (page, kind)]


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
