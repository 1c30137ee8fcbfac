"""`celery -A app schedule` reads like one tool: the same options, formats and tone everywhere."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from beatkit.cli.importing import import_verb
from beatkit.cli.schedule import EXAMPLES, VERBS, schedule
from beatkit.cli.verb import Verb
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_acting import WHO, Desk
from tests.unit.operate.shop import shop

SHARED = ["output", "as_json", "tz"]
SHORT = {"count": "-n", "verbose": "-v", "entries": "-v", "each": "-v", "output": "-o"}
DAY = ("--from", "2026-03-01T00:00Z", "--to", "2026-03-02T00:00Z")


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(schedule)
    for name in VERBS:
        command = schedule.get_command(context, name)
        assert command is not None
        if command is not import_verb:
            yield name, command
    yield from ((f"import {name}", command) for name, command in import_verb.commands.items())


COMMANDS = dict(commands())


def options(command: click.Command) -> list[click.Option]:
    return [one for one in command.params if isinstance(one, click.Option)]


@pytest.mark.parametrize("verb", COMMANDS)
def test_the_options_that_all_have_come_last_and_in_one_order(verb: str) -> None:
    names = [option.name for option in options(COMMANDS[verb])]
    own_at = verb == "why"  # there it is the slot's time
    tail = [*SHARED, "at"] if "at" in names and not own_at else SHARED
    assert names[-len(tail) :] == tail


@pytest.mark.parametrize("verb", COMMANDS)
def test_who_and_why_come_before_them(verb: str) -> None:
    names = [option.name for option in options(COMMANDS[verb])]
    assert ("by" in names) == ("reason" in names)
    if "by" in names:
        assert names[names.index("by") + 1] == "output"


@pytest.mark.parametrize("verb", COMMANDS)
def test_one_letter_means_one_thing(verb: str) -> None:
    for option in options(COMMANDS[verb]):
        letters = [one for one in option.opts if not one.startswith("--")]
        assert letters in ([], [SHORT.get(option.name or "", "-j")])


@pytest.mark.parametrize("verb", COMMANDS)
def test_each_option_has_a_sentence_and_tells_its_default_in_one_form(verb: str) -> None:
    for option in options(COMMANDS[verb]):
        assert option.help, option.name
        assert option.help.endswith("."), option.help
        assert "default" not in option.help.lower()


@pytest.mark.parametrize("verb", COMMANDS)
def test_help_begins_with_what_it_does_and_ends_with_examples(verb: str, run: Run) -> None:
    done = run(*verb.split(), "--help", width=80)
    first = done.out.split("\n\n")[1].strip()
    assert first[0].isupper()
    assert first.endswith(".")
    assert "\nExamples:\n  celery -A shop schedule " in done.out
    assert [line for line in done.out.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    "line",
    [*EXAMPLES, *(line for one in COMMANDS.values() for line in one.examples)],  # type: ignore[attr-defined]
)
def test_examples_can_be_typed_as_they_stand(line: str) -> None:
    first, *words = shlex.split(line)
    if first == "import":
        first, *words = f"import {words[0]}", *words[1:]
    command = COMMANDS[first]
    assert isinstance(command, Verb)
    command.make_context(first, words)


@pytest.fixture
def act(run: Run, tmp_path: Path) -> Desk:
    return Desk(run, *shop(tmp_path))


CALLS = (
    ("list",),
    ("show", "shop.hello"),
    ("next",),
    ("timeline",),
    ("explain", "0 4 * * *"),
    ("check",),
    ("simulate",),
    ("settings",),
    ("pause", "shop.hello", *WHO),
    ("pause",),
    ("resume", "shop.hello"),
    ("skip-next", "shop.hello", *WHO),
    ("trigger", "shop.hello"),
    ("backfill", "shop.mail", *DAY),
    ("diff", "--store"),
    ("forget", "shop.hello"),
)


@pytest.mark.parametrize("words", CALLS, ids=" ".join)
def test_each_document_says_what_it_is_and_when_it_was_so(
    act: Desk, words: tuple[str, ...]
) -> None:
    document = json.loads(act(*words, "-j").out)
    assert list(document)[:5] == ["schema", "kind", "now", "now_epoch", "timezone"]
    assert list(document)[-1] == "items"
    assert (document["schema"], document["kind"]) == (1, words[0])
    assert (document["timezone"], isinstance(document["items"], list)) == ("UTC", True)


@pytest.mark.parametrize("words", [words for words in CALLS if words != ("check",)], ids=" ".join)
def test_each_line_of_jsonl_says_the_same(act: Desk, words: tuple[str, ...]) -> None:
    act("pause", "shop.hello", *WHO)
    lines = act(*words, "-o", "jsonl").out.splitlines()
    assert lines
    for line in map(json.loads, lines):
        assert (line["schema"], line["kind"]) == (1, words[0])


@pytest.mark.parametrize("verb", COMMANDS)
def test_an_unknown_option_is_exit_code_2(verb: str, run: Run) -> None:
    done = run(*verb.split(), "--no-such-option")
    assert (done.code, done.out) == (2, "")
    assert "No such option" in done.err


@pytest.mark.parametrize(
    "words", [("lock", "{}"), ("timeline", "--svg", "{}"), ("timeline", "--html", "{}")]
)
def test_a_file_that_cannot_be_written_is_exit_code_2(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = str(tmp_path / "missing" / "file")
    done = run(*(word.format(file) for word in words))
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"Error: the file {file!r} cannot be written: No such file or directory\n"
        "  write a path in a folder that is there and that you may write to\n"
    )


def test_lock_tells_programs_what_it_wrote(act: Desk, tmp_path: Path) -> None:
    file = str(tmp_path / "schedule.lock.json")
    done = act("lock", file, "-j")
    assert json.loads(done.out)["items"] == [{"file": file, "entries": 4}]
    assert done.err == f"wrote 4 entries to {file}\n"
    assert act("lock", file).out == ""
    assert act("lock", file, "-o", "plain", quiet=True).out == f"{file}\t4\n"


def test_plain_writes_a_dash_for_nothing_also_for_no_rows_of_a_list(act: Desk) -> None:
    lines = act("settings", "-o", "plain", quiet=True).out.splitlines()
    assert lines
    assert all("" not in line.split("\t") for line in lines)
