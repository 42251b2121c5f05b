"""`record` and `Recording`: what users open, read and assert on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope import conf, patching
from signalscope.assertions import Assertions
from signalscope.diagnosis.runtime import diagnose
from signalscope.matching import SignalFilter, receiver_matcher, sender_matcher, signal_matcher
from signalscope.naming import signal_facts
from signalscope.recorder import Collector
from signalscope.records import placed, separate
from signalscope.registry.senders import all_signals
from signalscope.rendering import data, loading, outline, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.values import Bypass, Effect

    View = tuple[list[Dispatch], list[Bypass], list[Effect]]

__all__ = ["Recording", "record"]


class Recording(Assertions):
    """The bounded tree of dispatches seen between a start and a stop, in one context."""

    def __init__(self, collector: Collector, findings: list[Finding] | None = None) -> None:
        self._collector = collector
        self._saved_findings = findings
        self._found: tuple[Any, list[Finding]] | None = None
        self._view: tuple[tuple[int, int, int], View] | None = None

    @property
    def dispatches(self) -> list[Dispatch]:
        """The roots, in the order in which they started."""
        kept = self._all()
        return [dispatch for dispatch in kept if dispatch.parent is None]

    @property
    def bypasses(self) -> list[Bypass]:
        """The ORM operations that skipped receivers, in the order in which they ended."""
        return list(self._look()[1])

    @property
    def unheard(self) -> dict[tuple[str, str | None], int]:
        """Sends that found no receiver: the names of signal and sender → how often.

        They are no dispatches. What was sent with them is not kept.
        """
        counts: dict[tuple[str, str | None], int] = {}
        for (signal, sender), number in list(self._collector.unheard.items()):
            names = signal.name, sender
            counts[names] = counts.get(names, 0) + number
        return counts

    @property
    def findings(self) -> list[Finding]:
        """What the rules find in it, less what is silenced; worked out when it is read.

        Those of a saved recording are what was found when it was saved, as the rules see more in a
        live one. Raises `ConfigurationError` where the ``SIGNALSCOPE`` setting cannot be used.
        """
        settings = conf.load()
        if self._saved_findings is not None:
            return [each for each in self._saved_findings if each.id not in settings.silenced]
        dispatches, bypasses, effects = self._look()
        asked = (
            len(dispatches),
            len(bypasses),
            len(effects),
            settings.slow_ms,
            settings.repeated_queries,
            settings.silenced,
        )
        if self._found is not None and self._found[0] == asked:
            return list(self._found[1])
        # What still runs may show more before the next dispatch begins.
        over = all(dispatch.ended is not None for dispatch in dispatches)
        found = diagnose(
            dispatches,
            bypasses,
            effects,
            slow_ms=settings.slow_ms,
            repeated=settings.repeated_queries,
            silenced=settings.silenced,
        )
        self._found = (asked, found) if over else None
        return list(found)

    @property
    def dropped(self) -> int:
        """How many dispatches, bypasses, mails and tasks found no room (``MAX_RECORDS``)."""
        # Threads that came for the last place at once have all got one.
        too_many = len(self._collector.kept) - self._collector.limit
        return self._collector.dropped + max(too_many, 0)

    def walk(self) -> Iterator[Dispatch]:
        """Yield all dispatches, in the order in which they started."""
        return iter(self._all())

    def calls(
        self, receiver: Any = None, *, signal: Any = None, sender: Any = None
    ) -> list[ReceiverCall]:
        """Return the receiver calls, in the order in which they started.

        `receiver`, `signal` and `sender`, where given as objects or as dotted names, narrow them.
        """
        by_receiver = None if receiver is None else receiver_matcher(receiver)
        by_signal = None if signal is None else signal_matcher(signal)
        by_sender = None if sender is None else sender_matcher(sender)
        calls = [
            call
            for dispatch in self._all()
            if (by_signal is None or by_signal(dispatch.signal_facts))
            and (by_sender is None or by_sender(dispatch.sender_facts))
            for call in dispatch.calls
            if by_receiver is None or by_receiver(call.receiver_facts)
        ]
        return sorted(calls, key=lambda call: call.started)

    def may_hold(self, signal: Any) -> bool:
        """Tell whether it looked for dispatches of `signal`, an object or a dotted name, at all.

        It did not for what ``record(...)`` or ``ALLOW`` and ``DENY`` leave out. A name that no
        signal has, and a saved recording, are given the benefit of the doubt.
        """
        named = [signal_facts(signal)]
        if isinstance(signal, str):
            matches = signal_matcher(signal)
            named = [facts for facts in map(signal_facts, all_signals()) if matches(facts)]
        return not named or any(map(self._collector.wants.may_want, named))

    def tree(self) -> str:
        """Return the tree as text: lines for dispatches and receiver calls, then the findings."""
        dispatches, bypasses, _ = self._look()
        roots = [dispatch for dispatch in dispatches if dispatch.parent is None]
        return text.tree(roots, bypasses, dropped=self.dropped, findings=self.findings)

    def outline(self) -> str:
        """Return the tree without what differs from run to run, for a snapshot.

        Left out are times, keys of rows, ids, places, error messages, queries and ``using``.
        """
        return outline.as_text(self.shape())

    def shape(self) -> list[dict[str, Any]]:
        """Return what `outline` tells as nested plain data, ready for JSON."""
        return outline.shape(self.dispatches)

    @classmethod
    def from_dict(cls, saved: Any) -> Recording:
        """Return the recording that `to_dict` saved.

        Raises `SignalscopeError` where `saved` is nothing that `to_dict` made, or was made by a
        newer Signalscope.
        """
        return cls(loading.collector_from_dict(saved), loading.findings_from_dict(saved))

    def to_dict(self) -> dict[str, Any]:
        """Return the recording as plain data, ready for JSON, with its ``"schema"`` version."""
        return data.recording_to_dict(self, *self._look())

    def __repr__(self) -> str:
        """Show how much there is."""
        return f"<Recording of {len(self._collector.kept)} dispatches, {self.dropped} dropped>"

    def _all(self) -> list[Dispatch]:
        return self._look()[0]

    def _look(self) -> View:
        """Return all dispatches, bypasses and effects, as they hang together at one moment."""
        # Bypasses first: while the recording runs, what they hang under is then among the kept.
        noted, sent = list(self._collector.bypasses), list(self._collector.effects)
        kept = self._collector.kept[: self._collector.limit]
        sizes = len(kept), len(noted), len(sent)
        if self._view is None or self._view[0] != sizes:
            mine = separate(kept)
            self._view = sizes, (mine, placed(noted, kept, mine), placed(sent, kept, mine))
        return self._view[1]


class record:  # noqa: N801 - used as a function, like Django's override_settings
    """Record what the current context sends until the block ends.

    `signals` (objects or dotted names) and `senders` (objects, or names such as ``app.Model``)
    narrow what is kept; signals named here are seen even where ``DENY`` has them. Works as
    ``with`` and as ``async with``, and may be nested. Threads of ``sync_to_async`` and tasks that
    are started inside are seen too; other requests, tasks and threads are not.
    """

    def __init__(
        self, *signals: Any, senders: Iterable[Any] | None = None, queries: bool = True
    ) -> None:
        self._signals = signals
        self._senders = None if senders is None else tuple(senders)
        self._queries = queries
        self._opened: list[Any] = []

    def __enter__(self) -> Recording:
        settings = patching.configure()
        collector = Collector(
            limit=settings.max_records,
            wants=SignalFilter(
                self._signals, self._senders, allow=settings.allow, deny=settings.deny
            ),
            queries=self._queries and settings.queries,
        )
        patching.hold(records=True)
        self._opened.append(patching.recorder.open(collector))
        return Recording(collector)

    def __exit__(self, *_error: object) -> None:
        patching.recorder.close(self._opened.pop())
        patching.release()

    async def __aenter__(self) -> Recording:
        return self.__enter__()

    async def __aexit__(self, *_error: object) -> None:
        self.__exit__()
