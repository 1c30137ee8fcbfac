"""The harness itself can fail: a page that lies is caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import Command, Step, commands, steps
from tests.docs.test_pages import _carry_out

PAGE = """\
```python title="shop.py"
x = 1
```
```sh
docker run redis
```
```console
$ echo one
one
$ echo two
```
```console until="hi"
$ celery -A shop beat
```
```console needs="redis-cli"
$ redis-cli ping
```
"""


def test_blocks_are_read_as_steps() -> None:
    assert steps(PAGE) == [
        Step("file", "x = 1\n", 1, title="shop.py"),
        Step("console", "$ echo one\none\n$ echo two\n", 7),
        Step("until", "$ celery -A shop beat\n", 12, until="hi"),
        Step("console", "$ redis-cli ping\n", 15, needs="redis-cli"),
    ]


def test_a_console_block_is_split_into_commands() -> None:
    assert commands("$ echo one\none\n$ echo two\n") == [
        Command("echo one", "one\n"),
        Command("echo two", ""),
    ]


def test_a_command_that_prints_something_else_is_caught(tmp_path: Path) -> None:
    step = Step("console", "$ echo one\ntwo\n", 1)
    with pytest.raises(AssertionError, match="printed:\none"):
        _carry_out(step, "page, line 1", tmp_path, {})


def test_code_that_fails_is_caught(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        _carry_out(Step("python", "1 / 0", 1), "page, line 1", tmp_path, {})
