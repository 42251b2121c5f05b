"""Hooks, metrics, and instrumenting and back."""

from __future__ import annotations

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the group “sdk” is not installed")
pytest.importorskip("opentelemetry.instrumentation", reason="the extra “otel” is not installed")

from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.trace import INVALID_SPAN

import signalscope
from signalscope.errors import ConfigurationError
from signalscope.integrations.opentelemetry import SignalscopeInstrumentor
from tests.integrations.opentelemetry.traced import HERE, inner, outer, second


class TestHooks:
    def test_get_span_and_record_before_the_end(self, traced, connect):
        def of_dispatch(span, dispatch):
            span.set_attribute("calls", len(dispatch.calls))

        def of_receiver(span, call):
            span.set_attribute("took", call.duration_ns)

        connect(outer, second)
        ours = traced(dispatch_hook=of_dispatch, receiver_hook=of_receiver)
        outer.send(sender=None)
        assert ours.named("outer").attributes["calls"] == 1
        assert ours.named("second").attributes["took"] > 0

    def test_one_that_raises_is_reported_once(self, traced, connect, caplog):
        """The program does not see it, and the spans are there."""

        def raises(span, record):
            raise RuntimeError("a fault")

        connect(outer, second)
        ours = traced(receiver_hook=raises)
        for _ in range(15):
            assert outer.send(sender=None) == [(second, None)]
        assert len(ours.spans) == 30
        (line,) = (each for each in caplog.records if each.name == "signalscope")
        assert "raises" in line.getMessage()
        assert "a fault" in line.exc_text


class TestMetrics:
    def read(self, reader):
        (of_resource,) = reader.get_metrics_data().resource_metrics
        (of_scope,) = of_resource.scope_metrics
        return {metric.name: metric for metric in of_scope.metrics}

    def test_measure_with_few_attributes(self, traced, connect):
        """Duration, dispatches, errors and recursions."""
        rounds = iter([1])

        def again(sender, **kwargs):
            for _ in rounds:
                outer.send(sender="shop")
            raise LookupError

        reader = InMemoryMetricReader()
        connect(outer, again)
        traced(meter_provider=MeterProvider([reader]))
        with pytest.raises(LookupError):
            outer.send(sender="shop")
        found = self.read(reader)
        common = {"django.signal.name": f"{HERE}.outer", "django.signal.sender": "shop"}
        function = {"code.function.name": f"{again.__module__}.{again.__qualname__}"}
        duration = found["django.signal.receiver.duration"]
        assert duration.unit == "s"
        (point,) = duration.data.data_points
        assert dict(point.attributes) == common | function
        assert point.count == 2
        assert 0 < point.sum < 60
        (point,) = found["django.signal.dispatches"].data.data_points
        assert dict(point.attributes) == common | {"django.signal.method": "send"}
        assert point.value == 2
        (point,) = found["django.signal.receiver.errors"].data.data_points
        assert dict(point.attributes) == common | function | {"error.type": "LookupError"}
        assert point.value == 2
        (point,) = found["django.signal.recursions"].data.data_points
        assert point.value == 1


class TestSwitching:
    def test_off_while_a_receiver_runs(self, traced, connect):
        """What is current goes back to what it was, and the spans that began are there."""

        def switches(sender, **kwargs):
            ours.instrumentor.uninstrument()
            inner.send(sender=None)

        connect(outer, switches)
        connect(inner, second)
        ours = traced()
        with ours.tracer.start_as_current_span("request") as request:
            outer.send(sender=None)
            assert trace.get_current_span() is request
        assert not signalscope.is_installed()
        assert "inner" not in ours.parents()

    def test_on_while_a_receiver_runs(self, traced, connect):
        def switches(sender, **kwargs):
            made.append(traced())
            inner.send(sender=None)

        made = []
        connect(outer, switches)
        connect(inner, second)
        outer.send(sender=None)
        assert made[0].parents() == {"inner": None, "second": "inner"}

    def test_it_leaves_what_was_installed(self, traced, connect):
        signalscope.install()
        try:
            traced().instrumentor.uninstrument()
            assert signalscope.is_installed()
        finally:
            signalscope.uninstall()

    def test_on_twice_is_one_warning(self, traced, caplog):
        ours = traced()
        ours.instrumentor.instrument(tracer_provider=ours.provider)
        assert [each.levelname for each in caplog.records] == ["WARNING"]

    def test_without_a_provider_nothing_is_done(self, connect):
        """The one that stands in for it makes no spans."""
        instrumentor = SignalscopeInstrumentor()
        instrumentor.instrument(tracer_provider=trace.NoOpTracerProvider())
        connect(outer, lambda **_: seen.append(trace.get_current_span()), weak=False)
        seen = []
        outer.send(sender=None)
        instrumentor.uninstrument()
        outer.receivers.clear()
        outer.sender_receivers_cache.clear()
        assert seen == [INVALID_SPAN]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"max_spnas": 3}, "instrument() takes no 'max_spnas'. Did you mean 'max_spans'?"),
            ({"max_spans": 0}, "instrument() got max_spans=0. Make it None or a whole number"),
            ({"max_spans": True}, "got max_spans=True"),
            ({"min_duration_ms": -1}, "got min_duration_ms=-1. Make it a number, 0 or more"),
            ({"deny": "post_save"}, "got deny='post_save'. Make it a list of signals"),
            ({"allow": [3]}, "got allow=a value of type list. Make it a list of signals"),
            ({"receiver_hook": "hook"}, "got receiver_hook='hook'. Make it a function"),
            ({"tracer_provider": 3}, "got tracer_provider=3. Make it a TracerProvider"),
        ],
    )
    def test_a_wrong_option_is_an_error(self, options, message):
        """It names the option and the remedy, and nothing is installed."""
        instrumentor = SignalscopeInstrumentor()
        with pytest.raises(ConfigurationError) as info:
            instrumentor.instrument(**options)
        assert message in str(info.value)
        assert not instrumentor.is_instrumented_by_opentelemetry
        assert not signalscope.is_installed()

    def test_variables_stand_in(self, traced, connect, monkeypatch):
        monkeypatch.setenv("OTEL_PYTHON_SIGNALSCOPE_DENY", f"{HERE}.inner , nothing")
        monkeypatch.setenv("OTEL_PYTHON_SIGNALSCOPE_MAX_SPANS", "1")
        connect(outer, second)
        connect(inner, second)
        ours = traced()
        inner.send(sender=None)
        assert ours.spans == ()
        outer.send(sender=None)
        assert [span.name for span in ours.spans] == ["outer"]

    @pytest.mark.parametrize("wrong", ["MAX_SPANS=many", "MAX_SPANS=-3", "MIN_DURATION_MS=soon"])
    def test_a_wrong_variable_is_one_line(self, traced, monkeypatch, caplog, wrong):
        name, _, text = f"OTEL_PYTHON_SIGNALSCOPE_{wrong}".partition("=")
        monkeypatch.setenv(name, text)
        outer.connect(second)
        ours = traced()
        outer.send(sender=None)
        outer.disconnect(second)
        assert len(ours.spans) == 2
        (line,) = caplog.records
        assert line.getMessage().startswith(f"{name} is {text!r}, which is left out. Make it ")
