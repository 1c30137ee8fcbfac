"""`schedule settings`: each setting in force, and where it came from."""

from __future__ import annotations

import click

from beatkit.cli.answer import Answer
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, acting

COLUMNS = (
    Column("SETTING", "setting"),
    Column("VALUE", "value", least=20),
    Column("FROM", "origin", least=20),
    Column("OVERRODE", "overrode", least=12, give_way=1),
)


@click.command(
    "settings",
    cls=Verb,
    examples=(
        "settings",
        "settings -o json",
    ),
)
@acting
def settings_verb(view: View) -> None:
    """Show each setting that is in force, its value without secrets, and where it came from."""
    from beatkit.settings import explain

    rows = [
        Row(
            {
                "SETTING": one.setting,
                "VALUE": one.value,
                "FROM": one.origin,
                "OVERRODE": "; ".join(one.overrode) or "-",
            },
            {
                "setting": one.setting,
                "value": one.value,
                "origin": one.origin,
                "overrode": list(one.overrode),
            },
        )
        for one in explain(view.app)
        if one.setting != "beat_schedule"
    ]
    view.outlet.give(Answer("settings", [Table(COLUMNS, rows)]))
