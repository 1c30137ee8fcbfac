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
        formatter.write("".join(f"{blanks}{CALL}{example}\n" for example in examples))
