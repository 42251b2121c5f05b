"""Install and uninstall; only `targets` knows which functions of Django are hooked.

Django's own code goes on dispatching. `install` takes the source of those functions, puts hooks
into it (`signalscope.weaving`) and gives the new code to the existing functions, as
``Signal.send.__code__``. `uninstall` gives them back the code objects that they had.

What this buys over a wrapper, or over a dispatch loop of our own:

- Each Django dispatches exactly as that Django does, to the last log message and error.
- Receivers run at Django's own frame depth, sync and async alike, and tracebacks read the same.
- ``Signal.send`` stays the very object that it is, so it does not matter who else wrapped it,
  subclassed it or took a reference to it, nor when.
- While nobody records, the program runs Django's own statements behind one look at an empty list.

Where the source is not what it is expected to be, nothing is patched and `InstallError` says so.
"""

from signalscope.patching.hooking import is_installed
from signalscope.patching.installing import (
    add_sink,
    configure,
    configured,
    hold,
    install,
    install_or_warn,
    name_for_sinks,
    release,
    remove_sink,
    track,
    uninstall,
)
from signalscope.patching.instance import recorder

__all__ = [
    "add_sink",
    "configure",
    "configured",
    "hold",
    "install",
    "install_or_warn",
    "is_installed",
    "name_for_sinks",
    "recorder",
    "release",
    "remove_sink",
    "track",
    "uninstall",
]
