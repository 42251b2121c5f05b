"""MLflow as a backend that shows traces: started on a free port, and read back by its REST API."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.backends.otlp import HOST
from tests.backends.processes import environment, running
from tests.backends.spans import Event, Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPERIMENT = "0"
"""The experiment that MLflow has from the start."""

HEADERS = {"x-mlflow-experiment-id": EXPERIMENT}
"""What an exporter has to send, so that MLflow knows where traces belong."""

STATUS = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


@contextlib.contextmanager
def mlflow(folder: Path) -> Iterator[Server]:
    """Run a server that keeps everything in `folder`, without jobs and without calling home."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    env = environment(
        folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", MLFLOW_DISABLE_TELEMETRY="true"
    )
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port)),
        *("--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.sqlite3"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    with running(command, env) as process:
        process.wait_for_line(lambda line: "Uvicorn running on " in line)
        yield Server(f"http://{HOST}:{port}")


class Server:
    """A running MLflow."""

    def __init__(self, url: str) -> None:
        self.url = url

    def spans(self) -> list[Span]:
        """Return all spans of all traces."""
        return [
            _span(each)
            for trace in self._traces()
            for each in self._ask(f"traces/get?trace_id={trace['trace_id']}")["trace"]["spans"]
        ]

    def trace_page(self, trace_id: str) -> str:
        """Return the address of the page with the waterfall of a trace."""
        return f"{self.url}/#/experiments/{EXPERIMENT}/traces?selectedEvaluationId=tr-{trace_id}"

    def _traces(self) -> Iterator[dict[str, Any]]:
        where = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": EXPERIMENT}}
        token = None
        while True:
            query = {"locations": [where], "max_results": 100}
            page = self._ask("traces/search", query | ({"page_token": token} if token else {}))
            yield from page.get("traces", [])
            token = page.get("next_page_token")
            if not token:
                return

    def _ask(self, path: str, data: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.url}/api/3.0/mlflow/{path}",
            None if data is None else json.dumps(data).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - as above
            return json.load(response)


def _span(told: dict[str, Any]) -> Span:
    status = told.get("status", {})
    return Span(
        trace_id=_hex(told["trace_id"]),
        span_id=_hex(told["span_id"]),
        parent_id=_hex(told.get("parent_span_id", "")),
        name=told["name"],
        kind=0,
        start=int(told["start_time_unix_nano"]),
        end=int(told["end_time_unix_nano"]),
        status=STATUS[status.get("code", "STATUS_CODE_UNSET")],
        status_message=status.get("message", ""),
        scope="signalscope",  # MLflow keeps no scope, and only ours send to it
        attributes={
            key: value
            for key, value in _attributes(told).items()
            if not key.startswith("mlflow.")  # its own additions
        },
        resource={},
        events=tuple(
            Event(each["name"], int(each["time_unix_nano"]), _attributes(each))
            for each in told.get("events", [])
        ),
        links=tuple(
            (_hex(each["trace_id"]), _hex(each["span_id"])) for each in told.get("links", [])
        ),
    )


def _attributes(told: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: _value(each["value"]) for each in told.get("attributes", [])}


def _value(told: dict[str, Any]) -> Any:
    ((kind, value),) = told.items()
    if kind == "array_value":
        return [_value(each) for each in value.get("values", [])]
    return int(value) if kind == "int_value" else value


def _hex(encoded: str) -> str:
    return base64.b64decode(encoded).hex()
