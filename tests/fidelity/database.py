"""A program's database: a new one in memory for each run, and everything that it is asked."""

from __future__ import annotations

import contextlib
import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from asgiref.sync import sync_to_async
from django.db import connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models import signals

from tests.fidelity import programs
from tests.fidelity.cast import ProgramError
from tests.fidelity.words import plain, stack
from tests.testapp.models import Note, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fidelity.interpreter import Interpreter
    from tests.fidelity.programs import Atomic, OnCommit, Operation, Query, Wrap

__all__ = ["Database", "model_signals"]

MOST_USES = 60
DEEPEST = 6
"""Receivers save in turn, so a program could go on for ever, or until the stack is full."""

OF_CURSOR = ("execute", "execute many", "wrong SQL", "iterate")
"""What has no asynchronous form."""
WRONG_SQL = "SELECT nothing FROM nowhere WHERE id = %s"
INSERT = "INSERT INTO testapp_note (title) VALUES (%s)"

ROWS = (
    "SELECT id, title FROM testapp_note ORDER BY id",
    "SELECT id, note_id, tag_id FROM testapp_note_tags ORDER BY id",
)

model_signals = [getattr(signals, name) for name in programs.MODEL_SIGNALS]


class Database:
    """Makes the queries of one run.

    All threads of a run share its one connection, as only one of them works at a time.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._diary = interpreter.diary
        self._debug = interpreter.program.debug
        self._uses = itertools.count()
        self._depth = 0
        self._notes: dict[int, Note] = {}
        self._tags: list[Tag] = []

    # --- The whole run ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Have a database with two tags, and nobody listening to its models."""
        settings = {**connections.settings["default"], "NAME": ":memory:"}
        self._connection = DatabaseWrapper(settings, "default")
        self._connection.inc_thread_sharing()
        shared = mock.patch.object(
            connections, "_connections", SimpleNamespace(default=self._connection)
        )
        with shared, _unheard(), contextlib.ExitStack() as scope:
            with self._connection.schema_editor() as editor:
                editor.create_model(Tag)
                editor.create_model(Note)
            raw = self._connection.connection
            scope.callback(raw.close)  # Django's own close() leaves a database in memory open
            self._tags = [Tag.objects.create(name=name) for name in ("red", "blue")]
            self._connection.force_debug_cursor = self._debug
            # What reaches SQLite, with its parameters filled in, whichever way it took.
            raw.set_trace_callback(lambda sql: self._diary.note("SQLite runs", plain(sql)))
            yield
            raw.set_trace_callback(None)
            self._diary.note("transaction at the end", self._state())
            logged = [plain(entry["sql"]) for entry in self._connection.queries_log]
            self._diary.note("Django's log of queries", logged)
            for query in ROWS:
                self._diary.note("rows", raw.execute(query).fetchall())

    def _state(self) -> tuple[Any, ...]:
        connection = self._connection
        return (
            connection.in_atomic_block,
            connection.needs_rollback,
            [plain(name) for name in connection.savepoint_ids],
            len(connection.run_on_commit),
            len(connection.execute_wrappers),
            connection.get_autocommit(),
        )

    # --- Operations -------------------------------------------------------------------------------

    def perform(self, operation: Query | Atomic | OnCommit | Wrap, scope: Any) -> None:
        """Use the database from synchronous code."""
        number = next(self._uses)
        if number >= MOST_USES or self._depth >= DEEPEST:
            return
        self._depth += 1
        try:
            self._perform(operation, number, scope)
        finally:
            self._depth -= 1

    def _perform(
        self, operation: Query | Atomic | OnCommit | Wrap, number: int, scope: Any
    ) -> None:
        match operation:
            case programs.Query():
                owner, method, arguments, named = self._call(operation, number)
                found = getattr(owner, method)(*arguments, **named)
                self._done(number, operation, found)
            case programs.Atomic():
                self._atomic(operation, number, scope)
            case programs.OnCommit():
                self._on_commit(operation, number)
            case programs.Wrap(body, how):
                with self._connection.execute_wrapper(self._wrapper(how, number)):
                    self._perform_all(body, scope)

    async def aperform(self, operation: Query | Atomic | OnCommit | Wrap, scope: Any) -> None:
        """Use the database from asynchronous code."""
        way = operation.way if isinstance(operation, programs.Query) else "by sync_to_async"
        if way == "directly":
            self.perform(operation, scope)  # Django forbids most of this, by an error
        elif way == "by sync_to_async" or operation.what in OF_CURSOR:
            await sync_to_async(self.perform)(operation, scope)
        elif (number := next(self._uses)) < MOST_USES:
            owner, method, arguments, named = self._call(operation, number)
            found = await getattr(owner, f"a{method}")(*arguments, **named)
            self._done(number, operation, found)

    def _perform_all(self, body: tuple[Operation, ...], scope: Any) -> None:
        for operation in body:
            self._interpreter.perform(operation, scope)

    def _done(self, number: int, query: Query, result: Any) -> None:
        if isinstance(result, Note):
            self._notes[query.note] = self._diary.track(f"note {number}", result)
        self._diary.note("query", number, query.what, self._diary.describe(result), self._state())

    def _note(self, index: int, number: int) -> Note:
        if index not in self._notes:
            note = self._diary.track(f"note {number}", Note(title=f"new {number}"))
            self._notes[index] = note
        return self._notes[index]

    def _call(  # noqa: C901, PLR0911 - a table, one row a query
        self, query: Query, number: int
    ) -> _Call:
        title = f"title {number}"
        note = self._note(query.note, number)
        match query.what:
            case "save":
                note.title = title
                return _Call(note, "save")
            case "save new":
                new = self._diary.track(f"new note {number}", Note(title=title))
                return _Call(new, "save", (), {"force_insert": True})
            case "save one field":
                return _Call(note, "save", (), {"update_fields": ["title"]})
            case "delete":
                return _Call(note, "delete")
            case "refresh":
                return _Call(note, "refresh_from_db")
            case "add":
                return _Call(note.tags, "add", tuple(self._tags))
            case "remove":
                return _Call(note.tags, "remove", (self._tags[0],))
            case "set":
                return _Call(note.tags, "set", (self._tags[number % 2 :],))
            case "clear":
                return _Call(note.tags, "clear")
            case "execute" | "execute many" | "wrong SQL" | "iterate":
                return _Call(self, query.what.replace(" ", "_"), (title,))
        return _call_of_manager(query.what, title, [*self._notes.values()])

    def execute(self, title: str) -> Any:
        """Insert a row by a cursor, past the ORM."""
        with self._connection.cursor() as cursor:
            return cursor.execute(INSERT, [title]).rowcount

    def execute_many(self, title: str) -> Any:
        """Insert some rows by a cursor."""
        with self._connection.cursor() as cursor:
            return cursor.executemany(INSERT, [[title], [title]]).rowcount

    def wrong_SQL(self, title: str) -> Any:  # noqa: N802 - as the operation is called
        """Send what the database cannot understand."""
        with self._connection.cursor() as cursor:
            return cursor.execute(WRONG_SQL, [title])

    def iterate(self, _title: str) -> Any:
        """Read rows one by one, and save each between two of them."""
        seen = []
        # What saving inserts is read in turn, so this could go on for ever.
        notes = Note.objects.order_by("pk").iterator(chunk_size=1)
        for note in itertools.islice(notes, 5):
            note.save()
            seen.append(note.pk)
        return seen

    # --- What holds operations --------------------------------------------------------------------

    def _atomic(self, operation: Atomic, number: int, scope: Any) -> None:
        with (
            self._diary.caught(f"atomic {number}", catches=True),
            transaction.atomic(savepoint=operation.savepoint),
        ):
            self._perform_all(operation.body, scope)
            self._diary.note("at the end of a block", number, self._state())
            if operation.ending == "an error":
                raise self._diary.track(f"error {number}", ProgramError("roll back"))
            if operation.ending == "set_rollback":
                transaction.set_rollback(True)
        self._diary.note("after a block", number, self._state())

    def _on_commit(self, operation: OnCommit, number: int) -> None:
        def callback() -> None:
            context = self._diary.context()
            self._diary.note("callback runs", number, context, self._state(), stack())
            self._perform_all(operation.body, None)
            if operation.fails:
                raise self._diary.track(f"error {number}", ProgramError("in a callback"))

        self._diary.track(f"callback {number}", callback)
        transaction.on_commit(callback, robust=operation.robust)

    def _wrapper(self, how: str, number: int) -> Callable[..., Any]:
        inside = False

        def wrapper(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            nonlocal inside
            around = self._diary.context(), stack()
            self._diary.note("wrapper", number, plain(sql), plain(repr(params)), many, around)
            if how == "fails" and sql.startswith("INSERT"):
                raise ProgramError("no more rows")
            if how == "queries" and not inside:
                inside = True
                self._diary.note("counted", Note.objects.count())
                inside = False
            return execute(sql, params, many, context)

        return wrapper


class _Call(NamedTuple):
    """``owner.method(*arguments, **named)``, or the same by the method's asynchronous twin."""

    owner: Any
    method: str
    arguments: tuple[Any, ...] = ()
    named: dict[str, Any] = {}


def _call_of_manager(  # noqa: C901, PLR0911 - a table, one row a query
    what: str, title: str, notes: list[Note]
) -> _Call:
    manager = Note.objects.order_by("pk")
    new = [Note(title=title), Note(title=f"{title}, too")]
    match what:
        case "create":
            return _Call(manager, "create", (), {"title": title})
        case "update":
            return _Call(manager, "update", (), {"title": title})
        case "count":
            return _Call(manager, "count")
        case "in bulk":
            return _Call(manager, "in_bulk")
        case "bulk create":
            return _Call(manager, "bulk_create", (new,))
        case "bulk create or ignore":
            return _Call(manager, "bulk_create", (new,), {"ignore_conflicts": True})
        case "bulk update":
            return _Call(manager, "bulk_update", ([n for n in notes if n.pk], ["title"]))
        case "get or create":
            return _Call(manager, "get_or_create", (), {"title": "title 1"})
        case "update or create":
            defaults = {"title": title}
            return _Call(manager, "update_or_create", (), {"title": "new 0", "defaults": defaults})
        case "delete all":
            return _Call(manager, "delete")
    raise AssertionError(f"not a query: {what}")


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Start with no receivers of model signals, and leave them as they were."""
    before = [signal.receivers for signal in model_signals]
    _exchange([[] for _ in model_signals])
    try:
        yield
    finally:
        _exchange(before)


def _exchange(receivers: list[list[Any]]) -> None:
    for signal, connected in zip(model_signals, receivers, strict=True):
        with signal.lock:
            signal.receivers = connected
            signal.sender_receivers_cache.clear()
            signal._dead_receivers = False
