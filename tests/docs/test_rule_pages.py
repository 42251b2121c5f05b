"""Each rule finds something in the first example of its page, and nothing in the second."""

from __future__ import annotations

import ast
import json
import re
from importlib.util import find_spec
from textwrap import indent

import pytest

from signalscope.diagnosis.catalogue import RULES
from signalscope.diagnosis.pages import page_of
from tests.docs.project import SET_UP, output_of

EXAMPLES = {
    rule.id: re.findall(r"^```python\n(.*?)^```$", page_of(rule), re.MULTILINE | re.DOTALL)
    for rule in RULES.values()
}
OF_APPS = {"W001", "W004"}
"""What their examples import, or do not, is a matter of a whole process."""
STILL_FOUND = {
    "W105": "what a caller does with the list is not recorded, says the page",
    "W108": "the operation skips the receivers, whatever is done about it next",
}
WITHOUT = {"W107": "celery"}


def source(example):
    """Return an example as a module: what awaits is in a function."""
    tree = compile(example, "example", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    last = tree.body[-1]
    lines = example.splitlines(keepends=True)
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Await):
        rest = indent("".join(lines[last.lineno - 1 :]), "    ")
        lines[last.lineno - 1 :] = [f"async def main():\n{rest}"]
    return "from around import *\n\n" + "".join(lines)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Run all examples in one process; return what was found in each."""
    files = {
        f"{rule}_{number}.py": source(example)
        for rule, examples in EXAMPLES.items()
        if rule not in OF_APPS and (rule not in WITHOUT or find_spec(WITHOUT[rule]))
        for number, example in enumerate(examples)
    }
    names = [name.removesuffix(".py") for name in files]
    folder = tmp_path_factory.mktemp("examples")
    return json.loads(output_of(folder, "", files=files, arguments=["examples.py", *names]))


@pytest.mark.parametrize("rule", sorted(EXAMPLES.keys() - OF_APPS))
def test_the_first_is_found_and_the_second_is_not(rule, found):
    """But for those in which it still is, as their pages say."""
    if rule in WITHOUT:
        pytest.importorskip(WITHOUT[rule])
    assert found[f"{rule}_0"]
    assert bool(found[f"{rule}_1"]) is (rule in STILL_FOUND)


def test_each_page_has_two():
    assert {rule for rule, examples in EXAMPLES.items() if len(examples) != 2} == set()


CHECK = (
    SET_UP
    + """
from signalscope.checks import check_wiring

print(*(each.id for each in check_wiring()))
"""
)
HANDLERS = """
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.contrib.auth.models import User


@receiver(post_save, sender=User)
def greet(**kwargs): ...
"""


def checked(tmp_path, number, apps):
    """Return what is found in a project whose app is the one of an example."""
    folder = tmp_path / str(number) / "project"
    files = {"shop/apps.py": apps, "shop/handlers.py": HANDLERS}
    settings = 'INSTALLED_APPS += ["signalscope"]\nSILENCED_SYSTEM_CHECKS = []\n'
    program = f"import sys\nsys.path.append({str(folder.parent)!r})\n{CHECK}"
    return output_of(folder, program, settings=settings, files=files).split()


def test_a_module_of_two_names(tmp_path):
    """W001, with the imports of the example where an app has them."""
    head = "from django.apps import AppConfig\n\n\nclass ShopConfig(AppConfig):\n"
    head += '    name = "shop"\n\n    def ready(self):\n'
    apps = [head + indent(example, "        ") for example in EXAMPLES["W001"]]
    found = [checked(tmp_path, number, each) for number, each in enumerate(apps)]
    assert found == [["signalscope.W001"], []]


def test_a_module_that_nothing_imports(tmp_path):
    """W004."""
    apps = [f"from django.apps import AppConfig\n\n\n{each}" for each in EXAMPLES["W004"]]
    found = [checked(tmp_path, number, each) for number, each in enumerate(apps)]
    assert found == [["signalscope.W004"], []]
