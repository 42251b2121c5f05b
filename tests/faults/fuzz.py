"""Feeds what reads files with damage that coverage has led to: ``python -m tests.faults.fuzz``.

Half of the inputs are text, the other half a saved file in which some values were put in the place
of others. Each is read, and what could be read is shown in every form. Anything that is raised but
a `SignalscopeError`, or the one line of a command, ends the run with the input. Options are
libFuzzer's, such as ``-max_total_time=60``.
"""

from __future__ import annotations

import contextlib
import copy
import json
import sys
import tempfile
from pathlib import Path

import atheris
from django.conf import settings

FILES = Path(__file__).parents[1] / "files"
SAVED = {
    name: json.loads((FILES / f"{name}-1.json").read_text()) for name in ("recording", "wiring")
}
FORMATS = ("text", "json", "html", "perfetto")
MOST_CHANGES = 4


def paths(value, path=()):
    """Yield the path of everything inside saved data."""
    for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inside, (dict, list)):
            yield from paths(inside, (*path, key))


PATHS = {name: list(paths(saved)) for name, saved in SAVED.items()}


def any_value(data, depth=0):
    """Return a value of JSON."""
    kind = data.ConsumeIntInRange(0, 8 if depth < 3 else 6)
    if kind >= 7:
        inner = [any_value(data, depth + 1) for _ in range(data.ConsumeIntInRange(0, 3))]
        if kind == 7:
            return inner
        return {data.ConsumeUnicode(8): each for each in inner}
    return (
        None,
        data.ConsumeBool(),
        data.ConsumeIntInRange(-(2**63), 2**63 - 1),
        data.ConsumeRegularFloat(),
        data.ConsumeUnicode(12),
        data.ConsumeInt(24),
        float("nan"),
    )[kind]


def damaged(data):
    """Return a saved file in which something is amiss, and what it was."""
    name = data.PickValueInList(sorted(SAVED))
    saved = copy.deepcopy(SAVED[name])
    for _ in range(data.ConsumeIntInRange(1, MOST_CHANGES)):
        path = data.PickValueInList(PATHS[name])
        around = saved
        try:
            for key in path[:-1]:
                around = around[key]
            if data.ConsumeBool():
                around[path[-1]] = any_value(data)
            else:
                del around[path[-1]]
        except (TypeError, KeyError, IndexError):
            continue  # an earlier change took it away
    return name, json.dumps(saved)


def one_input(raw):
    """Read what these bytes make, by the library and by the command."""
    from django.core.management import CommandError, call_command

    from signalscope import Recording, SignalscopeError

    data = atheris.FuzzedDataProvider(raw)
    if data.ConsumeBool():
        name, text = damaged(data)
    else:
        name, text = "recording", data.ConsumeUnicode(sys.maxsize)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    try:
        recording = Recording.from_dict(value)
        recording.tree()
        recording.outline()
        recording.to_dict()
        list(recording.findings)
    except SignalscopeError:
        pass
    FILE.write_text(text, encoding="utf-8", errors="surrogatepass")
    words = ["diff", FILE, FILES / f"{name}-1.json"]
    if name == "recording":
        words = data.PickValueInList(
            [
                *(["report", FILE, "--format", each] for each in FORMATS),
                ["graph", "--from", FILE],
                words,
            ]
        )
    with contextlib.suppress(CommandError, SystemExit):
        call_command("signalscope", *map(str, words), stdout=Silent(), stderr=Silent())


class Silent:
    """Takes what is printed."""

    encoding = "utf-8"

    def write(self, text):
        """Encode it, as a terminal would."""
        text.encode(self.encoding, "backslashreplace")

    def flush(self):
        """Do nothing."""

    def isatty(self):
        """Be no terminal."""
        return False


def main():
    """Run until an input fails, or the time is over."""
    import django

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "signalscope"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    with atheris.instrument_imports(include=["signalscope"]):
        django.setup()
        import signalscope.management.commands.signalscope
        import signalscope.rendering.loading  # noqa: F401
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


with tempfile.TemporaryDirectory(prefix="signalscope-fuzz-") as folder:
    FILE = Path(folder) / "x.json"
    if __name__ == "__main__":
        main()
