"""A crontab's lines as entries, and what of them cannot be kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beatkit import Entry, cron
from beatkit.importing import Candidate, NotReadable
from beatkit.importing.crontab import Call, called, read


def found(tmp_path: Path, text: str, **how: Any) -> list[Candidate]:
    file = tmp_path / "shop.cron"
    file.write_text(text)
    return read(file, **how)


def test_a_line_that_calls_a_task_becomes_an_entry_of_that_task(tmp_path: Path) -> None:
    line = (
        "# Close the books\n"
        "30 2 * * 1-5 cd /srv && /venv/bin/celery -A shop call shop.close --args '[1, \"a\"]' "
        "--kwargs='{\"dry\": true}' --queue billing >> /var/log/close 2>&1\n"
    )
    entry = Entry(
        "shop.close:2", "shop.close", cron("30 2 * * 1-5"), (1, "a"), {"dry": True},
        {"queue": "billing"}, description="Close the books",
    )  # fmt: skip
    assert found(tmp_path, line) == [Candidate("shop.close:2", entry)]


def test_any_other_command_is_the_argument_of_a_task_that_is_named(tmp_path: Path) -> None:
    line = "*/5 * * * * rsync -a /a /b\n"
    assert found(tmp_path, line) == [
        Candidate(
            "shop.cron:1",
            refused="it runs a command, 'rsync -a /a /b', not a task; --task names one for it",
        )
    ]
    entry = Entry("shop.cron:1", "ops.run", cron("*/5 * * * *"), ("rsync -a /a /b",))
    assert found(tmp_path, line, task="ops.run") == [Candidate("shop.cron:1", entry)]


def test_both_days_mean_either_as_in_cron(tmp_path: Path) -> None:
    (one,) = found(tmp_path, "0 0 13 * 5 x\n", task="ops.run")
    assert one.entry is not None
    assert one.entry.schedule == cron("0 0 13 * 5")


def test_what_the_file_says_besides_is_lost_and_said(tmp_path: Path) -> None:
    text = "MAILTO=ann@example.org\nCRON_TZ=Europe/Berlin\n@daily root report --day 100\\% %input\n"
    (one,) = found(tmp_path, text, task="ops.run", has_user=True)
    assert one.entry is not None
    assert one.entry.schedule == cron("@daily", timezone="Europe/Berlin")
    assert one.entry.args == ("report --day 100%",)
    assert one.loses == (
        "MAILTO=ann@example.org: a worker's environment is its own",
        "its user, root: a worker runs as its own",
        "the input after %: write it into the command",
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("@reboot x", "@reboot is no time; start it with the machine's services"),
        ("* * * *", "the line has no command"),
        ("99 * * * * x", "minute is 99 in cron '99 * * * *', expected 0-59"),
    ],
)
def test_what_cannot_be_an_entry(tmp_path: Path, line: str, why: str) -> None:
    assert found(tmp_path, line, task="ops.run") == [Candidate("shop.cron:1", refused=why)]


@pytest.mark.parametrize(
    ("command", "call"),
    [
        ("celery -A shop call a.b", Call("a.b")),
        ("celery call a.b -A shop", None),
        ("celery -A shop call a.b; rm x", None),
        ("celery -A shop worker", None),
        ("celery -A shop call a.b --expires 60 --countdown=5",
         Call("a.b", options={"expires": 60.0, "countdown": 5.0})),
        ("echo 'unclosed", None),
    ],
)  # fmt: skip
def test_which_commands_call_a_task(command: str, call: Call | None) -> None:
    assert called(command) == call


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotReadable) as caught:
        read(tmp_path / "no")
    first, second = str(caught.value).split("\n")
    assert first.startswith(f"The crontab {str(tmp_path / 'no')!r} cannot be read: ")
    assert second == "  write the path of a file, such as: crontab -l > shop.cron"
