"""A script of `lua/`, as it is sent to a server: by its digest, whole where that is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

_PARTS = {
    "backfill": ("history",),
    "claim": ("history",),
    "hand": ("history",),
    "start": ("history", "removed"),
    "finish": ("history", "kept", "removed"),
    "release": ("kept",),
}
"""What some scripts share stands before each of them."""


class Script:
    """One of the scripts, by its name."""

    def __init__(self, name: str) -> None:
        self._text = "".join(map(_text, (*_PARTS.get(name, ()), name)))
        self._digest = sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Any, keys: Sequence[str], args: Sequence[object]) -> Any:
        """Run it; the script is one atomic step."""
        from redis.exceptions import NoScriptError

        try:
            return client.evalsha(self._digest, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self._text, len(keys), *keys, *args)


def _text(name: str) -> str:
    return files("beatkit.store").joinpath(f"lua/{name}.lua").read_text("utf-8")
