"""Sources are read without a warning, and without a change of what the program set for warnings."""

from __future__ import annotations

import ast
import warnings

import pytest

from signalscope.diagnosis.source.trees import parsed
from signalscope.parsing import parse

ODD = {
    "a backslash that begins no escape": r'x = "\d"',
    "in bytes": r'x = b"\d"',
    "names in bytes, which have none": r"""x = b"\N \u1234"; y = "\u1234", r"\u12" """,
    "beside escapes": r"""x = "\d\\d\n\'\x41\101", r"\d\\\e" """,
    "in a docstring": 'def f():\n    """\\d and\n    \\\\ \\w"""',
    "in an f-string": r"""x = f"\d{1}\{2}{3:\d}\N{DIGIT ONE}", rf"\{1}\d" """,
    "beside a comment": 'x = 1 + \\\n    2  # \\d \\\ny = "\\d"',
    "numbers that run into a word": "x = 1if 1.5else.5or 0x1for 1jand 1_0is 1",
    "what looks like such a number": 'x = "10min", f"3in {1if 2 else 3}", x1if',
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in ODD.items()])
def test_is_the_tree_of_the_source_and_warns_of_nothing(source):
    """Nor does it raise: a program may have made errors of its warnings, as these tests have."""
    with warnings.catch_warnings(action="ignore"):
        try:
            expected = ast.dump(ast.parse(source))
        except SyntaxError:
            expected = None
    if expected is None:
        with pytest.raises(SyntaxError):
            parse(source)
    else:
        assert ast.dump(parse(source)) == expected


def test_octal_escapes_beyond_the_range_stay_as_they_are_written():
    (statement,) = parse(r'x = "\777", b"\400", "\377"').body
    assert ast.literal_eval(statement.value) == (r"\777", rb"\400", "\377")


@pytest.mark.parametrize("source", ["x = (", "x = 1\0", "1if"])
def test_what_is_not_python_is_an_error(source):
    with pytest.raises((SyntaxError, ValueError)):
        parse(source)


def test_bytes_are_read_as_their_first_line_says():
    """As Python reads a file."""
    (statement,) = parse('# coding: latin-1\nx = "é\\d"\n'.encode("latin-1")).body
    assert statement.value.value == r"é\d"


def test_filters_that_are_set_meanwhile_stay(monkeypatch):
    """By another thread, say, while a server's thread reads sources for the panel."""

    def parse_meanwhile(text):
        warnings.filterwarnings("ignore", "set meanwhile")
        return whole(text)

    whole = ast.parse
    with warnings.catch_warnings():
        monkeypatch.setattr(ast, "parse", parse_meanwhile)
        before = warnings.filters
        assert parsed("x = 'seen by this test alone'") is not None
        assert warnings.filters is before
        assert any(each[1] and "meanwhile" in each[1].pattern for each in warnings.filters)
