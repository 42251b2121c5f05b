"""What a failed assertion says: what was asked, what happened instead, and what is near to it."""

from __future__ import annotations

import textwrap
from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signalscope.assertions import Recorded
    from signalscope.records import Dispatch, ReceiverCall

from signalscope.asking import LIKELY, Difference, Filter, name_test
from signalscope.naming import short_name
from signalscope.wording import (
    MOST_LINES,
    at_place,
    dropped_lines,
    facts_text,
    label_of,
    message_of,
    name_of_receiver,
    number_of,
    section_of,
    times_text,
    unknown_outcome,
)

__all__ = [
    "MOST_NAMES",
    "absence",
    "called_failure",
    "order_failure",
    "query_lines",
    "sent_failure",
]


MOST_NAMES = 3


_MOST_SQL = 100


class _Tally:
    """What of a recording is as asked, what is near, and why there may be more of it."""

    def __init__(self, recording: Recorded, asked: Filter) -> None:
        self.recording = recording
        self.asked = asked
        self.matched: list[Dispatch] = []
        self.near: list[tuple[Dispatch, list[Difference]]] = []
        self.unheard: list[tuple[str, int, list[Difference]]] = []
        """Sends without receivers: label, number, differences."""

    def add(self, dispatch: Dispatch, differences: list[Difference]) -> None:
        """Sort in a dispatch, or the dispatch of a call."""
        if differences:
            self.near.append((dispatch, differences))
        else:
            self.matched.append(dispatch)

    @property
    def count(self) -> int:
        """How many are as asked."""
        return len(self.matched) + (0 if self.asked.facts else self._unheard_alike())

    def _unheard_alike(self) -> int:
        return sum(number for _, number, differences in self.unheard if not differences)

    def _unsure(self) -> list[tuple[Dispatch, list[Difference]]]:
        return [each for each in self.near if not any(found.certain for found in each[1])]

    def doubts(self) -> list[str]:
        """Return the reasons for which there may be more than `count`."""
        reasons = []
        if unsure := len(self._unsure()):
            reasons.append(f"{unsure} more may be as asked; what is kept of them cannot tell.")
        if self.asked.facts and (unheard := self._unheard_alike()):
            reasons.append(
                f"It was sent {times_text(unheard)} to no receiver, and the kwargs of a send "
                "without "
                "receivers are not recorded."
            )
        return reasons + dropped_lines(self.recording)

    def failure(self, subject: str, done: str, how: str, wanted: int | None) -> str | None:
        """Return the first line of the failure; None where all is as wanted."""
        count = self.count
        if wanted is None:
            return None if count else f"{subject} was not {done}{how}"
        if count <= wanted and self.doubts():
            asked = f"{done} {times_text(wanted)}" if wanted else f"not {done}"
            return f"It cannot be known whether {subject} was {asked}{how}"
        if count == wanted:
            return None
        if not count:
            return f"{subject} was not {done}{how}, but should have been {times_text(wanted)}"
        but = f"not {times_text(wanted)}" if wanted else "but should not have been"
        return f"{subject} was {done} {times_text(count)}{how}, {but}"

    def lines(self, *, near: bool) -> list[str]:
        """Return the doubts, what is as asked, and what may be; with `near`, what is not, too."""
        as_asked: Counter[str] = Counter()
        for dispatch in self.matched:
            as_asked[f"{dispatch.label}{facts_text(dispatch)}{at_place(dispatch)}"] += 1
        rest = [
            (found, dispatch.label, at_place(dispatch), 1)
            for dispatch, found in (self.near if near else self._unsure())
        ]
        for label, number, found in self.unheard:
            if found:
                rest += [(found, label, "  to no receiver", number)] if near else []
            elif not self.asked.facts:
                as_asked[f"{label}  to no receiver"] += number
        otherwise: Counter[str] = Counter()
        for found, label, where, number in sorted(rest, key=lambda each: len(each[0])):
            otherwise[f"{label}  {'; '.join(each.text for each in found)}{where}"] += number
        return [
            *self.doubts(),
            *section_of("As asked:", as_asked),
            *section_of("Not as asked:" if near else "Perhaps as asked:", otherwise),
        ]


def called_failure(
    recording: Recorded, receiver: Any, wanted: int | None, asked: Filter
) -> str | None:
    """Return what an assertion about calls says as it fails, None where it holds."""
    tally = _Tally(recording, asked)
    for call in recording.calls(receiver):
        tally.add(call.dispatch, asked.differences(call.dispatch))
    for_signal = "" if asked.signal_name is None else f" for {short_name(asked.signal_name)}"
    how = for_signal + asked.spelt(" from ")
    head = tally.failure(name_of_receiver(receiver), "called", how, wanted)
    if head is None:
        return None
    missing = tally.count < (1 if wanted is None else wanted)
    lines = tally.lines(near=missing)
    if missing:
        lines += absence(recording, receiver, asked)
    return message_of(head, lines, recording)


def sent_failure(recording: Recorded, wanted: int | None, asked: Filter) -> str | None:
    """Return what an assertion about sends says as it fails, None where it holds."""
    tally = _Tally(recording, asked)
    names = set()
    for dispatch in recording.walk():
        names.add(dispatch.signal_name)
        found = asked.differences(dispatch)
        if not any(each.about == "signal" for each in found):
            tally.add(dispatch, found)
    for (signal_name, sender_name), number in _unheard(recording).items():
        names.add(signal_name)
        found = asked.differences_of(signal_name, sender_name)
        if not any(each.about == "signal" for each in found):
            tally.unheard.append((label_of(signal_name, sender_name), number, found))
    name = str(asked.signal_name)
    head = tally.failure(name, "sent", asked.spelt(" by "), wanted)
    if head is None:
        return None
    lines = tally.lines(near=tally.count < (1 if wanted is None else wanted))
    if not tally.matched and not tally.near and not tally.unheard:
        lines += _nearest(name, names, "No signal was sent to any receiver.")
    return message_of(head, lines, recording)


def order_failure(recording: Recorded, receivers: tuple[Any, ...]) -> str | None:
    """Return what an assertion about an order says as it fails, None where it holds."""
    names = [name_of_receiver(receiver) for receiver in receivers]
    # By identity: one call may be the first of two of the names.
    place = {id(call): number for number, call in enumerate(recording.calls())}
    first = [next((place[id(call)] for call in recording.calls(each)), None) for each in receivers]
    called = [(at, name) for at, name in zip(first, names, strict=True) if at is not None]
    lines = [
        f"asked: {' → '.join(names)}",
        f"was:   {' → '.join(name for _, name in sorted(called)) or 'none of them'}",
        *dropped_lines(recording),
    ]
    for at, name, receiver in zip(first, names, receivers, strict=True):
        if at is None:
            lines += absence(recording, receiver, Filter())
            return message_of(f"{name} was not called, so that there is no order", lines, recording)
    for (before, name), (after, other) in pairwise(called):
        if before > after:
            return message_of(f"{name} was first called after {other}", lines, recording)
        if before == after:
            head = f"{name} and {other} are one receiver: both names have the same first call"
            return message_of(head, lines, recording)
    if recording.dropped:
        return unknown_outcome("these were the first calls", lines[:2], recording)
    return None


def absence(recording: Recorded, receiver: Any, asked: Filter) -> list[str]:
    """Tell what may explain that a receiver did not run: why it was skipped, or its right name."""
    name = name_of_receiver(receiver)
    matches = name_test(receiver, name)
    skipped = Counter(
        f"{each.reason}: {dispatch.label}{at_place(dispatch)}"
        for dispatch in recording.walk()
        if all(difference.about == "kwargs" for difference in asked.differences(dispatch))
        for each in dispatch.not_called
        if matches(each.receiver_name)
    )
    lines = section_of("Connected, but not called:", skipped)
    if recording.calls(receiver):
        return lines
    ran = {call.receiver_name for call in recording.calls()}
    if not isinstance(receiver, str) and name in ran:
        lines.append(
            f"What ran as {name} is another object than the one given here (wrapped, replaced or "
            "made anew). The name, given as a string, stands for either."
        )
    elif not skipped:
        lines += _nearest(name, ran, "No receiver was called at all.")
    unheard = {
        label_of(*names): number
        for names, number in _unheard(recording).items()
        if not asked.differences_of(*names)
    }
    return [*lines, *section_of("Sent, but nothing listened:", unheard)]


def _nearest(name: str, names: Iterable[str], none: str) -> list[str]:
    """Return the line that tells which of `names` may have been meant."""
    last = short_name(name)
    scores = {
        each: max(_likeness(name, each), _likeness(last, short_name(each)))
        for each in sorted(names)
    }
    if not scores:
        return [none]
    best = sorted(scores, key=scores.__getitem__, reverse=True)
    likely = [each for each in best if scores[each] >= LIKELY]
    return [f"Nearest names: {', '.join(likely[:MOST_NAMES])}"] if likely else []


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _unheard(recording: Recorded) -> Mapping[tuple[str, str | None], int]:
    return getattr(recording, "unheard", None) or {}


def query_lines(calls: list[ReceiverCall]) -> list[str]:
    """Return who ran queries, most first, with the statements that were repeated."""
    counts: Counter[str] = Counter()
    number: Counter[str] = Counter()
    repeated: dict[str, Counter[str]] = {}
    for call in calls:
        if call.queries is not None:
            counts[call.receiver_name] += call.queries.count
            number[call.receiver_name] += 1
            repeated.setdefault(call.receiver_name, Counter()).update(call.queries.repeated)
    lines = []
    for name, count in counts.most_common(MOST_LINES):
        if count:
            in_calls = number_of(number[name], "call")
            lines.append(f"{name}: {number_of(count, 'query', 'queries')} in {in_calls}")
            lines += [
                f"  {times} × {textwrap.shorten(sql, _MOST_SQL, placeholder=' …')}"
                for sql, times in repeated[name].most_common(MOST_NAMES)
            ]
    return lines
