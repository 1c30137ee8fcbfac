"""Keys by the bytes that terminals send."""

from __future__ import annotations

import pytest

from beatkit.dev.live.keys import keys


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (b"q", ["q"]),
        (b"Q", ["q"]),
        (b"\x1b[A\x1b[B", ["up", "down"]),
        (b"\x1bOA\x1bOB", ["up", "down"]),  # application mode
        (b"\x1b[5~\x1b[6~", ["page up", "page down"]),
        (
            b"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1bOH\x1b[7~\x1b[8~",
            [*["home", "end"] * 2, *["home"] * 2, "end"],
        ),
        (b"\x1b", ["escape"]),
        (b"\x1b[15~\x1b[1;5Cj", ["j"]),  # F5 and Ctrl-Right are not ours
        ("ä".encode(), ["ä"]),
        (b"\xff\x1b[", ["\ufffd", "escape", "["]),
        (b"", []),
    ],
)
def test_what_a_terminal_sends_is_named(typed: bytes, names: list[str]) -> None:
    assert keys(typed) == names
