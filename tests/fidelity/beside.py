"""Programs that patch what we patch, or watch what we watch, each for a process of its own.

``python -m tests.fidelity.beside NAME [JSON]`` runs one and prints what it saw as JSON. A process
each, since such libraries patch for good and once.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import sys
import threading
from importlib import import_module
from unittest import mock

import django
from django.conf import settings
from django.dispatch import Signal
from django.http import HttpResponse
from django.urls import include, path

import signalscope
from signalscope.testing import replaced

# Before anybody patches anything.
UNTOUCHED = dict(vars(Signal))
CODES = {name: value.__code__ for name, value in UNTOUCHED.items() if hasattr(value, "__code__")}


def configure(*apps, **more):
    settings.configure(
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.contenttypes", "signalscope", *apps],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        **more,
    )
    django.setup()


def is_untouched():
    """Tell whether `Signal` holds the very objects, with the very code, of the beginning."""
    return (
        vars(Signal).keys() == UNTOUCHED.keys()
        and all(vars(Signal)[name] is value for name, value in UNTOUCHED.items())
        and all(UNTOUCHED[name].__code__ is code for name, code in CODES.items())
    )


# --- A signal with every kind of receiver ---------------------------------------------------------

noted = Signal()


def plain(**_):
    return "plain"


def decorate(function):
    @functools.wraps(function)
    def inner(**kwargs):
        return function(**kwargs)

    return inner


@decorate
def decorated(**_):
    return "decorated"


class Listener:
    def method(self, **_):
        return "method"

    def __call__(self, **_):
        return "object"


listener = Listener()
method = listener.method
partial = functools.partial(plain)


async def asynchronous(**_):
    return "asynchronous"


RECEIVERS = {
    "plain": (plain, f"{__name__}.plain", plain),
    "decorated": (decorated, f"{__name__}.decorated", decorated.__wrapped__),
    "method": (method, f"{__name__}.Listener.method", Listener.method),
    "object": (listener, f"{__name__}.Listener", Listener.__call__),
    "partial": (partial, f"functools.partial({__name__}.plain)", plain),
    "asynchronous": (asynchronous, f"{__name__}.asynchronous", asynchronous),
}
"""Kind → what is connected, its name, and the function that a reader would look for."""


# --- Sentry ---------------------------------------------------------------------------------------


class Sentry:
    """The real SDK, whose transactions stay in this process."""

    def __init__(self):
        self.transactions = []
        self._started = False
        self._before = []

    def patch(self):
        self._before.append(Signal._live_receivers)
        if self._started:
            # It patches once in a process; this is what it does then.
            import_module("sentry_sdk.integrations.django.signals_handlers").patch_signals()
        else:
            self._start()

    def unpatch(self):
        """Sentry has no such thing; this is what it would be."""
        Signal._live_receivers = self._before.pop()

    def _start(self):
        import sentry_sdk
        from sentry_sdk.integrations.django import DjangoIntegration
        from sentry_sdk.transport import Transport

        transactions = self.transactions

        class Kept(Transport):
            def capture_envelope(self, envelope):
                transactions.extend(
                    item.payload.json for item in envelope.items if item.type == "transaction"
                )

        sentry_sdk.init(
            dsn="http://nobody@localhost/1",
            transport=Kept,
            traces_sample_rate=1.0,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[DjangoIntegration(signals_spans=True)],
        )
        self._started = True

    def spans_of(self, function):
        """Return what `function` returns, and the names of the spans that it leaves."""
        if not self._started:
            return function(), []
        import sentry_sdk

        self.transactions.clear()
        with sentry_sdk.start_transaction(name="a test"):
            result = function()
        (transaction,) = self.transactions
        return result, [span["description"] for span in transaction["spans"]]


def steps_beside_sentry(steps):
    """Take each step, and send after each of them; tell what everybody saw."""
    sentry = Sentry()
    return _take(sentry, steps)


def all_orders_beside_sentry():
    """Take the steps of patching, installing and recording in every order."""
    sentry = Sentry()
    sentry.patch()
    sentry.unpatch()
    pairs = [("patch", "unpatch"), ("install", "uninstall"), ("record", "end")]
    orders = [
        order
        for order in itertools.permutations([step for pair in pairs for step in pair])
        if all(order.index(begin) < order.index(end) for begin, end in pairs)
    ]
    return [{"steps": order, "seen": _take(sentry, order)} for order in orders]


def _take(sentry, steps):
    signal = Signal()
    signal.connect(plain)
    signal.connect(method)
    signal.connect(asynchronous)
    opened = []

    def elsewhere():
        thread = threading.Thread(target=signalscope.uninstall)
        thread.start()
        thread.join()

    def end():
        opened.pop()[1].__exit__(None, None, None)

    def begin():
        context = signalscope.record(signal)
        opened.append((context.__enter__(), context))

    do = {
        "patch": sentry.patch,
        "unpatch": sentry.unpatch,
        "install": signalscope.install,
        "uninstall": signalscope.uninstall,
        "uninstall elsewhere": elsewhere,
        "record": begin,
        "end": end,
    }
    seen = []
    for step in steps:
        do[step]()
        recording = opened[-1][0] if opened else None
        before = len(recording.calls()) if recording else 0
        responses, spans = sentry.spans_of(lambda: signal.send(sender=None))
        seen.append(
            {
                "step": step,
                "spans": spans,
                "recorded": len(recording.calls()) - before if recording else 0,
                # Who responds: Django gives the receiver itself, Sentry a wrapper of it.
                "responses": [
                    [getattr(who, "__qualname__", ""), who in (plain, method, asynchronous), what]
                    for who, what in responses
                ],
                "untouched": is_untouched(),
            }
        )
    return seen


def uninstall_under_way_beside_sentry():
    """Uninstall from inside a receiver, in another thread, while Sentry and a recording look on."""
    sentry = Sentry()
    sentry.patch()
    signal = Signal()

    def uninstaller(**_):
        thread = threading.Thread(target=signalscope.uninstall)
        thread.start()
        thread.join()

    signal.connect(uninstaller)
    signal.connect(plain)
    with signalscope.record(signal) as recording:
        _, first = sentry.spans_of(lambda: signal.send(sender=None))
        _, second = sentry.spans_of(lambda: signal.send(sender=None))
    sentry.unpatch()
    return {
        "spans": [len(first), len(second)],
        "recorded": len(recording.calls()),
        "untouched": is_untouched(),
    }


def records_beside_sentry():
    """Tell what a recording says of each receiver, and whether the receiver itself finds it."""
    sentry = Sentry()
    sentry.patch()
    for receiver, _, _ in RECEIVERS.values():
        noted.connect(receiver, weak=False)
    with signalscope.record(noted) as recording:
        # The responses hold Sentry's wrappers, and so keep them alive for what follows.
        responses, spans = sentry.spans_of(lambda: noted.send(sender=None))
    facts = {}
    for call, (kind, (receiver, name, function)) in zip(
        recording.calls(), RECEIVERS.items(), strict=True
    ):
        with signalscope.record(noted) as others, signalscope.muted(receiver=receiver):
            others_responses = noted.send(sender=None)
        stand_in = mock.AsyncMock() if kind == "asynchronous" else mock.Mock()
        with replaced(receiver, by=stand_in):
            noted.send(sender=None)
        code = function.__code__
        facts[kind] = {
            "name": call.receiver_name == name or call.receiver_name,
            "place": (call.file, call.line) == (code.co_filename, code.co_firstlineno)
            or f"{call.file}:{call.line}",
            "found by itself": [each is call for each in recording.calls(receiver)],
            "left when muted": len(others.calls()),
            "left as responses": len(others_responses),
            "calls when replaced": stand_in.call_count,
        }
    return {"facts": facts, "spans": len(spans), "responses": len(responses)}


# --- OpenTelemetry's instrumentation of Django ----------------------------------------------------


def page(request):
    """Answer any request, and send a signal meanwhile."""
    noted.send(sender=None)
    return HttpResponse("<body>A page</body>")


urlpatterns = [path("", page)]


def requests_beside_opentelemetry():
    """Make a request in each state of both; tell of the spans, and of what was recorded."""
    from django.test import Client
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = DjangoInstrumentor()
    noted.connect(plain)

    def request():
        exporter.clear()
        answer = Client().get("/").content.decode()
        spans = exporter.get_finished_spans()
        return [answer, [[span.name, span.kind.name, span.parent is None] for span in spans]]

    def recorded():
        with signalscope.record() as recording:
            seen = request()
        return [seen, [[each.label, each.depth, len(each.calls)] for each in recording.walk()]]

    seen = {"neither": request(), "ours": recorded()}
    instrumentor.instrument(tracer_provider=provider, is_sql_commentor_enabled=False)
    seen |= {"theirs": request(), "theirs, then ours": recorded()}
    instrumentor.uninstrument()
    signalscope.install()
    instrumentor.instrument(tracer_provider=provider, is_sql_commentor_enabled=False)
    seen |= {"ours, then theirs": recorded()}
    signalscope.uninstall()
    seen |= {"ours gone": request()}
    signalscope.install()
    instrumentor.uninstrument()
    seen |= {"theirs gone": recorded()}
    signalscope.uninstall()
    return {"seen": seen, "untouched": is_untouched()}


# --- The toolbar's own panel ----------------------------------------------------------------------


def toolbar_panel():
    """Make a request in each of our states; tell what the toolbar's own panel says of signals."""
    from debug_toolbar.store import get_store
    from django.test import Client

    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
    noted.connect(plain)
    noted.connect(method)

    def request():
        store = get_store()
        store.clear()
        Client().get("/")
        (request_id,) = store.request_ids()
        return store.panel(request_id, "SignalsPanel")["signals"]

    request()  # the first one imports more receivers
    seen = {"without": request()}
    signalscope.install()
    seen["installed"] = request()
    with signalscope.record() as recording:
        seen["recording"] = request()
    signalscope.uninstall()
    seen["gone"] = request()
    return {"seen": seen, "recorded": len(recording.calls(plain)), "untouched": is_untouched()}


def configure_toolbar():
    configure(
        "django.contrib.staticfiles",
        "debug_toolbar",
        DEBUG=True,
        SIGNALSCOPE={"ENABLED": False},
        INTERNAL_IPS=["127.0.0.1"],
        STATIC_URL="static/",
        MIDDLEWARE=["debug_toolbar.middleware.DebugToolbarMiddleware"],
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        DEBUG_TOOLBAR_PANELS=["debug_toolbar.panels.signals.SignalsPanel"],
        DEBUG_TOOLBAR_CONFIG={"EXTRA_SIGNALS": [f"{__name__}.noted"]},
    )


# --- Others who replace the sends -----------------------------------------------------------------


def sends_beside_kaleidoscope():
    """Send in each state of both; tell what each saw, and who responded."""
    from kaleidoscope.panels import signals as theirs

    panel, signal, broken = theirs.SignalsPanel(), Signal(), Signal()
    signal.connect(plain)
    signal.connect(method)
    raised = []

    def fails_once(**_):
        if not raised:
            raised.append(True)
            raise ValueError

    broken.connect(fails_once)

    def send():
        log = theirs.SendLog(closed=False, count=0, groups={})
        theirs._collecting.set(log)
        with signalscope.record(signal) as recording:
            responses = signal.send(sender=None)
        panel._log = log
        told = [[each["count"], each["receivers"]] for each in panel.get_data()["sends"]]
        return {
            "theirs": told,
            "recorded": [call.receiver_name for call in recording.calls()],
            "responses": [who in (plain, method) for who, _ in responses],
        }

    seen = {"ours": send()}
    panel.install()
    seen["theirs, then ours"] = send()
    signalscope.install()
    seen["both"] = send()
    panel.uninstall()
    seen["theirs gone"] = send()
    panel.install()
    seen["ours, then theirs"] = send()
    signalscope.uninstall()
    log = theirs.SendLog(closed=False, count=0, groups={})
    theirs._collecting.set(log)
    with contextlib.suppress(ValueError):
        broken.send(sender=None)
    broken.send(sender=None)
    panel._log = log
    (first_raised,) = panel.get_data()["sends"]
    panel.uninstall()
    return {
        "seen": seen,
        "first raised": [first_raised["count"], first_raised["receivers"]],
        "untouched": is_untouched(),
    }


def sends_beside_orbit():
    """Send without and with a recording; tell what it keeps, and how often each receiver runs."""
    from django.core.management import call_command
    from orbit.models import OrbitEntry

    call_command("migrate", verbosity=0)
    signal, ran = Signal(), []

    def weak(**named):
        ran.append(["weak", bool(named)])

    def strong(**named):
        ran.append(["strong", bool(named)])

    def particular(sender, **named):
        ran.append(["particular", bool(named)])

    signal.connect(weak)
    signal.connect(strong, weak=False)
    signal.connect(particular, weak=False)

    def send(name="send"):
        ran.clear()
        entries = OrbitEntry.objects.filter(type=OrbitEntry.TYPE_SIGNAL)
        before = entries.count()
        with contextlib.suppress(ValueError):
            getattr(signal, name)(sender=None)
        return {"kept": entries.count() - before, "ran": list(ran)}

    def recorded():
        with signalscope.record(signal) as recording:
            seen = send()
        names = [call.receiver_name.rpartition(".")[2] for call in recording.calls()]
        return {**seen, "recorded": names}

    seen = {"without": send(), "recording": recorded()}
    signalscope.install()
    seen["installed"] = recorded()
    signalscope.uninstall()
    seen |= {"gone": send(), "robust": send("send_robust")}
    entries = OrbitEntry.objects.filter(type=OrbitEntry.TYPE_SIGNAL)
    before = entries.count()
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.create(app_label="a", model="b")
    seen["kept of a save"] = entries.count() - before

    def raises(**_):
        raise ValueError

    signal.connect(raises)
    seen["raising"] = send()
    return seen


# --- To be run ------------------------------------------------------------------------------------

PROGRAMS = (
    steps_beside_sentry,
    all_orders_beside_sentry,
    uninstall_under_way_beside_sentry,
    records_beside_sentry,
    requests_beside_opentelemetry,
    toolbar_panel,
    sends_beside_kaleidoscope,
    sends_beside_orbit,
)


def main(name, *arguments):
    program = next(each for each in PROGRAMS if each.__name__ == name)
    if program is toolbar_panel:
        configure_toolbar()
    elif program is sends_beside_orbit:
        # Of what it watches, only signals are compared.
        configure("orbit", SIGNALSCOPE={"ENABLED": False}, ORBIT={"RECORD_SIGNALS": True})
    else:
        configure()
    json.dump(program(*map(json.loads, arguments)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
