"""The entry point of the program `beatkit`: a probe is answered without loading the rest."""

from __future__ import annotations

import sys


def run() -> None:
    """Run `beatkit ...`; `beatkit health` loads the standard library only."""
    if sys.argv[1:2] == ["health"]:
        from beatkit.cli.health import probe

        sys.exit(probe(sys.argv[2:]))
    from beatkit.cli.main import main

    main(prog_name="beatkit")
