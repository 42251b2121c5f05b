"""The recorder of this process, and what it is told of Django."""

from __future__ import annotations

from pathlib import Path

import asgiref
import django
from django.db import connections
from django.db.models.signals import post_init, pre_init

from signalscope.patching.targets import RUNS
from signalscope.places import file_kinds
from signalscope.recorder import Recorder
from signalscope.registry import connect_log

__all__ = ["recorder"]

recorder: Recorder = Recorder()
recorder.wiring = connect_log
recorder.connections = connections
recorder.of_instances = (pre_init, post_init)
recorder.hears_of_runs = RUNS

for _package in (django, asgiref):
    file_kinds.add_carrier(str(Path(str(_package.__file__)).parent))
