"""Sphinx's configuration: nitpicky, and every warning is an error (`nox -s docs`)."""

import os
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings

sys.path.insert(0, str(Path(__file__).parent.parent))

# Autodoc and the examples need a Django that is set up, and nothing else of a project.
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

import signalscope  # noqa: E402 - Django comes first

project = "Signalscope"
author = "the Signalscope authors"
copyright = f"2026, {author}"
release = signalscope.__version__
version = ".".join(release.split(".")[:2])

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.intersphinx",
]
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
# For language models, as https://llmstxt.org has it; the sources that it names are in the build.
html_extra_path = ["llms.txt"]
html_title = f"Signalscope {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

# The build needs no network, so that it runs alike everywhere; names that are not ours are then
# left without a link. Where the docs are published, they are linked, and checked.
if os.environ.get("SIGNALSCOPE_DOCS_ONLINE"):
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "django": ("https://docs.djangoproject.com/en/stable/", None),
    }
else:
    nitpick_ignore_regex = [("py:.*", r"(?!signalscope\b).+")]

# The library makes these and hands them out; how it does so is its own affair.
HANDED_OUT = {"signalscope.Dispatch", "signalscope.ReceiverCall", "signalscope.Recording"}


def hide_constructor(_app: Any, what: str, name: str, *_: Any) -> tuple[str, None] | None:
    """Leave the parameters of a class out of its heading if nobody is to call it."""
    return ("", None) if what == "class" and name in HANDED_OUT else None


def setup(app: Any) -> None:
    """Connect the above."""
    app.connect("autodoc-process-signature", hide_constructor)
