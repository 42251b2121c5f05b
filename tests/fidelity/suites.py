"""Whose suites are run: packages, versions, what they need, and how their tests are started.

``nox -s suites`` runs all of them (`tests.fidelity.at_large`). Packages, Django and Python are
pinned. What they depend on is not, but it is the same for both runs of a suite.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DJANGO_QUICK", "PAIRS", "SETTINGS", "SUITES", "Pair", "Suite"]


@dataclass(frozen=True)
class Pair:
    """A release of Django, and the Python that it is run on."""

    django: str
    python: str


PAIRS = {"5.2": Pair("5.2.19", "3.11"), "6.1": Pair("6.1.3", "3.13")}


@dataclass(frozen=True)
class Suite:
    """A package whose source distribution has its tests in it."""

    name: str
    """As `--only` takes it."""
    package: str
    version: str
    """Empty where it is the Django of the pair."""
    command: tuple[str, ...]
    """``pytest`` and its arguments, or a script that runs unittest and its arguments."""
    labels: tuple[str, ...] = ()
    """Which tests; the script or pytest takes others in their place."""
    labels_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further ones that only this Django has."""
    folder: str = "."
    """Where it is run, within the source distribution."""
    requirements: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    djangos: tuple[str, ...] = ("5.2", "6.1")
    settings: str = ""
    """A module of settings, called `SETTINGS`, where the suite's own do not fit."""
    takes_labels: bool = True
    """Whether a test can be run alone."""

    def labels_for(self, django: str) -> tuple[str, ...]:
        """Return which tests are run on this Django."""
        return self.labels + self.labels_of.get(django, ())


SETTINGS = "signalscope_suite_settings"
PYTEST = ("pytest==9.0.2", "pytest-django==4.12.0")

# What is about signals, and what CI has the time for.
DJANGO_QUICK = Suite(
    name="django",
    package="Django",
    version="",
    folder="tests",
    command=("runtests.py", "--parallel=1", "--verbosity=0"),
    labels=(
        "dispatch",
        "signals",
        "m2m_signals",
        "transaction_hooks",
        "async",
        "transactions",
        "settings_tests",
        "delete",
        "save_delete_hooks",
        "many_to_many",
        "fixtures",
        "test_utils",
        "handlers",
    ),
)

# What saves, deletes and relates models, and what runs in threads and tasks.
DJANGO = replace(
    DJANGO_QUICK,
    labels=(
        *DJANGO_QUICK.labels,
        "asgi",
        "auth_tests.test_signals",
        "basic",
        "bulk_create",
        "composite_pk",
        "contenttypes_tests",
        "custom_managers",
        "custom_pk",
        "defer",
        "delete_regress",
        "fixtures_regress",
        "force_insert_update",
        "foreign_object",
        "generic_relations",
        "generic_relations_regress",
        "get_or_create",
        "m2m_and_m2o",
        "m2m_intermediary",
        "m2m_multiple",
        "m2m_recursive",
        "m2m_regress",
        "m2m_through",
        "m2m_through_regress",
        "m2o_recursive",
        "many_to_one",
        "many_to_one_null",
        "migrate_signals",
        "model_inheritance",
        "model_inheritance_regress",
        "model_options",
        "model_package",
        "model_regress",
        "multiple_database",
        "mutually_referential",
        "nested_foreign_keys",
        "null_fk",
        "one_to_one",
        "order_with_respect_to",
        "prefetch_related",
        "proxy_models",
        "raw_query",
        "select_for_update",
        "select_related",
        "select_related_onetoone",
        "servers",
        "swappable_models",
        "test_client",
        "test_client_regress",
        "unmanaged_models",
        "update",
        "update_only_fields",
    ),
    labels_of={"6.1": ("tasks",)},
)

SUITES = (
    DJANGO,
    Suite(
        name="allauth",
        package="django-allauth",
        version="65.21.1",
        command=("pytest", "--ds=tests.projects.regular.settings"),
        labels=("tests",),
        requirements=(
            *PYTEST,
            "django-allauth[headless,headless-spec,socialaccount,mfa,idp-oidc,openid,steam]==65.21.1",
            "djangorestframework==3.18.3",
            "django-ninja",
            "pytest-asyncio==1.3.0",
            "pillow",
            "psycopg[binary]",
        ),
    ),
    Suite(
        name="auditlog",
        package="django-auditlog",
        version="3.4.1",
        folder="auditlog_tests",
        command=("manage.py", "test", "--verbosity=0"),
        requirements=("django-auditlog==3.4.1", "freezegun", "psycopg2-binary"),
        environment={"TEST_DB_BACKEND": "sqlite3"},
    ),
    Suite(
        name="axes",
        package="django-axes",
        version="8.3.1",
        command=("pytest", "-o", "addopts=", "--ds=tests.settings"),
        labels=("tests",),
        requirements=(*PYTEST, "django-axes==8.3.1", "django-ipware"),
    ),
    Suite(
        name="guardian",
        package="django-guardian",
        version="3.5.2",
        # That module measures times on rows chosen at random: its queries are others in each run.
        command=(
            *("pytest", f"--ds={SETTINGS}"),
            "--ignore=guardian/testapp/tests/test_indexes.py",
        ),
        labels=("guardian",),
        requirements=(*PYTEST, "django-guardian==3.5.2", "django-environ"),
        # Nearly all of its time goes into hashing passwords.
        settings="""
from guardian.testapp.testsettings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
""",
    ),
    Suite(
        name="import-export",
        package="django-import-export",
        version="4.4.3",
        folder="tests",
        command=("manage.py", "test", "--verbosity=0"),
        labels=("core",),
        requirements=(
            "django-import-export==4.4.3",
            "tablib[all]",
            "chardet==5.2.0",
            "pytz==2024.2",
            "memory-profiler==0.61.0",
            "django-extensions",
            "psycopg[binary]",
        ),
    ),
    Suite(
        name="model-utils",
        package="django-model-utils",
        version="5.0.0",
        command=("pytest", "-o", "addopts=", "--ds=tests.settings"),
        labels=("tests",),
        requirements=(*PYTEST, "django-model-utils==5.0.0", "time-machine", "psycopg[binary]"),
        environment={"SQLITE": "1"},
    ),
    Suite(
        name="rest-framework",
        package="djangorestframework",
        version="3.18.3",
        command=("pytest",),
        labels=("tests",),
        requirements=(
            *PYTEST,
            "djangorestframework==3.18.3",
            "dj-database-url",
            "django-filter",
            "django-guardian==3.5.2",
            "inflection==0.5.1",
            "markdown",
            "pyyaml",
            "requests",
            "uritemplate",
        ),
    ),
    Suite(
        name="reversion",
        package="django-reversion",
        version="6.4.0",
        folder="tests",
        command=("manage.py", "test", "--verbosity=0", f"--settings={SETTINGS}"),
        requirements=("django-reversion==6.4.0",),
        # Its other databases are servers; what is tested of them is that there are several.
        settings="""
from test_project.settings import *

for name in ("postgres", "mysql"):
    DATABASES[name] = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{name}.sqlite3"}
""",
    ),
    Suite(
        name="simple-history",
        package="django-simple-history",
        version="3.13.0",
        command=("runtests.py",),
        requirements=("django-simple-history==3.13.0",),
        takes_labels=False,
    ),
    Suite(
        name="thumbnails",
        package="easy-thumbnails",
        version="2.10.1",
        command=("-m", "django", "test", "--settings=easy_thumbnails.tests.settings"),
        labels=("easy_thumbnails",),
        requirements=("easy-thumbnails[svg]==2.10.1", "testfixtures"),
    ),
    Suite(
        name="treebeard",
        package="django-treebeard",
        version="7.0.3",
        command=("pytest", "--ds=tests.settings"),
        labels=("tests",),
        requirements=(*PYTEST, "django-treebeard==7.0.3"),
    ),
)
