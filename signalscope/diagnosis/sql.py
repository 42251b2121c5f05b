"""What a recorded statement tells, as far as its text tells it surely."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from signalscope.values import Queries

if TYPE_CHECKING:
    from signalscope.records import ReceiverCall

__all__ = ["counted", "is_batch", "is_read", "is_statement", "is_write"]

_WRITE = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE)\s", re.IGNORECASE)
_READ = re.compile(r"[\s(]*SELECT\s", re.IGNORECASE)
_BATCH = re.compile(
    r"\bIN\s*\((?:%s,\s*){9}"  # keys, a chunk at a time
    r"|\bVALUES\s*\([^)]*\)\s*,\s*\("  # rows, a batch at a time
    r"|\bSELECT\s+\*\s+FROM\s+UNNEST\s*\("  # the same, as Django writes it for PostgreSQL
    r"|\A\s*UPDATE\b.*\bCASE\s+WHEN\b",  # what bulk_update writes
    re.IGNORECASE | re.DOTALL,
)


def counted(call: ReceiverCall) -> dict[str, int]:
    """Return the statements of a call and how often each ran.

    Empty where queries were not counted. A saved recording knows those that ran twice or more.
    """
    if not call.dispatch.scope.counts_queries:
        return {}
    statements: Any = call.statements
    if isinstance(statements, Queries):
        return statements.repeated
    return {sql: count for sql, (count, _) in list((statements or {}).items())}


def is_write(sql: str) -> bool:
    """Tell whether it surely is one that changes rows."""
    return _WRITE.match(sql) is not None


def is_read(sql: str) -> bool:
    """Tell whether it surely is one that reads rows."""
    return _READ.match(sql) is not None


def is_statement(sql: str) -> bool:
    """Tell whether it reads or changes rows: no savepoint, no stand-in for other statements."""
    return is_read(sql) or is_write(sql)


def is_batch(sql: str) -> bool:
    """Tell whether it works on many rows at once, so that to repeat it is no fault."""
    return _BATCH.search(sql) is not None
