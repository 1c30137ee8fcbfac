"""What is it called: name, description, tags, and whether it is on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from beatkit.registry.problem import Problem


def read_name(said: Mapping[str, Any], problems: list[Problem]) -> str | None:
    """Return the entry's name; None for the task's."""
    name = said.get("name")
    if name is None or (
        isinstance(name, str) and name.strip() == name != "" and name.isprintable()
    ):
        return name
    what = f"name is {name!r}, expected one line of text without blanks around it"
    problems.append(Problem(what, 'write name="close-day"'))
    return None


def is_text(name: object) -> bool:
    """Whether something is text that UTF-8 can write: not so the halves of a surrogate pair."""
    return isinstance(name, str) and name == name.encode(errors="ignore").decode()


def read_description(
    said: Mapping[str, Any], function: Callable[..., Any] | None, problems: list[Problem]
) -> str:
    """Return one line for people: as written, or the first of the function's docstring."""
    text = said.get("description")
    if text is None:
        lines = (getattr(function, "__doc__", None) or "").strip().splitlines()
        return lines[0].strip() if lines else ""
    if isinstance(text, str):
        return text
    what = f"description is {text!r}, expected text"
    problems.append(Problem(what, 'write description="Close the day"'))
    return ""


def read_tags(said: Mapping[str, Any], problems: list[Problem]) -> tuple[str, ...]:
    """Return the labels, in the order written, each once."""
    tags = said.get("tags")
    if tags is None:
        return ()
    listed: list[Any] = list(tags) if isinstance(tags, Iterable) else [tags]
    if not isinstance(tags, str) and all(is_text(tag) and tag for tag in listed):
        return tuple(dict.fromkeys(listed))
    problems.append(
        Problem(f"tags is {tags!r}, expected a list of texts", 'write tags=["billing"]')
    )
    return ()


def read_enabled(said: Mapping[str, Any], problems: list[Problem]) -> bool | Callable[[], bool]:
    """Return whether it is on, or what will be asked when an app binds it."""
    enabled: Any = said.get("enabled", True)
    if isinstance(enabled, bool):
        return enabled
    if callable(enabled):
        asked: Callable[[], bool] = enabled
        return asked
    what = f"enabled is {enabled!r}, expected True, False, or a function that returns one"
    problems.append(Problem(what, "write enabled=False, or enabled=lambda: ..."))
    return True
