"""Receivers of traces, and a shop in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.backends.otlp import GrpcReceiver, HttpReceiver
from tests.backends.processes import django, environment, run


@pytest.fixture
def http_receiver():
    """A receiver of OTLP over HTTP."""
    with HttpReceiver() as receiver:
        yield receiver


@pytest.fixture(params=["http", "http+gzip", "grpc"])
def protocol(request):
    """Each way in which traces are sent."""
    return request.param


@pytest.fixture
def receiver(protocol):
    """A receiver of that protocol."""
    with GrpcReceiver() if protocol == "grpc" else HttpReceiver() as receiver:
        yield receiver


@pytest.fixture
def shop(settings, tmp_path):
    """Let the shop write its files here, and be recorded by us."""
    settings.MEDIA_ROOT = tmp_path
    settings.TRACE_RECORDER = "signalscope.record"
    settings.SIGNALSCOPE = {}
    settings.MAIL_DIR = tmp_path


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A folder in which the site's tables are, with a shop that is filled."""
    folder = tmp_path_factory.mktemp("filled") / "site"
    run(django("prepare"), environment(folder))
    return folder


@pytest.fixture
def folder(filled, tmp_path):
    """A copy of that folder, for one test."""
    return Path(shutil.copytree(filled, tmp_path / "site"))
