"""Programs that use signals, as plain data.

A program is a description only: `tests.fidelity.generating` makes such, and
`tests.fidelity.interpreter` makes fresh signals and receivers of it each time that it runs.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Advance",
    "Atomic",
    "Both",
    "Cancel",
    "Collect",
    "Connect",
    "Disconnect",
    "Drop",
    "HasListeners",
    "OnCommit",
    "Operation",
    "Program",
    "Query",
    "Receiver",
    "Send",
    "SetVariable",
    "Sleep",
    "Warn",
    "Wrap",
]

CACHING = (False, False, True)
"""Whether each of the program's own signals caches."""
MODEL_SIGNALS = ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "post_init")
"""Django's, which count on from the program's own where it has a database."""
RECEIVERS = 6
VARIABLES = 3
RETURNS = ("None", "None", "a number", "an object", "a watched object")
RAISES = (
    "ValueError",
    "an error of its own",
    "a watched error",
    "an error with a watched argument",
    "a BaseException",
    "CancelledError",
    "an error from another",
    "an error while handling another",
    "a group",
    "the same error each time",
)


@dataclass(frozen=True)
class Send:
    """Send a signal by one of the four methods."""

    method: str
    signal: int
    sender: int | None
    """Which of the program's senders, or none."""
    payload: str
    """What goes along."""
    way: str
    """How the call is made. A way that does not fit where it runs means directly."""
    catches: bool
    """Whether an error ends here or goes on to whoever is around."""
    cancelled_after: int | None
    """After how many turns of the event loop an asynchronous send is cancelled."""


@dataclass(frozen=True)
class Both:
    """Two sends at once; where no loop runs, one after the other."""

    first: Send
    second: Send


@dataclass(frozen=True)
class Connect:
    """Connect a receiver, unless it has been dropped."""

    signal: int
    receiver: int
    sender: int | None
    weak: bool
    uid: str | None


@dataclass(frozen=True)
class Disconnect:
    """Disconnect a receiver, by its uid if one is given."""

    signal: int
    receiver: int
    sender: int | None
    uid: str | None


@dataclass(frozen=True)
class HasListeners:
    """Ask a signal whether anybody listens."""

    signal: int
    sender: int | None


@dataclass(frozen=True)
class Drop:
    """Let go of the only strong reference to a receiver."""

    receiver: int


@dataclass(frozen=True)
class SetVariable:
    """Set a context variable."""

    variable: int
    scoped: bool
    """Whether the receiver resets it, by its token, when it ends."""


@dataclass(frozen=True)
class Sleep:
    """Let others run; in synchronous code, nothing."""

    turns: int


@dataclass(frozen=True)
class Warn:
    """Warn on behalf of a caller."""

    level: int


@dataclass(frozen=True)
class Cancel:
    """Cancel the task that runs; in synchronous code, nothing."""


@dataclass(frozen=True)
class Advance:
    """Resume a generator, plain or asynchronous, that sends a signal each time it is resumed."""

    asynchronous: bool


@dataclass(frozen=True)
class Collect:
    """Collect garbage."""


@dataclass(frozen=True)
class Query:
    """One use of the ORM, or of a cursor."""

    what: str
    """See `tests.fidelity.generating.QUERIES`."""
    note: int
    """Which of the program's notes it is about, where it is about one."""
    way: str
    """How asynchronous code makes it: by Django's own asynchronous method, say."""


@dataclass(frozen=True)
class Atomic:
    """Operations in an atomic block, or in a savepoint inside of one."""

    body: tuple[Operation, ...]
    ending: str
    savepoint: bool


@dataclass(frozen=True)
class OnCommit:
    """Something to do when the transaction is committed, or at once where there is none."""

    body: tuple[Operation, ...]
    robust: bool
    fails: bool


@dataclass(frozen=True)
class Wrap:
    """Operations during which a wrapper of the program's own is around all queries."""

    body: tuple[Operation, ...]
    how: str


Operation = (
    Send
    | Both
    | Connect
    | Disconnect
    | HasListeners
    | Drop
    | SetVariable
    | Sleep
    | Warn
    | Cancel
    | Advance
    | Collect
    | Query
    | Atomic
    | OnCommit
    | Wrap
)


@dataclass(frozen=True)
class Receiver:
    """A receiver: its kind, what it does, and how it ends."""

    kind: str
    body: tuple[Operation, ...]
    outcome: str


@dataclass(frozen=True)
class Program:
    """Receivers, the senders that it uses, and its steps."""

    senders: tuple[str, str]
    receivers: tuple[Receiver, ...]
    generator: Send
    """What its two generators send."""
    steps: tuple[Operation, ...]
    in_loop: bool
    """Whether all steps run inside one event loop, or each makes a loop where it needs one."""
    eager: bool
    """Whether tasks start at once (`asyncio.eager_task_factory`, where Python has it)."""
    debug: bool
    """Whether asyncio is in its debug mode."""
    database: bool
    """Whether it has a database, fresh each time, and hears Django's model signals."""
