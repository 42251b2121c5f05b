"""The table as text, and all figures as JSON."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from tests.benchmarks.baselines import limit

HEAD = ("what", "reach", "measured", "ok", "remarks")


def verdict(row):
    """Return ``yes``, ``no``, ``GROSS``, or nothing where nothing was to be reached."""
    most = limit(row)
    if most is not None and row.measured.value > most:
        return "GROSS"
    if row.reach is None:
        return ""
    return "yes" if round(row.measured.value, 3) <= row.reach else "no"


def cells(row):
    """Return the row as text, column by column."""
    measured = _figure(row.measured.value, row.unit)
    low, high = row.measured.low, row.measured.high
    remarks = [row.note] if row.note else []
    if low != high:
        remarks.append(f"pass by pass {_plain(low)} to {_plain(high)}")
    if verdict(row) == "GROSS":
        remarks.append(f"at most {_figure(limit(row), row.unit)} is let pass")
    reach = "" if row.reach is None else f"≤ {_number(row.reach)} {row.unit}"
    return (row.what, reach, measured, verdict(row), "; ".join(remarks))


def table(rows):
    """Return the table, in columns and in Markdown at once."""
    lines = [HEAD, *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = ["| " + " | ".join(map(str.ljust, line, widths)).rstrip() + " |" for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)


def noise(lab):
    """Say what the same measurement shows where there is nothing to show."""
    ratios = [ratio for _, ratio in lab.controls]
    if not ratios:
        return "No controls were measured."
    load = "unknown"
    if hasattr(os, "getloadavg"):
        load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    return (
        f"Noise: plain Django against plain Django, in {len(ratios)} pairs of processes: "
        f"{min(ratios):.3f} to {max(ratios):.3f}. A ratio nearer to 1 than that says nothing. "
        f"Load: {load}."
    )


def machine():
    """Return what the figures hold for."""
    versions = {
        name: _version(name) for name in ("Django", "sentry-sdk", "opentelemetry-sdk", "asgiref")
    }
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "processor": _processor(),
        **versions,
    }


def as_data(lab, rows, curves):
    """Return everything, ready for JSON."""
    return {
        "machine": machine(),
        "quick": lab.quick,
        "controls": dict(lab.controls),
        "rows": [
            {**row._asdict(), "measured": row.measured._asdict(), "verdict": verdict(row)}
            for row in rows
        ],
        "curves": {key: curve._asdict() for key, curve in curves.items()},
        "nanoseconds": lab.nanoseconds(),
    }


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")


def _figure(value, unit):
    return f"{_plain(value)} {unit}"


def _plain(value):
    return f"{value:.3f}" if value < 3 else f"{value:.1f}"


def _number(value):
    return f"{value:g}"
