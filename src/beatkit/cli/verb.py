"""How a verb's help looks: like click's, with examples that can be copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

CALL = "celery -A shop schedule "


class Verb(click.Command):
    """A command whose help ends with examples.

    Args:
        examples: Each without `celery -A shop schedule`.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **others: Any) -> None:
        super().__init__(*args, **others)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        write_examples(self.examples, formatter)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Write examples as a section of a help page, each on a line of its own."""
    with formatter.section("Examples"):
        blanks = " " * formatter.current_indent
        for example in examples:
            for line in _lines(CALL + example, formatter.width - formatter.current_indent):
                formatter.write(f"{blanks}{line}\n")


def _lines(call: str, width: int) -> list[str]:
    """Break a long command before its options, so that it can still be copied."""
    head, *options = call.split(" --")
    lines = [head]
    for option in options:
        if len(lines[-1]) + len(f" --{option} \\") > width:
            lines[-1] += " \\"
            lines.append(f"    --{option}")
        else:
            lines[-1] += f" --{option}"
    return lines
