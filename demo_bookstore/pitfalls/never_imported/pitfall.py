"""A module of receivers that nobody imports."""

from demo_bookstore.pitfalls.apps import PitfallsConfig
from demo_bookstore.pitfalls.never_imported import lamp, remembered
from demo_bookstore.scenarios.base import Scenario, pitfall
from demo_bookstore.scenarios.stock import nothing

PITFALL = pitfall(
    slug="never-imported",
    title="The module that nobody imports",
    shows=(
        "A receiver is connected by the decorator above it, and a decorator runs when its module "
        "is imported. No error tells that this has not happened: the signal is sent, and nobody is "
        "there."
    ),
    bad=Scenario(
        slug="never-imported-bad",
        title="Written, and forgotten",
        shows="The module connects a receiver, and no line of the project imports it.",
        prepare=nothing,
        run=lamp.put_out,
        # Read as text: to import it would mend it.
        receivers=(lamp.FOLDER / "forgotten.py",),
        findings=("W004",),
        expected="",
    ),
    good=Scenario(
        slug="never-imported-good",
        title="Imported by ready()",
        shows="The same, and ready() of the app imports the module once the models are loaded.",
        prepare=nothing,
        run=lamp.light,
        receivers=(PitfallsConfig.ready, remembered),
        expected="""
            lamp_lit
              note_in_the_log_book
        """,
    ),
)
