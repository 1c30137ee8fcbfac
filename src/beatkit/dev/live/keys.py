"""Which key was pressed? The bytes that terminals send for it, by name."""

from __future__ import annotations

import re

_NAMED = {
    "A": "up", "B": "down", "H": "home", "F": "end",
    "1~": "home", "4~": "end", "5~": "page up", "6~": "page down", "7~": "home", "8~": "end",
}  # fmt: skip

_SEQUENCE = re.compile(r"\x1b(?:\[|O)([0-9;]*[A-Za-z~])|\x1b|.", re.DOTALL)


def keys(typed: bytes) -> list[str]:
    r"""Return the names of the keys in what was read; a letter is its own name.

    Args:
        typed: One read; a terminal sends each key at once. Sequences that no key of ours
            sends are left out.

    Example:
        >>> keys(b"q\x1b[B\x1b[1;5P")
        ['q', 'down']
    """
    found: list[str] = []
    for match in _SEQUENCE.finditer(typed.decode(errors="replace")):
        if match[0] == "\x1b":
            found.append("escape")
        elif match[1]:
            found.extend(_NAMED[match[1]] for _ in "1" if match[1] in _NAMED)
        else:
            found.append(match[0].lower())
    return found
