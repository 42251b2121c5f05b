"""Lines of JSON, each with the request in whose context it was written."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("soak_request_id", default="")
"""The trace id that the client chose, in a variable of its own beside OpenTelemetry's."""

KEYS = ("signal", "receiver", "dispatch_id", "trace_id", "finding", "error", "place")


class JsonFormatter(logging.Formatter):
    """One object a line; keys that a record has not are left out."""

    def format(self, record):
        said = {"event": record.getMessage(), "request": request_id.get()}
        attributes = vars(record)
        said.update({key: attributes[key] for key in KEYS if attributes.get(key) is not None})
        return json.dumps(said, default=str)
