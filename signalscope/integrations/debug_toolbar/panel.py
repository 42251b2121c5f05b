"""The panel: records one request, and shows what was recorded."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from inspect import isawaitable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from debug_toolbar.panels import Panel
from django.urls import path

from signalscope.errors import SignalscopeError
from signalscope.integrations.debug_toolbar import editors, html, stats, views
from signalscope.recording import record
from signalscope.rendering.overview import overview, receivers, subtitle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from django.core.checks import CheckMessage
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

    from signalscope.recording import Recording

__all__ = ["SignalscopePanel"]

logger: logging.Logger = logging.getLogger("signalscope")


class SignalscopePanel(Panel):
    """Which receivers ran in a request, in what order, for how long, and what set them off.

    What the panel stores, once for each request::

        {
            "overview": {...},  # see `rendering.overview.Overview`
            "window": [begin, end],  # of the request, in the recorder's nanoseconds
            "recording": "...",  # see `stats.pack`
            "problem": "",  # why nothing could be recorded
        }

    Recorded is what happens below the panel: the panels that follow it, the middleware that
    follows the toolbar's, and the view. Signals that are sent before or after, such as
    ``request_started``, ``request_finished`` and those sent by a streamed response as it streams,
    are not.
    """

    is_async = True
    panel_id = "SignalscopePanel"
    title = "Signals"
    nav_title = "Signals"
    nav_icon = "debug_toolbar/img/signals.svg"  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._recording: Recording | None = None
        self._window = (0, 0)
        self._problem = ""

    # --- Recording a request ----------------------------------------------------------------------

    def process_request(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        """Record the request; under an asynchronous handler, return what does so when awaited."""
        # Which of both it is shows in the answer alone: whether the handler is asynchronous depends
        # on the middleware around, not on the kind of request.
        with self._recorded():
            response = super().process_request(request)  # type: ignore[no-untyped-call]
        return self._awaited(response) if isawaitable(response) else response

    async def _awaited(self, response: Awaitable[HttpResponse]) -> HttpResponse:
        with self._recorded():
            return await response

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Record in the context of the caller, which is the one that the view inherits."""
        with ExitStack() as stack:
            begin = perf_counter_ns()  # the recorder's clock
            try:
                self._recording = stack.enter_context(record())
            except SignalscopeError as error:
                # The page is worth more than the panel.
                self._problem = str(error)
            try:
                yield
            finally:
                self._window = (begin, perf_counter_ns())

    def generate_stats(self, request: HttpRequest, response: HttpResponse) -> None:  # noqa: ARG002
        """Store what was recorded, as plain data and all at once."""
        recorded, self._recording = self._recording, None
        try:
            stored = self._to_store(stats.EMPTY if recorded is None else recorded.to_dict())
        except Exception as error:
            # The page is worth more than the panel.
            logger.exception("What the request sent cannot be shown in the toolbar")
            self._problem = f"By a fault of Signalscope it cannot be shown: {error!r}."
            stored = self._to_store(stats.EMPTY)
        self.record_stats(stored)  # type: ignore[no-untyped-call]

    def _to_store(self, recording: dict[str, Any]) -> dict[str, Any]:
        recording = stats.without_receivers_of("debug_toolbar", recording)
        return {
            "overview": overview(recording, self._window),
            "window": list(self._window),
            "recording": stats.pack(recording),
            "problem": self._problem,
        }

    def generate_server_timing(self, request: HttpRequest, response: HttpResponse) -> None:  # noqa: ARG002
        """Let the browser's own tools show the time in signals as well."""
        figures = self._stored["overview"]
        self.record_server_timing(  # type: ignore[no-untyped-call]
            "signals",
            f"Signals, {receivers(figures)}",
            round(figures["signals_ns"] / 1_000_000, 3),
        )

    # --- Showing it -------------------------------------------------------------------------------

    @property
    def nav_subtitle(self) -> str:
        """The one line that is worth knowing before the panel is opened."""
        stored = self._stored
        if not stored:
            return ""
        return "Not recorded" if stored["problem"] else subtitle(stored["overview"])

    @property
    def content(self) -> str:
        """The overview and the first rows of the tree, from what was stored."""
        return html.panel(self._stored, request_id=self.toolbar.request_id, nonce=self._nonce)

    @property
    def scripts(self) -> list[str]:
        """The one module that is loaded by name; it imports the others."""
        return [html.asset_url("panel.js")]

    @property
    def _stored(self) -> dict[str, Any]:
        stored: dict[str, Any] = self.get_stats()  # type: ignore[no-untyped-call]
        return stored

    @property
    def _nonce(self) -> str | None:
        # Only a panel that is rendered into its own page has one: a stored panel has no request.
        return None if self.toolbar.request is None else self.toolbar.csp_nonce

    @classmethod
    def get_urls(cls) -> list[URLPattern]:
        """Serve the tabs and their rows, downloads, and the panel's own static files."""
        panel = {"panel_id": cls.panel_id}
        return [
            path("signalscope/tab/", views.tab, panel, name="signalscope_tab"),
            path("signalscope/download/", views.download, panel, name="signalscope_download"),
            path("signalscope/static/<str:name>", views.asset, name="signalscope_asset"),
        ]

    @classmethod
    def run_checks(cls) -> list[CheckMessage]:
        """Tell a wrong option of the panel to ``manage.py check``."""
        return editors.problems()
