"""Each fragment of a settings file is put into one: Django starts with it and finds no fault."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.blocks import SETTINGS, blocks
from tests.docs.project import SET_UP, as_written, output_of, toolbar

ALL = blocks()
FRAGMENTS = [each for each in ALL if each.kind == "python" and SETTINGS.search(each.text)]
# The module of the reader's own that `SINKS` names, which a page has as well.
LOG = [each.text for each in ALL if each.text.startswith("# shop/log.py\n")]

pytestmark = pytest.mark.skipif(not FRAGMENTS, reason="the documentation is not here")

PROGRAM = (
    SET_UP
    + """
import json
from django.conf import settings
from django.utils.module_loading import import_string
from signalscope import conf, is_installed, patching

call_command("check", fail_level="DEBUG", verbosity=0)
if hasattr(settings, "DEBUG_TOOLBAR_PANELS"):
    from debug_toolbar.toolbar import DebugToolbar

    assert len(DebugToolbar.get_panel_classes()) == len(settings.DEBUG_TOOLBAR_PANELS)
print(json.dumps({
    "installed": is_installed(),
    "wanted": conf.load().enabled,
    "sinks": [type(each).__name__ for each in patching.recorder.sinks],
    "paths": list(conf.load().sinks),
    "runner": hasattr(import_string(settings.TEST_RUNNER), "add_arguments"),
}))
"""
)


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=str)
def test_django_starts_with_it(fragment, tmp_path):
    """No check finds anything, and what is asked for is installed."""
    settings = toolbar()
    for name in ("debug_toolbar", "structlog", "django_structlog"):
        if name in fragment.text.lower():
            pytest.importorskip(name)
    said = output_of(
        tmp_path,
        PROGRAM,
        settings=settings + as_written(fragment.text),
        files={"shop/log.py": LOG[0]},
    )
    told = json.loads(said.splitlines()[-1])
    assert told["installed"] is told["wanted"]
    assert len(told["sinks"]) == len(told["paths"])
    assert told["runner"]


def test_the_sinks_module_is_there():
    """It is made of the page's block, so that there has to be one."""
    assert len(LOG) == 1


def test_each_setting_that_a_page_has_is_in_one():
    """So that the expression by which they are found does not pass them by."""
    assigned = re.compile(r"^[A-Z_]+ = [\[{\"]", re.MULTILINE)
    assert [
        str(each) for each in ALL if each.kind == "python" and assigned.search(each.text)
    ] == list(map(str, FRAGMENTS))
